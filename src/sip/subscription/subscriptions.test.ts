/** Subscriptions on a dialog of their own, between two stacks (RFC 6665). */
import { expect, test } from "vitest";
import { userAgent } from "../../../test/support/sip-ends.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { VirtualNetwork } from "../../../test/support/virtual-network.ts";
import { HeaderList } from "../message/header-list.ts";
import type { SipMessage, SipRequest } from "../message/message.ts";
import type { AskedSubscription, EventPackage } from "./event-package.ts";
import type { Notifier, NotifierEvents } from "./notifier.ts";
import type { SubscribeOptions } from "./outgoing-subscribe.ts";
import type { Subscriber } from "./subscriber.ts";

const watched = "192.0.2.1";

function setUp() {
  const clock = new VirtualClock();
  const network = new VirtualNetwork(clock, { seed: 1 });
  return { clock, network, ours: userAgent(network, clock, watched), theirs: userAgent(network, clock, "192.0.2.2") };
}

type Ends = ReturnType<typeof setUp>;

function serve({ ours }: Ends, taken: (asked: AskedSubscription) => void, changes: Partial<EventPackage> = {}): void {
  const expiresS = { least: 60, usual: 600, most: 7200 };
  ours.stack.subscriptions.serve({ name: "presence", expiresS, screen: () => undefined, subscribed: taken, ...changes });
}

function watch({ theirs, ours }: Ends, options: Partial<SubscribeOptions> = {}) {
  const heard: string[] = [];
  const subscriber = theirs.stack.subscriptions.subscribe(
    {
      event: { package: "presence" },
      expiresS: 600,
      requestUri: `sip:desk@${watched}`,
      from: "<sip:ben@example.org>",
      to: "<sip:desk@example.org>",
      callId: "watch-1",
      localTag: "ben-tag",
      branch: "z9hG4bK-watch",
      contact: theirs.stack.contactUri("ben", ours.address),
      destination: ours.address,
      ...options,
    },
    {
      notified: (body, state) => void heard.push(`${state.state} ${body === undefined ? "-" : Buffer.from(body.content).toString()}`),
      over: (why) => void heard.push(`over ${JSON.stringify(why)}`),
    },
  );
  return { heard, subscriber };
}

const text = (content: string) => ({ contentType: "text/plain", content });

function accepting(ends: Ends, first = text("free"), events: NotifierEvents = {}): () => Notifier {
  let notifier: Notifier | undefined;
  serve(ends, (asked) => (notifier = asked.accept({ body: first }, events)));
  return () => notifier ?? never();
}

function requests({ network }: Ends, method: string): readonly SipRequest[] {
  return network.seen.flatMap(({ message }) => (message.kind === "request" && message.method === method ? message : []));
}

function statuses({ network }: Ends, method: string): readonly number[] {
  return network.seen.flatMap(({ message }) => (message.kind === "response" && cseqOf(message).endsWith(method) ? message.status : []));
}

function cseqOf(message: SipMessage): string {
  return message.headers.get("CSeq") ?? "";
}

test("§4.2.1.2: an accepted SUBSCRIBE gets 200 with Expires, and the state at once; changes follow in order", async () => {
  const ends = setUp();
  const notifier = accepting(ends);
  const { heard } = watch(ends);
  await ends.clock.advanceAsync(100);
  notifier().notify(text("busy"));
  notifier().notify(text("ringing"));
  notifier().notify(text("free again"));
  await ends.clock.advanceAsync(100);
  // What changed while a NOTIFY was under way is told once.
  expect(heard).toEqual(["active free", "active busy", "active free again"]);
  const [first] = requests(ends, "NOTIFY");
  expect([first?.headers.get("Event"), first?.headers.get("Subscription-State")]).toEqual(["presence", "active;expires=600"]);
  expect(first?.headers.has("Contact")).toBe(true);
  expect(statuses(ends, "SUBSCRIBE")).toEqual([200]);
});

