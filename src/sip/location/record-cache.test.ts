import { afterEach, beforeEach, expect, test } from "vitest";
import { DnsServer } from "../../../test/support/dns-server.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { type NameServer, openNameServer } from "./name-server.ts";
import { RecordCache } from "./record-cache.ts";

let dns: DnsServer;
let clock: VirtualClock;
let nameServer: NameServer;
let cache: RecordCache;

beforeEach(async () => {
  dns = await DnsServer.open();
  clock = new VirtualClock();
  nameServer = openNameServer([dns.address]);
  cache = new RecordCache(clock, nameServer, 3_000);
});

afterEach(async () => {
  nameServer.close();
  await dns.close();
});

test("an answer is kept for the shortest TTL of its records", async () => {
  dns.add("a.example", { type: "A", address: "192.0.2.1", ttl: 20 }, { type: "A", address: "192.0.2.2", ttl: 10 });
  await cache.ask("A", "a.example");
  await clock.advanceAsync(9_999);
  await cache.ask("A", "A.EXAMPLE");
  expect(dns.asked).toEqual(["A a.example"]);
  await clock.advanceAsync(1);
  expect(await cache.ask("A", "a.example")).toMatchObject({ kind: "records" });
  expect(dns.asked.length).toBe(2);
});

test("an answer is kept for 60 s at most, whatever its TTL says", async () => {
  dns.add("a.example", { type: "A", address: "192.0.2.1", ttl: 86_400 });
  await cache.ask("A", "a.example");
  await clock.advanceAsync(60_000);
  await cache.ask("A", "a.example");
  expect(dns.asked.length).toBe(2);
});

test("a TTL of 0 is for those alone who asked at once (RFC 1035 §3.2.1)", async () => {
  dns.add("a.example", { type: "A", address: "192.0.2.1", ttl: 0 });
  await Promise.all([cache.ask("A", "a.example"), cache.ask("A", "a.example")]);
  expect(dns.asked.length).toBe(1);
  await cache.ask("A", "a.example");
  expect(dns.asked.length).toBe(2);
});

test("those who ask at once share the question", async () => {
  dns.add("a.example", { type: "SRV", port: 5060, name: "b.example" });
  const answers = await Promise.all([cache.ask("SRV", "a.example"), cache.ask("SRV", "a.example")]);
  expect(answers[0]).toBe(answers[1]);
  expect(dns.asked).toEqual(["SRV a.example"]);
});

test("that there is nothing is kept for 30 s: no such name, and no such record (RFC 2308)", async () => {
  dns.add("b.example", { type: "A", address: "192.0.2.1" });
  for (const name of ["none.example", "b.example"]) expect(await cache.ask("NAPTR", name)).toEqual({ kind: "none" });
  await clock.advanceAsync(29_999);
  await cache.ask("NAPTR", "none.example");
  expect(dns.asked.length).toBe(2);
  await clock.advanceAsync(1);
  await cache.ask("NAPTR", "none.example");
  expect(dns.asked.length).toBe(3);
});

test("that nobody could say is kept for 2 s", async () => {
  dns.broken.add("a.example");
  expect(await cache.ask("A", "a.example")).toMatchObject({ kind: "failed" });
  const asked = dns.asked.length;
  await cache.ask("A", "a.example");
  expect(dns.asked.length).toBe(asked);
  dns.broken.clear();
  dns.add("a.example", { type: "A", address: "192.0.2.1" });
  await clock.advanceAsync(2_000);
  expect(await cache.ask("A", "a.example")).toMatchObject({ kind: "records" });
});

test("an answer that comes after the time-out is of no use any more", async () => {
  dns.isHolding = true;
  dns.add("a.example", { type: "A", address: "192.0.2.1" });
  const answer = cache.ask("A", "a.example");
  await clock.advanceAsync(3_000);
  expect(await answer).toMatchObject({ kind: "failed" });
  expect(clock.armed).toBe(0);
  for (const send of dns.held) send();
  expect(await cache.ask("A", "a.example")).toMatchObject({ kind: "failed" });
});
