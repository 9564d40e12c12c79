/** Sound before the answer: a callee's 183 with a session description is heard by whoever waits for that callee. */
import { expect, test } from "vitest";
import { createOffer, formatSdp } from "../../src/sdp/index.ts";
import type { Body, InviteUsage } from "../../src/sip/index.ts";
import { accountId, storyOf } from "../support/call-house.ts";
import { recorded, userAgent } from "../support/sip-ends.ts";
import {
  addPhone,
  callNow,
  caller,
  type CallingOptions,
  crash,
  farAddress,
  type FarEnd,
  houseAddress,
  mediaAt,
  originate,
  requests,
  requestsFrom,
  scene,
  type Scene,
  signedAs,
  statusesTo,
} from "./scene.ts";
import type { Call } from "../../src/calls/index.ts";

const phoneAddress = "192.0.2.60";
const dialler = {
  start: "dial",
  nodes: { dial: { verb: "dial", to: "+12025550199", exits: { done: "bye", failed: "bye" } }, bye: { verb: "hang-up" } },
};

/** What the far end describes from the address of one device or another. */
function described(address = farAddress, port = 40_000): Body {
  return { contentType: "application/sdp", content: formatSdp(createOffer(mediaAt(address, { port }))) };
}

/** A phone calls out by the trunk; what the far end does is the test's. */
async function dialled(take: (usage: InviteUsage) => void, options: Partial<CallingOptions> = {}): Promise<Scene & { phone: FarEnd }> {
  const at = await scene(dialler, { silent: true });
  at.far.agent.stack.onInvite((transaction) => {
    const contact = at.far.agent.stack.contactUri("far", at.far.agent.address);
    take(at.far.agent.stack.acceptInvite(transaction, { localTag: "far", contact }, at.far.log.events));
  });
  await addPhone(at.house, "anna");
  const phone = caller(at, phoneAddress, { to: "+12025550199", authorization: signedAs("anna"), ...options });
  await at.clock.advanceAsync(300);
  return { ...at, phone };
}

type Endpoint = { readonly to: string; readonly hears: string };

function endpoints({ house }: Scene, call: Call): readonly Endpoint[] {
  return (house.media.plans.get(call.id)?.endpoints ?? []).map(({ remote, source }) => ({
    to: remote?.address ?? "",
    hears: source.kind === "mix" ? `mix ${source.endpointIds.map((id) => call.legs[id]?.direction).join(" ")}` : source.kind,
  }));
}

const reliable183 = (at: Scene) =>
  at.network.seen.flatMap(({ message, to }) =>
    message.kind === "response" && message.status === 183 && to === `${phoneAddress}:5060` ? [message.headers.get("Require")] : [],
  );

test("the caller gets 183 with our session description, reliably, hears the callee before the answer, and nothing is said twice", async () => {
  let callee: InviteUsage | undefined;
  const at = await dialled((usage) => {
    callee = usage;
    usage.ring(183, described());
  });
  const before = await callNow(at);
  expect(Object.values(before.legs).map(({ state }) => state)).toEqual(["ringing", "ringing"]);
  expect(endpoints(at, before)).toEqual([
    { to: phoneAddress, hears: "mix outbound" },
    { to: farAddress, hears: "silence" },
  ]);
  expect(at.phone.log.names).toEqual(["challenged", "progressed", "provisional"]);
  expect(reliable183(at)).toEqual(["100rel"]);
  callee?.ring(180);
  await at.clock.advanceAsync(5_000);
  callee?.answer(described());
  await at.clock.advanceAsync(300);
  const call = await callNow(at);
  expect(endpoints(at, call)).toEqual([
    { to: phoneAddress, hears: "mix outbound" },
    { to: farAddress, hears: "mix inbound" },
  ]);
  expect(statusesTo(at.network, phoneAddress, "INVITE").filter((status) => status > 100 && status !== 401)).toEqual([183, 200]);
  expect(requestsFrom(at.network, houseAddress, "INVITE").filter(({ headers }) => headers.get("CSeq") === "2 INVITE")).toEqual([]);
  expect(storyOf(at.journal, call.id).filter((kind) => kind.startsWith("leg."))).toEqual([
    "leg.created",
    "leg.created",
    "leg.rang",
    "leg.progressed",
    "leg.rang",
    "leg.progressed",
    "leg.answered",
    "leg.answered",
    "leg.acknowledged",
  ]);
  at.phone.usage().bye();
  await at.clock.advanceAsync(500);
  expect(at.house.calls.unfinished).toBe(0);
  expect(at.house.ports.free).toBe(200);
});

