/** A trunk whose host has several servers (RFC 3263): what happens to a call when the first does not answer. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Call } from "../../src/calls/index.ts";
import { responseTo } from "../../src/sip/message/builder.ts";
import { openNameServer } from "../../src/sip/location/name-server.ts";
import { accountId, storyOf } from "../support/call-house.ts";
import { DnsServer } from "../support/dns-server.ts";
import { userAgent } from "../support/sip-ends.ts";
import { eventually } from "../support/waiting.ts";
import { bytesOf, callee, callNow, crash, hangUp, houseAddress, originate, requests, requestsFrom, scene, type Scene } from "./scene.ts";

const first = "192.0.2.21";
const second = "192.0.2.22";
const story = { start: "say", nodes: { say: { verb: "say", text: "Hello", repeat: -1 } } };

let dns: DnsServer;

beforeEach(async () => {
  dns = await DnsServer.open();
  dns.add("_sip._udp.carrier.example", { type: "SRV", priority: 1, port: 5060, name: "one.carrier.example" });
  dns.add("_sip._udp.carrier.example", { type: "SRV", priority: 2, port: 5060, name: "two.carrier.example" });
  dns.add("one.carrier.example", { type: "A", address: first, ttl: 60 });
  dns.add("two.carrier.example", { type: "A", address: second, ttl: 60 });
});

afterEach(() => dns.close());

/** A house whose only trunk leads to the carrier. */
async function houseWithCarrier(): Promise<Scene> {
  const at = await scene(story, {}, {}, { locator: { nameServer: openNameServer([dns.address]) } });
  const [trunk] = at.house.directory.trunks.list(accountId);
  if (trunk !== undefined) await at.house.directory.trunks.update({ ...trunk, host: "carrier.example", port: null, transport: null });
  return at;
}

/** Places a call, and waits for the real name server, whose answers do not come by the virtual clock. */
async function call(at: Scene): Promise<Call> {
  const before = invitesOf(at);
  const placed = await originate(at);
  await eventually("the INVITE", () => invitesOf(at) > before);
  return placed;
}

function invitesOf({ network }: Scene): number {
  return requestsFrom(network, houseAddress, "INVITE").length;
}

/** Requests of the house, one for each transaction, as `method address`. */
function sent(at: Scene): readonly string[] {
  const seen = new Map<string, string>();
  for (const { message, from, to } of at.network.seen) {
    if (message.kind === "request" && from === `${houseAddress}:5060`)
      seen.set(`${message.method} ${message.headers.get("Via")}`, `${message.method} ${to.split(":")[0]}`);
  }
  return [...seen.values()];
}

test("the first server is silent: the second one gets the call, and the next call goes there at once", async () => {
  const at = await houseWithCarrier();
  callee(at, second, { answersAfterMs: 500 });
  const placed = await call(at);
  await at.clock.advanceAsync(4_000 + 600);
  expect(sent(at)).toEqual([`INVITE ${first}`, `INVITE ${second}`, `ACK ${second}`]);
  expect((await callNow(at)).answeredAt).toBeDefined();
  await hangUp(at, placed);
  await call(at);
  expect(sent(at).slice(4)).toEqual([`INVITE ${second}`]);
});

test("the first server answers 503: the second one gets the call", async () => {
  const at = await houseWithCarrier();
  const refusing = at.network.openSip({ protocol: "udp", address: first, port: 5060 });
  refusing.onMessage((message, source) => {
    if (message.kind === "request" && message.method === "INVITE") refusing.send(responseTo(message, 503, { toTag: "x" }), source);
  });
  callee(at, second, { answersAfterMs: 500 });
  await call(at);
  await at.clock.advanceAsync(600);
  expect(sent(at)).toEqual([`INVITE ${first}`, `ACK ${first}`, `INVITE ${second}`, `ACK ${second}`]);
  expect((await callNow(at)).answeredAt).toBeDefined();
});

test("hanging up while the second server rings cancels there", async () => {
  const at = await houseWithCarrier();
  const far = callee(at, second, {});
  const placed = await call(at);
  await at.clock.advanceAsync(4_100);
  await hangUp(at, placed);
  expect(sent(at)).toEqual([`INVITE ${first}`, `INVITE ${second}`, `CANCEL ${second}`, `ACK ${second}`]);
  expect(far.log.ends).toEqual(["cancelled"]);
  expect(storyOf(at.journal, placed.id)).toContain("leg.released");
});

test("after a crash while the second server rings, it sees its INVITE again byte for byte, and the first one sees nothing", async () => {
  const at = await houseWithCarrier();
  callee(at, second, { answersAfterMs: 8_000 });
  await call(at);
  await at.clock.advanceAsync(4_500);
  const before = requests(at.network, "INVITE").at(-1);
  at.network.seen.length = 0;
  await crash(at, 300);
  await eventually("the INVITE", () => invitesOf(at) > 0);
  expect(sent(at)).toEqual([`INVITE ${second}`]);
  expect(bytesOf(requests(at.network, "INVITE")[0])).toBe(bytesOf(before));
  await at.clock.advanceAsync(8_000);
  expect((await callNow(at)).answeredAt).toBeDefined();
});

test("after a crash while the first server is silent, the second one is found all the same", async () => {
  const at = await houseWithCarrier();
  callee(at, second, { answersAfterMs: 500 });
  await call(at);
  const before = requests(at.network, "INVITE").at(-1);
  await at.clock.advanceAsync(1_000);
  at.network.seen.length = 0;
  await crash(at, 300);
  await eventually("the INVITE", () => invitesOf(at) > 0);
  expect(bytesOf(requests(at.network, "INVITE")[0])).toBe(bytesOf(before));
  await at.clock.advanceAsync(4_600);
  expect(sent(at)).toEqual([`INVITE ${first}`, `INVITE ${second}`, `ACK ${second}`]);
});

test("when all fail, the outcome says what was tried", async () => {
  const at = await houseWithCarrier();
  await call(at);
  await at.clock.advanceAsync(4_000 + 32_100);
  expect((await callNow(at)).outcome).toMatchObject({
    result: "failed",
    sipStatus: 408,
    text: `The far end did not respond: tried udp ${first}:5060, udp ${second}:5060`,
  });
});

test("a host that has no servers ends the call with the reason", async () => {
  const at = await houseWithCarrier();
  for (const name of ["_sip._udp.carrier.example", "carrier.example"]) dns.clear(name);
  await originate(at);
  await eventually("the end of the call", () =>
    at.journal.records.some((record) => record.streams.some(({ events }) => events.some(({ kind }) => kind === "call.ended"))),
  );
  await at.clock.advanceAsync(10);
  expect((await callNow(at)).outcome).toMatchObject({
    sipStatus: 503,
    text: "The far end cannot be reached: carrier.example has no address",
  });
});

test("a 486 of the first server is the called side's word: the second one is not asked", async () => {
  const at = await houseWithCarrier();
  callee(at, first, { rejectsWith: 486 });
  userAgent(at.network, at.clock, second);
  await call(at);
  await at.clock.advanceAsync(5_000);
  expect(sent(at)).toEqual([`INVITE ${first}`, `ACK ${first}`]);
});
