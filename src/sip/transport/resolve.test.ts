import { expect, test } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { type LookupRecord, openResolver } from "./resolve.ts";

function fixture(answers: Partial<Record<4 | 6, readonly LookupRecord[] | Error | "never">>) {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const resolver = openResolver({
    clock,
    timeoutMs: 3_000,
    lookup: (host, family) => {
      asked.push(`${host} ${family}`);
      const answer = answers[family] ?? [];
      if (answer === "never") return new Promise(() => undefined);
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  });
  return { clock, asked, resolver };
}

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["[2001:DB8::1]", "2001:db8::1"],
  ["localhost", "127.0.0.1"],
])("%s needs no name server", async (host, address) => {
  const { resolver, asked } = fixture({});
  expect(await resolver.resolve(host)).toEqual({ ok: true, addresses: [address] });
  expect(asked).toEqual([]);
});

test("IPv4 comes first, one family is enough", async () => {
  const both = fixture({ 4: [{ address: "192.0.2.1", ttl: 5 }], 6: [{ address: "2001:db8::1", ttl: 5 }] });
  expect(await both.resolver.resolve("sip.example.com")).toEqual({ ok: true, addresses: ["192.0.2.1", "2001:db8::1"] });
  expect(both.clock.armed).toBe(0);
  const one = fixture({ 4: new Error("ENODATA"), 6: [{ address: "2001:db8::1", ttl: 5 }] });
  expect(await one.resolver.resolve("sip.example.com")).toEqual({ ok: true, addresses: ["2001:db8::1"] });
});

test("an answer is kept for its TTL, 60 s at most, and shared by those who ask at once", async () => {
  const { clock, asked, resolver } = fixture({ 4: [{ address: "192.0.2.1", ttl: 3_600 }] });
  await Promise.all([resolver.resolve("a.example"), resolver.resolve("A.EXAMPLE")]);
  await clock.advanceAsync(59_999);
  await resolver.resolve("a.example");
  expect(asked).toEqual(["a.example 4", "a.example 6"]);
  await clock.advanceAsync(1);
  await resolver.resolve("a.example");
  expect(asked.length).toBe(4);
});

test("a failure is kept for a moment only", async () => {
  const { clock, asked, resolver } = fixture({ 4: new Error("ENOTFOUND"), 6: new Error("ENOTFOUND") });
  expect(await resolver.resolve("none.example")).toEqual({ ok: false, reason: "ENOTFOUND" });
  await resolver.resolve("none.example");
  expect(asked.length).toBe(2);
  await clock.advanceAsync(2_000);
  await resolver.resolve("none.example");
  expect(asked.length).toBe(4);
});

test("a silent name server costs the time-out and no more", async () => {
  const { clock, resolver } = fixture({ 4: "never" });
  const answer = resolver.resolve("slow.example");
  await clock.advanceAsync(3_000);
  expect(await answer).toMatchObject({ ok: false });
  expect(clock.armed).toBe(0);
});