test("without a description the caller's own phone makes the ringing, and an answered caller hears ours until there is early media", async () => {
  const at = await dialled((usage) => usage.ring(180));
  expect(endpoints(at, await callNow(at))).toEqual([]);
  expect(statusesTo(at.network, phoneAddress, "INVITE")).toContain(180);

  const flow = await scene(dialler, { silent: true });
  let second: InviteUsage | undefined;
  let legs = 0;
  flow.far.agent.stack.onInvite((transaction) => {
    const usage = flow.far.agent.stack.acceptInvite(
      transaction,
      { localTag: `far${++legs}`, contact: "sip:far@192.0.2.9" },
      flow.far.log.events,
    );
    if (legs === 1) return usage.answer(described());
    second = usage;
    usage.ring(180);
  });
  await originate(flow);
  await flow.clock.advanceAsync(500);
  expect(endpoints(flow, await callNow(flow))).toEqual([{ to: farAddress, hears: "ringback" }]);
  second?.ring(183, described());
  await flow.clock.advanceAsync(500);
  expect(endpoints(flow, await callNow(flow)).map(({ hears }) => hears)).toEqual(["mix outbound", "silence"]);
});

test("of several early dialogs the one that described itself last is heard, and who answers is who talks", async () => {
  const at = await dialled(() => undefined);
  const fork = (tag: string, address: string, status: number) => {
    const [invite] = requests(at.network, "INVITE");
    const response = at.network.seen.find(({ message, from }) => message.kind === "response" && from.startsWith(farAddress))?.message;
    if (invite === undefined || response?.kind !== "response") throw new Error("no INVITE");
    const headers = response.headers.clone();
    headers.set("To", `${invite.headers.get("To")};tag=${tag}`);
    headers.set("Contact", `<sip:${tag}@${farAddress}>`);
    headers.set("Content-Type", "application/sdp");
    const body = Buffer.from(described(address).content);
    at.far.agent.transport.send({ ...response, status, headers, body }, { protocol: "udp", address: houseAddress, port: 5060 });
  };
  fork("one", "192.0.2.81", 183);
  await at.clock.advanceAsync(100);
  fork("two", "192.0.2.82", 183);
  await at.clock.advanceAsync(100);
  expect(endpoints(at, await callNow(at)).map(({ to }) => to)).toEqual([phoneAddress, "192.0.2.82"]);
  fork("one", "192.0.2.81", 200);
  await at.clock.advanceAsync(300);
  const call = await callNow(at);
  expect(endpoints(at, call).map(({ to }) => to)).toEqual([phoneAddress, "192.0.2.81"]);
  expect(reliable183(at)).toHaveLength(1);
});

test("UPDATE moves early media of either side", async () => {
  let callee: InviteUsage | undefined;
  const at = await dialled((usage) => {
    callee = usage;
    usage.ring(183, described());
  });
  callee?.reoffer(described("192.0.2.83", 41_000));
  await at.clock.advanceAsync(300);
  expect(endpoints(at, await callNow(at)).map(({ to }) => to)).toEqual([phoneAddress, "192.0.2.83"]);
  at.phone.usage().reoffer(described("192.0.2.84", 41_000));
  await at.clock.advanceAsync(300);
  callee?.answer(described());
  await at.clock.advanceAsync(300);
  expect(endpoints(at, await callNow(at)).map(({ to }) => to)).toEqual(["192.0.2.84", "192.0.2.83"]);
  expect(at.phone.log.names).toContain("answered");
});

test("after a crash early media goes on, the INVITE is a repeat, and requests in the dialog count on from higher", async () => {
  let callee: InviteUsage | undefined;
  const at = await dialled((usage) => {
    callee = usage;
    usage.ring(183, described());
  });
  const plan = endpoints(at, await callNow(at));
  const [first] = requests(at.network, "INVITE");
  await crash(at, 2_000);
  await at.clock.advanceAsync(1_000);
  expect(endpoints(at, await callNow(at))).toEqual(plan);
  expect(requests(at.network, "INVITE").map(({ headers }) => headers.get("Via"))).toEqual([first?.headers.get("Via")]);
  callee?.answer(described());
  await at.clock.advanceAsync(500);
  expect(at.phone.log.names).toContain("answered");
  const call = await callNow(at);
  expect(endpoints(at, call).map(({ hears }) => hears)).toEqual(["mix outbound", "mix inbound"]);
  at.phone.usage().bye();
  await at.clock.advanceAsync(1_000);
  expect(at.far.log.ends).toEqual(["ended"]);
  expect(at.phone.log.ends.at(-1)).toBe("ended");
});

