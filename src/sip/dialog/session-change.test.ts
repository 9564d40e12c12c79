import { expect, test } from "vitest";
import { accepting, type EventLog, inviteOptions, recorded, sdp, textOf, userAgent } from "../../../test/support/sip-ends.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { VirtualNetwork } from "../../../test/support/virtual-network.ts";

function established(a: EventLog = recorded(), b: EventLog = recorded()) {
  const clock = new VirtualClock();
  const network = new VirtualNetwork(clock, { seed: 1, minDelayMs: 5 });
  const alice = userAgent(network, clock, "192.0.2.1");
  const bob = userAgent(network, clock, "192.0.2.2");
  const taken = accepting(bob, b, (usage) => usage.answer(sdp("answer")));
  const call = alice.stack.invite(inviteOptions(alice, bob), a.events);
  clock.advance(100);
  network.seen.length = 0;
  a.names.length = 0;
  b.names.length = 0;
  a.values.length = 0;
  b.values.length = 0;
  const seen = () => network.seen.map(({ message }) => (message.kind === "request" ? message.method : String(message.status)));
  return { clock, network, alice, bob, call, answered: taken.usage(), a, b, seen };
}

test("re-INVITE: offered, answered, acknowledged", () => {
  const { clock, call, a, b, seen } = established();
  call.reoffer(sdp("hold"));
  clock.advance(100);
  expect(seen()).toEqual(["INVITE", "200", "ACK"]);
  expect(b.names).toEqual(["dialogChanged", "offered", "dialogChanged", "acknowledged"]);
  expect(textOf(b.values[1]?.[0])).toBe("s=hold");
  expect(a.names).toEqual(["sessionAccepted", "dialogChanged"]);
  expect(textOf(a.values[0]?.[0])).toBe("s=answer");
});

test("re-INVITE without an offer: the answer goes out in the ACK", () => {
  const a = recorded({ sessionAccepted: () => sdp("our answer") });
  const b = recorded({ offered: (offer, respond) => respond(200, offer === undefined ? sdp("their offer") : undefined) });
  const { clock, call } = established(a, b);
  call.reoffer();
  clock.advance(100);
  expect(textOf(a.values[0]?.[0])).toBe("s=their offer");
  expect(textOf(b.values.at(-1)?.[0])).toBe("s=our answer");
});

test("glare: both get 491, come back after their own time, and both changes happen", () => {
  const { clock, call, answered, a, b, seen } = established();
  call.reoffer(sdp("from alice"));
  answered.reoffer(sdp("from bob"));
  clock.advance(100);
  expect(seen()).toEqual(["INVITE", "INVITE", "491", "491", "ACK", "ACK"]);
  clock.advance(2_000);
  // Bob does not own the Call-ID: at most 2 s. Alice waits at least 2.1 s.
  expect(b.names).toContain("sessionAccepted");
  expect(a.names).not.toContain("sessionAccepted");
  clock.advance(2_200);
  expect(a.names).toContain("sessionAccepted");
  expect([call.phase, answered.phase]).toEqual(["confirmed", "confirmed"]);
});

test("a refused re-INVITE leaves the session; 481 ends the dialog", () => {
  let status = 488;
  const { clock, call, a } = established(recorded(), recorded({ offered: (_offer, respond) => respond(status) }));
  call.reoffer(sdp("x"));
  clock.advance(100);
  expect(a.names).toEqual(["sessionRefused"]);
  expect(call.phase).toBe("confirmed");
  status = 481;
  call.reoffer(sdp("y"));
  clock.advance(100);
  expect(a.values.at(-1)).toEqual([{ by: "lost", status: 481 }]);
});

test("a re-INVITE that nobody answers ends the dialog at once, with a BYE in case the peer is there", () => {
  const { clock, network, call, a, seen } = established();
  network.lose = () => true;
  call.reoffer(sdp("x"));
  clock.advance(32_000);
  expect(a.values.at(-1)).toEqual([{ by: "lost", status: 408 }]);
  expect(seen()).toContain("BYE");
});

test("a lost ACK of a re-INVITE is sent again with each repeated 2xx", () => {
  const { clock, network, call, b } = established();
  let lost = 0;
  network.lose = (message) => message.kind === "request" && message.method === "ACK" && lost++ < 2;
  call.reoffer(sdp("x"));
  clock.advance(5_000);
  expect(lost).toBe(3);
  expect(b.names.filter((name) => name === "acknowledged")).toHaveLength(1);
});

test("BYE while a change waits for its answer: the change gets 487", () => {
  const { clock, call, answered, seen, b } = established(recorded(), recorded({ offered: () => undefined }));
  call.reoffer(sdp("x"));
  clock.advance(10);
  answered.bye();
  clock.advance(1_000);
  expect(seen()).toEqual(["INVITE", "487", "BYE", "ACK", "200"]);
  expect(b.ends).toEqual(["ended"]);
});

test("a second offer waits for the first one and only the latest is sent", () => {
  const { clock, call, b } = established();
  call.reoffer(sdp("1"));
  call.reoffer(sdp("2"));
  call.reoffer(sdp("3"));
  clock.advance(200);
  expect(b.values.filter((_, index) => b.names[index] === "offered").map(([offer]) => textOf(offer))).toEqual(["s=1", "s=3"]);
});

test("INFO, MESSAGE, OPTIONS and what nobody knows", () => {
  const taken: string[] = [];
  const b = recorded({
    received: (request, respond) => {
      taken.push(request.method);
      if (request.method !== "MESSAGE") return false;
      respond(202);
      return true;
    },
  });
  const { clock, network, alice, bob, call } = established(recorded(), b);
  const send = (method: string, sequence: number, body?: string) => {
    const dialog = call.dialog;
    alice.stack.request(
      {
        method,
        uri: dialog?.remoteTarget ?? "",
        from: `${dialog?.localAddress};tag=${dialog?.localTag}`,
        to: `${dialog?.remoteAddress};tag=${dialog?.remoteTag}`,
        callId: dialog?.callId ?? "",
        branch: `z9hG4bK${sequence}`,
        sequence,
        destinations: [bob.address],
        ...(body !== undefined && { body: { contentType: "text/plain", content: body } }),
      },
      () => undefined,
    );
    clock.advance(100);
    const answer = network.seen.at(-1)?.message;
    return answer?.kind === "response" ? [answer.status, answer.headers.get("Allow")?.includes("INVITE")] : undefined;
  };
  expect(send("INFO", 10)).toEqual([200, undefined]);
  expect(send("INFO", 11, "x")).toEqual([415, undefined]);
  expect(send("MESSAGE", 12, "x")).toEqual([202, undefined]);
  expect(send("FROB", 13)).toEqual([405, true]);
  expect(send("OPTIONS", 14)).toEqual([200, true]);
  expect(send("OPTIONS", 13)).toEqual([500, undefined]);
  expect(taken).toEqual(["INFO", "INFO", "MESSAGE", "FROB"]);
});

test("the probe tells whether the peer still has the dialog", () => {
  const { clock, call, bob, a } = established();
  call.options();
  clock.advance(100);
  expect(a.names).toEqual(["alive"]);
  bob.stack.close();
  call.options();
  clock.advance(32_000);
  expect(a.values.at(-1)).toEqual([{ by: "lost", status: 408 }]);
});
