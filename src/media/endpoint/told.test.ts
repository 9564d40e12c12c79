import { expect, test } from "vitest";
import { FarPhone, tone } from "../fixture/far-phone.case.ts";
import { MediaBench } from "../fixture/media-bench.case.ts";
import type { Source } from "../plan.ts";

const mix = (...ports: readonly number[]): Source => ({ kind: "mix", endpointIds: ports.map((port) => `leg-${port}`) });

test("an endpoint that does not know its peer yet tells no figures", async () => {
  await using bench = await MediaBench.open();
  const one = new FarPhone(bench, "PCMU", 5000);
  const { remote: _remote, ...plan } = one.plan({ kind: "silence" });
  bench.apply(plan);
  await bench.pass(20_000);
  expect(bench.eventsOf("quality").length).toBeLessThan(10);
});

test("the packets of a key say nothing of jitter", async () => {
  await using bench = await MediaBench.open();
  const one = new FarPhone(bench, "PCMU", 5000);
  bench.apply(one.plan({ kind: "silence" }));
  for (let frame = 0; frame < 20; frame++) {
    one.say(tone(900, 8000)(frame));
    await bench.pass(20);
  }
  const timestamp = 90_000 + 20 * 160;
  for (let frame = 1; frame < 30; frame++) {
    one.send(101, Uint8Array.of(5, 10, (frame * 160) >> 8, (frame * 160) & 255), { timestamp });
    one.rest();
    await bench.pass(20);
  }
  one.say(tone(900, 8000)(0));
  bench.apply();
  await bench.pass(20);
  expect(bench.eventsOf("closed")[0]?.counters.jitterMs).toBeLessThan(1);
});

test("who talks is told to have ended when nobody listens any more", async () => {
  await using bench = await MediaBench.open();
  const one = new FarPhone(bench, "PCMU", 5000);
  bench.apply(one.plan({ kind: "silence" }, { hearsTones: true }));
  for (let frame = 0; frame < 60; frame++) {
    one.say(tone(900, 8000)(frame));
    await bench.pass(20);
  }
  expect(bench.eventsOf("talking").map(({ isTalking }) => isTalking)).toEqual([true]);
  bench.apply(one.plan({ kind: "silence" }));
  await bench.pass(60);
  expect(bench.eventsOf("talking").map(({ isTalking }) => isTalking)).toEqual([true, false]);
});

test("an announcement to a peer whose codec nobody decodes fails at once", async () => {
  await using bench = await MediaBench.open();
  const { codec: _codec, ...plan } = new FarPhone(bench, "PCMU", 5000).plan({ kind: "silence" });
  const items = [{ kind: "tone", frequencyHz: 1300, durationMs: 300 }] as const;
  bench.apply({ ...plan, announcement: { promptId: "a1", items, offsetMs: 0, start: 0, bargeIn: false } });
  await bench.pass(2000);
  bench.apply();
  await bench.pass(100);
  expect(bench.eventsOf("prompt-ended")).toMatchObject([{ promptId: "a1", reason: "failed" }]);
});

test("a key that is down when tones begin to be listened for is told once", async () => {
  await using bench = await MediaBench.open();
  const one = new FarPhone(bench, "PCMU", 5000);
  bench.apply(one.plan({ kind: "silence" }));
  for (let frame = 0; frame < 5; frame++) one.say(tone(900, 8000, 0)(frame));
  one.send(101, Uint8Array.of(5, 10, 0, 160), { timestamp: 1_000_000 });
  await bench.pass(20);
  bench.apply(one.plan({ kind: "silence" }, { hearsTones: true }));
  one.send(101, Uint8Array.of(5, 0x80 | 10, 3, 160), { timestamp: 1_000_000 });
  await bench.pass(1000);
  expect(bench.eventsOf("digit")).toHaveLength(1);
});

test("digits of the other side pass again when ours were sent while the way of its voice changed", async () => {
  await using bench = await MediaBench.open();
  const [one, other] = [new FarPhone(bench, "PCMU", 5000), new FarPhone(bench, "PCMU", 5002)];
  const digits = [{ digitsId: "d1", digits: "1", toneMs: 200, gapMs: 100 }];
  bench.apply(one.plan(mix(5002), { digits }), other.plan(mix(5000)));
  for (let frame = 0; frame < 5; frame++) {
    other.say(tone(900, 8000)(frame));
    await bench.pass(20);
  }
  bench.apply(one.plan(mix(5002), { digits, volumeDb: 3 }), other.plan(mix(5000)));
  for (let frame = 0; frame < 50; frame++) {
    other.say(tone(900, 8000)(frame));
    await bench.pass(20);
  }
  const before = one.packets.filter(({ payloadType }) => payloadType === 101).length;
  other.send(101, Uint8Array.of(5, 10, 0, 160), { timestamp: 1_000_000 });
  other.send(101, Uint8Array.of(5, 0x80 | 10, 3, 160), { timestamp: 1_000_000 });
  await bench.pass(20);
  expect(one.packets.filter(({ payloadType }) => payloadType === 101).length).toBe(before + 2);
});
