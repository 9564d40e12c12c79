/** A far end that falls silent before or after any message of a call: the call ends, and nothing of it is left in the house. */
import { expect, test } from "vitest";
import { createOffer, formatSdp } from "../../src/sdp/index.ts";
import { accountId, ownedNumber } from "../support/call-house.ts";
import { inviteOptions, recorded, type UserAgent, userAgent } from "../support/sip-ends.ts";
import { callsComeFrom, farAddress, houseAddress, mediaAt, numberToDial, type Scene, scene } from "./scene.ts";

const trunkAddress = "192.0.2.50";
const longStory = { start: "say", nodes: { say: { verb: "say", text: "A long story" } } };
const dialling = { start: "dial", nodes: { dial: { verb: "dial", to: "+12025550199", ringMs: 60_000 } } };

/** `leg`: whose messages are counted, by the address at its far end. With the message `at` the far end falls silent; none: it stays. */
type Case = { readonly leg: string; readonly at: number | undefined; readonly isDelivered: boolean };
type Watched = Scene & {
  readonly outside: UserAgent;
  /** Makes a call; it is hung up by the house after a minute if nobody did before. */
  readonly place: (number: number) => Promise<void>;
  /** Cases whose leg has not begun yet. */
  readonly waiting: Case[];
  /** Messages of each leg that was watched. */
  readonly counts: Map<string, number>;
};

async function watched(document: unknown, isIncoming: boolean): Promise<Watched> {
  const at = await scene(document, { answersAfterMs: 200 });
  await callsComeFrom(at.house, trunkAddress);
  const outside = userAgent(at.network, at.clock, trunkAddress);
  const house = { ...outside, address: { protocol: "udp", address: houseAddress, port: 5060 } as const };
  const offer = { contentType: "application/sdp", content: formatSdp(createOffer(mediaAt(trunkAddress))) };
  const waiting: Case[] = [];
  const counts = new Map<string, number>();
  const cases = new Map<string, Case>();
  const silent = new Set<string>();
  at.network.lose = (message) => {
    const callId = message.headers.get("Call-ID") ?? "";
    if (silent.has(callId)) return true;
    const peer = message.kind === "request" && message.method === "INVITE" ? at.network.seen.at(-1) : undefined;
    const next = waiting.findIndex(({ leg }) => peer?.from === `${leg}:5060` || peer?.to === `${leg}:5060`);
    if (peer !== undefined && !cases.has(callId) && next >= 0) cases.set(callId, ...(waiting.splice(next, 1) as [Case]));
    const watching = cases.get(callId);
    if (watching === undefined) return false;
    const index = counts.get(callId) ?? 0;
    counts.set(callId, index + 1);
    if (index !== watching.at) return false;
    if (watching.isDelivered) at.clock.after(1.5, () => void silent.add(callId));
    else silent.add(callId);
    return !watching.isDelivered;
  };
  const [flow] = at.house.directory.flows.list(accountId);
  const place = async (number: number) => {
    if (isIncoming) {
      const names = { callId: `in-${number}`, localTag: `tag-${number}`, branch: `z9hG4bK-in-${number}`, body: offer };
      const from = `<sip:+4930900@${trunkAddress}>`;
      const usage = outside.stack.invite(
        inviteOptions(outside, house, { ...names, from, requestUri: `sip:${ownedNumber}@${houseAddress}` }),
        recorded().events,
      );
      at.clock.after(number % 2 === 0 ? 30_000 : 90_000, () => usage.bye());
    } else await at.house.calls.originate(accountId, { by: "u", to: numberToDial, callerId: ownedNumber, flowId: flow?.id ?? "" });
  };
  return { ...at, outside, place, waiting, counts };
}

let made = 0;

/** Makes the calls of these cases beside each other; returns how many messages each watched leg had. */
async function round(at: Watched, cases: readonly Case[]): Promise<number[]> {
  const { clock, house, network } = at;
  for (const each of cases) {
    at.waiting.push(each);
    const placed = at.place(++made);
    await clock.advanceAsync(10);
    await placed;
    if (at.waiting.length > 0 && each.leg === trunkAddress) throw new Error("the call did not begin");
  }
  await clock.advanceAsync(60_000);
  const { items } = await house.views.list(accountId, {}, { limit: 200 });
  const ends = items.map(({ id }) => house.calls.send(accountId, id, { kind: "hang-up", by: "u" }).catch(() => undefined));
  await clock.advanceAsync(240_000);
  await Promise.all(ends);
  at.waiting.length = 0;
  const unheard = cases.filter(({ leg, at: deadAt, isDelivered }) => leg === trunkAddress && deadAt === 0 && !isDelivered);
  expect(house.shipped.splice(0).flatMap(({ ended }) => ended)).toHaveLength(cases.length - unheard.length);
  expect(house.calls.live).toBe(0);
  expect(house.ports.free).toBe(200);
  expect(house.stack.counters()).toMatchObject({ live: 0, lingering: 0, usages: 0 });
  expect(clock.armed).toBe(0);
  const lengths = [...at.counts.values()];
  at.counts.clear();
  network.seen.length = 0;
  return lengths;
}

test.each([
  ["calls in", longStory, true, [trunkAddress]],
  ["calls out", longStory, false, [farAddress]],
  ["calls through", dialling, true, [trunkAddress, farAddress]],
] as const)(
  "%s: whenever the far end falls silent, the call ends and nothing is left",
  { timeout: 120_000 },
  async (_name, document, isIncoming, legs) => {
    const at = await watched(document, isIncoming);
    for (const leg of legs) {
      const [length = 0] = await round(at, [{ leg, at: undefined, isDelivered: true }]);
      expect(length).toBeGreaterThanOrEqual(5);
      const cases = Array.from({ length }, (_, index) => [true, false].map((isDelivered) => ({ leg, at: index, isDelivered }))).flat();
      for (let turn = 0; turn < 25; turn++) await round(at, cases);
    }
  },
);