test("§4.1.2.2: it is refreshed in its dialog before it expires, and lives on", async () => {
  const ends = setUp();
  accepting(ends);
  const { heard, subscriber } = watch(ends);
  await ends.clock.advanceAsync(700_000);
  expect(requests(ends, "SUBSCRIBE").map(cseqOf)).toEqual(["1 SUBSCRIBE", "2 SUBSCRIBE"]);
  expect([heard, subscriber.state]).toEqual([["active free", "active free"], "active"]);
});

test("§4.1.2.3: SUBSCRIBE with Expires 0 ends it, with a last NOTIFY", async () => {
  const ends = setUp();
  const over: string[] = [];
  accepting(ends, text("free"), { over: (why) => void over.push(why) });
  const { heard, subscriber } = watch(ends);
  await ends.clock.advanceAsync(100);
  subscriber.end();
  await ends.clock.advanceAsync(100);
  expect(heard).toEqual(["active free", "terminated free", 'over {"reason":"timeout"}']);
  expect([over, ends.ours.stack.subscriptions.size, ends.theirs.stack.subscriptions.size]).toEqual([["ended"], 0, 0]);
});

test("§4.2.2: without a refresh it expires, and says so", async () => {
  const ends = setUp();
  accepting(ends);
  watch(ends);
  await ends.clock.advanceAsync(100);
  ends.network.lose = (message, from) => message.kind === "request" && from.startsWith("192.0.2.2");
  await ends.clock.advanceAsync(700_000);
  expect(requests(ends, "NOTIFY").at(-1)?.headers.get("Subscription-State")).toBe("terminated;reason=timeout");
  expect(ends.ours.stack.subscriptions.size).toBe(0);
});

test("§4.2.2: a NOTIFY answered by 481 ends it without another word", async () => {
  const ends = setUp();
  const over: string[] = [];
  const notifier = accepting(ends, text("free"), { over: (why) => void over.push(why) });
  const { subscriber } = watch(ends);
  await ends.clock.advanceAsync(100);
  subscriber.close();
  ends.theirs.stack.subscriptions.close();
  notifier().notify(text("busy"));
  await ends.clock.advanceAsync(100);
  notifier().notify(text("free"));
  await ends.clock.advanceAsync(100);
  expect([over, requests(ends, "NOTIFY").length, ends.ours.stack.subscriptions.size]).toEqual([["failed"], 2, 0]);
});

test.each([
  ["§4.2.1.1: an unknown package: 489 with those that are known", { event: { package: "weather" } }, 489, "Allow-Events", "presence"],
  ["§4.2.1.1: too short: 423 with Min-Expires", { expiresS: 30 }, 423, "Min-Expires", "60"],
])("%s", async (_name, options, status, header, value) => {
  const ends = setUp();
  accepting(ends);
  const { heard } = watch(ends, options);
  await ends.clock.advanceAsync(100);
  const answer = ends.network.seen.map(({ message }) => message).find((message) => message.kind === "response");
  expect([answer?.kind === "response" && answer.status, answer?.headers.get(header)]).toEqual([status, value]);
  expect(heard).toEqual([`over {"status":${status}}`]);
  expect([ends.ours.stack.subscriptions.size, ends.theirs.stack.subscriptions.size]).toEqual([0, 0]);
});

test("a SUBSCRIBE to a stack that serves nothing gets 489", async () => {
  const ends = setUp();
  watch(ends);
  await ends.clock.advanceAsync(100);
  expect(statuses(ends, "SUBSCRIBE")).toEqual([489]);
});

test("who may not know is refused: before anything is kept, or later", async () => {
  const ends = setUp();
  serve(ends, ({ refuse }) => refuse({ status: 403 }), {
    screen: (request) => (request.headers.has("Authorization") ? undefined : { status: 401, headers: [["WWW-Authenticate", "Digest"]] }),
  });
  expect(watch(ends).heard).toEqual([]);
  await ends.clock.advanceAsync(100);
  watch(ends, { callId: "watch-2", branch: "z9hG4bK-2", headers: [["Authorization", "Digest x=1"]] });
  await ends.clock.advanceAsync(100);
  expect(statuses(ends, "SUBSCRIBE")).toEqual([401, 403]);
});

