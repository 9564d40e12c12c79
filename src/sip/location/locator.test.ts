import { afterEach, beforeEach, expect, test } from "vitest";
import { DnsServer } from "../../../test/support/dns-server.ts";
import { eventually } from "../../../test/support/waiting.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { systemIds } from "../../kernel/index.ts";
import { parseUri } from "../message/uri.ts";
import { type Located, Locator, type LocatorOptions } from "./locator.ts";
import { openNameServer } from "./name-server.ts";
import { type Target, targetOf } from "./target.ts";

let dns: DnsServer;
let clock: VirtualClock;
let locator: Locator;

function open(more: Partial<LocatorOptions> = {}): void {
  locator = new Locator({ clock, ids: systemIds(clock), nameServer: openNameServer([dns.address]), ...more });
}

beforeEach(async () => {
  dns = await DnsServer.open();
  clock = new VirtualClock();
  open();
});

afterEach(async () => {
  locator.close();
  await dns.close();
});

function locate(target: Target, seed?: string): Promise<Located> {
  return new Promise((resolve) => {
    locator.locate(target, resolve, seed);
  });
}

/** Each address as `protocol address port`; or why there is none, alone. */
async function found(target: Target | string, seed?: string): Promise<readonly string[]> {
  const located = await locate(typeof target === "string" ? targetOfText(target) : target, seed);
  return located.ok ? located.addresses.map(({ protocol, address, port }) => `${protocol} ${address} ${port}`) : [located.reason];
}

function targetOfText(uri: string): Target {
  const parsed = parseUri(uri);
  if (!parsed.ok) throw new Error(parsed.reason);
  return targetOf(parsed.value);
}

const host = (address: string, ttl = 30) => ({ type: "A", address, ttl }) as const;

test.each([
  ["sip:192.0.2.1", "udp 192.0.2.1 5060"],
  ["sip:192.0.2.1:5080;transport=tcp", "tcp 192.0.2.1 5080"],
  ["sips:192.0.2.1", "tls 192.0.2.1 5061"],
  ["sips:192.0.2.1;transport=tcp", "tls 192.0.2.1 5061"],
  ["sip:[2001:DB8::1]", "udp 2001:DB8::1 5060"],
  ["sip:localhost", "udp 127.0.0.1 5060"],
  ["sip:a.example;maddr=192.0.2.7", "udp 192.0.2.7 5060"],
])("a numeric target needs no name server and no waiting (RFC 3263 §4.1, §4.2): %s", (uri, address) => {
  let located: Located | undefined;
  locator.locate(targetOfText(uri), (result) => {
    located = result;
  });
  expect(located?.ok === true && located.addresses.map((known) => `${known.protocol} ${known.address} ${known.port}`)).toEqual([address]);
  expect(dns.asked).toEqual([]);
});

test("a port means A and AAAA at once, by UDP (RFC 3263 §4.1, §4.2)", async () => {
  dns.add("a.example", host("192.0.2.1"), host("192.0.2.2"));
  expect((await found("sip:a.example:5070")).toSorted()).toEqual(["udp 192.0.2.1 5070", "udp 192.0.2.2 5070"]);
  expect(dns.asked).toEqual(["A a.example"]);
});

test("addresses carry the host that was asked for, not the one its records lead to (RFC 5922 §4)", async () => {
  dns.add("_sip._tcp.a.example", { type: "SRV", port: 5061, name: "b.example" });
  dns.add("b.example", host("192.0.2.2"));
  const located = await locate({ host: "a.example", protocol: "tcp" });
  expect(located).toEqual({ ok: true, addresses: [{ protocol: "tcp", address: "192.0.2.2", port: 5061, name: "a.example" }] });
});

test("NAPTR decides the protocol, in its order, and those we do not have are passed over (RFC 3263 §4.1)", async () => {
  dns.add(
    "a.example",
    { type: "NAPTR", order: 50, preference: 50, service: "SIPS+D2T", replacement: "_sips._tcp.a.example" },
    { type: "NAPTR", order: 90, preference: 20, service: "SIP+D2U", replacement: "_sip._udp.a.example" },
    { type: "NAPTR", order: 90, preference: 10, service: "SIP+D2T", replacement: "_sip._tcp.a.example" },
  );
  dns.add("_sips._tcp.a.example", { type: "SRV", port: 5061, name: "s.example" });
  dns.add("_sip._udp.a.example", { type: "SRV", port: 5060, name: "u.example" });
  dns.add("_sip._tcp.a.example", { type: "SRV", port: 5070, name: "t.example" });
  for (const [name, last] of Object.entries({ "s.example": 1, "u.example": 2, "t.example": 3 })) dns.add(name, host(`192.0.2.${last}`));
  expect(await found("sip:a.example")).toEqual(["tcp 192.0.2.3 5070", "udp 192.0.2.2 5060"]);
  expect(dns.asked).not.toContain("SRV _sips._tcp.a.example");
  open({ protocols: ["udp", "tcp", "tls"] });
  expect(await found("sip:a.example")).toEqual(["tls 192.0.2.1 5061", "tcp 192.0.2.3 5070", "udp 192.0.2.2 5060"]);
  expect(await found("sips:a.example")).toEqual(["tls 192.0.2.1 5061"]);
});

test("without NAPTR each protocol's SRV is asked, and without SRV A at 5060 by UDP (RFC 3263 §4.1, §4.2)", async () => {
  dns.add("_sip._tcp.a.example", { type: "SRV", port: 5070, name: "b.example" });
  dns.add("b.example", host("192.0.2.2"));
  expect(await found("sip:a.example")).toEqual(["tcp 192.0.2.2 5070"]);
  expect(dns.asked.toSorted()).toEqual(["A b.example", "NAPTR a.example", "SRV _sip._tcp.a.example", "SRV _sip._udp.a.example"]);
  expect(await found("sip:b.example")).toEqual(["udp 192.0.2.2 5060"]);
});