test("a callee that gives up after early media ends the caller's leg with its status", async () => {
  let callee: InviteUsage | undefined;
  const at = await dialled((usage) => {
    callee = usage;
    usage.ring(183, described());
  });
  callee?.reject(486);
  await at.clock.advanceAsync(1_000);
  expect(at.phone.log.values.at(-1)).toMatchObject([{ status: 486 }]);
  expect(at.house.calls.unfinished).toBe(0);
});

/** A phone that calls without an offer and describes itself in its answer to ours. */
async function offerless(
  at: Scene,
  answer: Body | undefined,
): Promise<{ readonly usage: InviteUsage; readonly log: ReturnType<typeof recorded> }> {
  const agent = userAgent(at.network, at.clock, phoneAddress);
  await addPhone(at.house, "anna");
  let usage: InviteUsage | undefined;
  const options = (sequence: number, authorization?: readonly [string, string]) => ({
    requestUri: `sip:+12025550199@${houseAddress}`,
    from: `<sip:anna@${houseAddress}>`,
    to: `<sip:+12025550199@${houseAddress}>`,
    callId: "offerless",
    localTag: "anna",
    branch: `z9hG4bK-offerless-${sequence}`,
    sequence,
    contact: agent.stack.contactUri("anna", agent.address),
    destinations: [{ protocol: "udp", address: houseAddress, port: 5060 }] as const,
    ...(authorization && { authorization }),
  });
  const log = recorded({
    challenged: (response) => void (usage = agent.stack.invite(options(2, signedAs("anna")(response)), log.events)),
    progressed: () => answer,
    answered: (_response, _values, agreedEarly) => (agreedEarly ? undefined : answer),
  });
  usage = agent.stack.invite(options(1), log.events);
  await at.clock.advanceAsync(300);
  return { usage, log };
}

async function farAnswers(take: (usage: InviteUsage) => void): Promise<Scene> {
  const at = await scene(dialler, { silent: true });
  at.far.agent.stack.onInvite((transaction) =>
    take(at.far.agent.stack.acceptInvite(transaction, { localTag: "far", contact: `sip:far@${farAddress}` }, at.far.log.events)),
  );
  return at;
}

test("RFC 3261 §13.2.1: an INVITE without an offer is answered with ours, and media comes with the ACK", async () => {
  const at = await farAnswers((usage) => usage.answer(described()));
  const { log } = await offerless(at, described(phoneAddress));
  expect(log.names).toContain("answered");
  const call = await callNow(at);
  expect(
    endpoints(at, call)
      .map(({ to }) => to)
      .toSorted(),
  ).toEqual([phoneAddress, farAddress].toSorted());
  expect(Object.values(call.legs).map(({ acknowledged }) => acknowledged)).toEqual([true, true]);
});

test("an ACK without a usable answer ends the call with BYE", async () => {
  for (const answer of [undefined, { contentType: "text/plain", content: "?" }]) {
    const at = await farAnswers((usage) => usage.answer(described()));
    const { log } = await offerless(at, answer);
    await at.clock.advanceAsync(500);
    expect(log.values.at(-1)).toMatchObject([{ by: "peer" }]);
    expect(at.house.calls.unfinished).toBe(0);
  }
});

test("RFC 3262 §5: early media for a caller without an offer: ours is in the 183, the answer in its PRACK", async () => {
  let callee: InviteUsage | undefined;
  const at = await farAnswers((usage) => {
    callee = usage;
    usage.ring(183, described());
  });
  const { log } = await offerless(at, described(phoneAddress));
  expect(log.names).toContain("progressed");
  expect(endpoints(at, await callNow(at)).map(({ to }) => to)).toContain(phoneAddress);
  callee?.answer(described());
  await at.clock.advanceAsync(500);
  expect(log.names).toContain("answered");
  expect(Object.values((await callNow(at)).legs).map(({ media }) => media?.remote.address)).toEqual([phoneAddress, farAddress]);
});

test("a caller without an offer goes on after a crash before its ACK", async () => {
  const at = await farAnswers((usage) => usage.answer(described()));
  at.network.lose = (message, from) => message.kind === "request" && message.method === "ACK" && from.startsWith(phoneAddress);
  const { log } = await offerless(at, described(phoneAddress));
  await crash(at, 1_000);
  at.network.lose = undefined;
  await at.clock.advanceAsync(5_000);
  expect(log.ends).toEqual(["challenged"]);
  const [call] = (await at.house.views.list(accountId, {}, { limit: 1 })).items;
  expect(Object.values(call?.legs ?? {}).every(({ acknowledged, media }) => acknowledged && media !== undefined)).toBe(true);
});