test("a challenge is answered once, with the next CSeq", async () => {
  const ends = setUp();
  let notifier: Notifier | undefined;
  serve(ends, (asked) => (notifier = asked.accept({ body: text("free") }, {})), {
    screen: (request) => (request.headers.has("Authorization") ? undefined : { status: 401, headers: [["WWW-Authenticate", "Digest"]] }),
  });
  const heard: string[] = [];
  const subscriber: Subscriber = ends.theirs.stack.subscriptions.subscribe(
    {
      event: { package: "presence" },
      expiresS: 600,
      requestUri: `sip:desk@${watched}`,
      from: "<sip:ben@example.org>",
      to: "<sip:desk@example.org>",
      callId: "c",
      localTag: "t",
      branch: "z9hG4bK-c",
      contact: "sip:ben@192.0.2.2",
      destination: ends.ours.address,
    },
    { notified: (_body, { state }) => void heard.push(state), over: () => void heard.push("over") },
    () => ["Authorization", "Digest x=1"],
  );
  await ends.clock.advanceAsync(100);
  expect([heard, subscriber.state, notifier?.state]).toEqual([["active"], "active", "active"]);
  expect(requests(ends, "SUBSCRIBE").map(cseqOf)).toEqual(["1 SUBSCRIBE", "2 SUBSCRIBE"]);
});

test("§4.4.1: a NOTIFY that overtakes the answer makes the dialog", async () => {
  const ends = setUp();
  accepting(ends);
  let isFirst = true;
  ends.network.lose = (message) => {
    const isAnswer = message.kind === "response" && cseqOf(message).endsWith("SUBSCRIBE");
    return isAnswer && isFirst && !(isFirst = false);
  };
  const { heard, subscriber } = watch(ends);
  await ends.clock.advanceAsync(100);
  expect(heard).toEqual(["active free"]);
  await ends.clock.advanceAsync(1000);
  subscriber.end();
  await ends.clock.advanceAsync(100);
  expect(heard.at(-1)).toBe('over {"reason":"timeout"}');
});

test("§4.1.2.4: nobody ever notifies: it is over after 64*T1", async () => {
  const ends = setUp();
  accepting(ends);
  ends.network.lose = (message) => message.kind === "request" && message.method === "NOTIFY";
  const { heard } = watch(ends, { expiresS: 60 });
  await ends.clock.advanceAsync(200_000);
  expect(heard).toEqual(['over {"reason":"timeout"}']);
});

test("pending until it is decided; then active", async () => {
  const ends = setUp();
  let notifier: Notifier | undefined;
  serve(ends, (asked) => (notifier = asked.accept({ state: "pending" }, {})));
  const { heard } = watch(ends);
  await ends.clock.advanceAsync(100);
  notifier?.activate(text("free"));
  notifier?.activate(text("not again"));
  await ends.clock.advanceAsync(100);
  notifier?.end("noresource", undefined, 60);
  await ends.clock.advanceAsync(100);
  expect(heard).toEqual(["pending -", "active free", "terminated free", 'over {"reason":"noresource","retryAfterS":60}']);
});

test("§4.2.1.1: a refresh that asks for too little gets 423, and the subscription stays as it was", async () => {
  const ends = setUp();
  const notifier = accepting(ends);
  watch(ends);
  await ends.clock.advanceAsync(100);
  const [first] = requests(ends, "SUBSCRIBE");
  const to = ends.network.seen.find(({ message }) => message.kind === "response")?.message.headers.get("To") ?? "";
  const headers = new HeaderList([...(first?.headers ?? [])]);
  for (const [name, value] of [
    ["To", to],
    ["CSeq", "9 SUBSCRIBE"],
    ["Expires", "5"],
    ["Via", "SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK-9"],
  ] as const)
    headers.set(name, value);
  ends.theirs.transport.send(
    { kind: "request", method: "SUBSCRIBE", uri: `sip:desk@${watched}`, headers, body: Buffer.of() },
    ends.ours.address,
  );
  await ends.clock.advanceAsync(100);
  expect([statuses(ends, "SUBSCRIBE"), notifier().state, requests(ends, "NOTIFY").length]).toEqual([[200, 423], "active", 1]);
});