test("a protocol that is given is not chosen (RFC 3263 §4.1)", async () => {
  dns.add("_sip._udp.a.example", { type: "SRV", port: 5080, name: "b.example" });
  dns.add("b.example", host("192.0.2.2"));
  dns.add("a.example", host("192.0.2.1"), { type: "NAPTR", service: "SIP+D2T", replacement: "_sip._tcp.a.example" });
  expect(await found("sip:a.example;transport=udp")).toEqual(["udp 192.0.2.2 5080"]);
  expect(await found("sip:a.example;transport=tcp")).toEqual(["tcp 192.0.2.1 5060"]);
  expect(dns.asked.filter((asked) => asked.startsWith("NAPTR"))).toEqual([]);
});

test("sips asks for _sips._tcp and goes to 5061 without it; by what we have not, nothing is sent", async () => {
  dns.add("b.example", host("192.0.2.2"));
  expect(await found("sips:b.example")).toEqual(["b.example cannot be reached by tls from here"]);
  open({ protocols: ["udp", "tcp", "tls"] });
  expect(await found("sips:b.example")).toEqual(["tls 192.0.2.2 5061"]);
  expect(dns.asked).toContain("SRV _sips._tcp.b.example");
  expect(await found("sips:b.example;transport=udp")).toEqual([expect.stringContaining("cannot be reached")]);
});

test("a host that says it has no such service is believed (RFC 2782, target root)", async () => {
  for (const service of ["_sip._udp", "_sip._tcp"]) dns.add(`${service}.a.example`, { type: "SRV", port: 0, name: "" });
  dns.add("a.example", host("192.0.2.1"));
  expect(await found("sip:a.example")).toEqual(["a.example says that it offers no SIP service"]);
});

test("only families with a listener are asked for", async () => {
  dns.add("a.example", host("192.0.2.1"), { type: "AAAA", address: "2001:db8::1" });
  open({ families: [6] });
  expect(await found("sip:a.example:5060")).toEqual(["udp 2001:db8::1 5060"]);
  expect(dns.asked).toEqual(["AAAA a.example"]);
  open({ families: [4, 6] });
  expect(await found("sip:a.example:5060")).toEqual(["udp 192.0.2.1 5060", "udp 2001:db8::1 5060"]);
});

test("no more than 16 servers, each once, whatever the records say", async () => {
  const targets = Array.from(
    { length: 20 },
    (_, index) => ({ type: "SRV", port: 5060, name: `t${index % 18}.example`, priority: index }) as const,
  );
  dns.add("_sip._udp.a.example", ...targets);
  for (let index = 0; index < 18; index++) dns.add(`t${index}.example`, host(`192.0.2.${Math.max(2, index)}`), host("192.0.2.1"));
  const addresses = await found({ host: "a.example", protocol: "udp" });
  expect(new Set(addresses).size).toBe(addresses.length);
  expect(addresses.length).toBe(15);
});

test("one seed draws one order, and a server that failed comes last until its time is over (RFC 3263 §4.3)", async () => {
  const targets = [1, 2, 3, 4].map((last) => ({ type: "SRV", port: 5060, weight: 10, name: `t${last}.example` }) as const);
  dns.add("_sip._udp.a.example", ...targets);
  for (const last of [1, 2, 3, 4]) dns.add(`t${last}.example`, host(`192.0.2.${last}`, 60));
  const target = { host: "a.example", protocol: "udp" } as const;
  const order = await found(target, "leg 1");
  expect(await found(target, "leg 1")).toEqual(order);
  const others = await Promise.all(Array.from({ length: 100 }, (_, index) => found(target, `leg ${index}`)));
  expect(new Set(others.map((addresses) => addresses[0])).size).toBe(4);

  const located = await locate(target, "leg 1");
  const first = located.ok ? located.addresses[0] : undefined;
  if (first === undefined) throw new Error("nothing found");
  locator.avoid(first, 20_000);
  expect(await found(target, "leg 1")).toEqual([...order.slice(1), order[0]]);
  await clock.advanceAsync(20_000);
  expect(await found(target, "leg 1")).toEqual(order);
});

test("what the name server cannot say is in the reason", async () => {
  expect(await found("sip:none.example:5060")).toEqual(["none.example has no address"]);
  dns.broken.add("broken.example");
  expect(await found("sip:broken.example:5060")).toEqual([expect.stringMatching(/^broken.example has no address: .*ESERVFAIL/)]);
});

test("a silent name server costs the time-out and no more", async () => {
  dns.silent.add("slow.example");
  const answer = found("sip:slow.example:5060");
  await clock.advanceAsync(3_000);
  expect(await answer).toEqual(["slow.example has no address: the name server did not answer in time"]);
  expect(clock.armed).toBe(0);
});

test("after close nobody is called, and no timer is left", async () => {
  dns.silent.add("slow.example");
  const located: Located[] = [];
  locator.locate(targetOfText("sip:slow.example:5060"), (result) => located.push(result));
  await clock.advanceAsync(0);
  expect(clock.armed).toBe(1);
  locator.close();
  await eventually("the end of the question", () => clock.armed === 0);
  await clock.advanceAsync(3_000);
  expect(located).toEqual([]);
});

test("NAPTR that nobody answers does not keep the address from being found", async () => {
  dns.broken.add("a.example");
  dns.add("_sip._udp.a.example", { type: "SRV", port: 5060, name: "b.example" });
  dns.add("b.example", host("192.0.2.2"));
  expect(await found("sip:a.example")).toEqual(["udp 192.0.2.2 5060"]);
});