test.each([
  ["application/pidf+xml", "text/plain", 406],
  ["application/pidf+xml", "application/xml, APPLICATION/PIDF+XML;q=0.1", 200],
  ["application/pidf+xml", "application/*", 200],
  [undefined, "text/plain", 200],
])("§4.4.2: a package of type %s, Accept: %s: %i", async (contentType, accept, status) => {
  const ends = setUp();
  serve(ends, (asked) => void asked.accept({}, {}), contentType === undefined ? {} : { contentType });
  watch(ends, { accept });
  await ends.clock.advanceAsync(100);
  expect(statuses(ends, "SUBSCRIBE")).toEqual([status]);
});

test("§8.2.2: Allow-Events and Allow name what is served, in OPTIONS and where a dialog begins", async () => {
  const ends = setUp();
  const ask = async () => {
    const options = {
      method: "OPTIONS",
      uri: `sip:desk@${watched}`,
      from: "<sip:a@b>;tag=1",
      to: "<sip:c@d>",
      sequence: 1,
      destinations: [ends.ours.address],
    };
    const id = `options-${ends.network.seen.length}`;
    ends.theirs.stack.request({ ...options, destinations: [ends.ours.address], callId: id, branch: `z9hG4bK-${id}` }, () => undefined);
    await ends.clock.advanceAsync(100);
    const { headers } = ends.network.seen.at(-1)?.message ?? never();
    return [headers.get("Allow-Events"), headers.all("Allow").includes("SUBSCRIBE"), headers.all("Allow").includes("MESSAGE")];
  };
  expect(await ask()).toEqual([undefined, false, false]);
  accepting(ends);
  ends.ours.stack.onMessage({ screen: () => ({ status: 403 }), received: () => undefined });
  expect(await ask()).toEqual(["presence", true, true]);
  watch(ends);
  await ends.clock.advanceAsync(100);
  const answer = ends.network.seen
    .map(({ message }) => message)
    .find((message) => cseqOf(message) === "1 SUBSCRIBE" && message.kind === "response");
  expect(answer?.headers.get("Allow-Events")).toBe("presence");
});

test("§4.4.3: Expires 0 outside of a dialog is one look at the state", async () => {
  const ends = setUp();
  accepting(ends);
  const { heard } = watch(ends, { expiresS: 0 });
  await ends.clock.advanceAsync(100);
  expect(heard.at(-1)).toBe('over {"reason":"timeout"}');
  expect(ends.ours.stack.subscriptions.size).toBe(0);
});

test("NOTIFY without a subscription gets 481, REFER outside of a dialog 403 (RFC 3515 §5.1)", async () => {
  const ends = setUp();
  for (const method of ["NOTIFY", "REFER"]) {
    ends.theirs.stack.request(
      {
        method,
        uri: `sip:desk@${watched}`,
        from: "<sip:ben@example.org>;tag=b",
        to: "<sip:desk@example.org>",
        callId: method,
        branch: `z9hG4bK-${method}`,
        sequence: 1,
        destinations: [ends.ours.address],
        headers: [["Refer-To", "<sip:+12025550100@example.org>"]],
      },
      () => undefined,
    );
  }
  await ends.clock.advanceAsync(100);
  expect([statuses(ends, "NOTIFY"), statuses(ends, "REFER")]).toEqual([[481], [403]]);
});

test("closing the stack stops every timer and says nothing", async () => {
  const ends = setUp();
  accepting(ends);
  const { heard } = watch(ends);
  await ends.clock.advanceAsync(100);
  ends.ours.stack.close();
  const before = ends.network.seen.length;
  await ends.clock.advanceAsync(400_000);
  expect([heard, requests(ends, "NOTIFY").length]).toEqual([["active free"], 1]);
  expect(ends.network.seen.slice(before).filter(({ from }) => from.startsWith(watched))).toEqual([]);
});

function never(): never {
  throw new Error("nobody subscribed");
}
