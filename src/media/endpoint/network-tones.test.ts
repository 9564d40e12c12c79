import { expect, test } from "vitest";
import { muLaw } from "../codec/g711.ts";
import { endpointPlan, MediaBench } from "../fixture/media-bench.case.ts";
import type { PromptItem, Source } from "../plan.ts";

/** Which 20 ms of the first `ms` are silent: "." for silence, "#" for sound. */
async function cadenceOf(source: Source, ms: number): Promise<string> {
  await using bench = await MediaBench.open();
  bench.apply(endpointPlan(5000, source));
  await bench.pass(ms);
  const frames = bench.network.rtp.slice(0, ms / 20);
  return frames.map(({ payload }) => (payload.every((byte) => byte === muLaw.silence) ? "." : "#")).join("");
}
const on = (ms: number) => "#".repeat(ms / 20);
const off = (ms: number) => ".".repeat(ms / 20);

test.each<[string, Source, string]>([
  ["busy", { kind: "tone", tone: "busy" }, on(500) + off(500) + on(500) + off(500)],
  [
    "busy of Russia, which is no whole number of frames",
    { kind: "tone", tone: "busy", country: "RU" },
    on(360) + off(340) + on(360) + off(340),
  ],
  ["ringback of Britain", { kind: "ringback", country: "GB" }, on(400) + off(200) + on(400) + off(2000) + on(400)],
  ["dial tone of France", { kind: "tone", tone: "dial", country: "FR" }, on(2500)],
])("%s", async (_name, source, expected) => {
  expect(await cadenceOf(source, expected.length * 20)).toBe(expected);
});

test("another tone begins at its begin", async () => {
  await using bench = await MediaBench.open();
  bench.apply(endpointPlan(5000, { kind: "ringback", country: "DE" }));
  await bench.pass(2000);
  bench.apply(endpointPlan(5000, { kind: "ringback", country: "GB" }));
  await bench.pass(200);
  const [latest] = bench.network.rtp.slice(-1);
  expect(latest?.payload.some((byte) => byte !== muLaw.silence)).toBe(true);
});

function music(item: PromptItem): Source {
  return { kind: "hold-music", prompt: { promptId: "m", items: [item], repeat: -1, offsetMs: 0, start: 0, bargeIn: false } };
}

test("on hold a sound of the operator's is played over and over; where it cannot be, the tune is", async () => {
  await using bench = await MediaBench.open();
  bench.apply(endpointPlan(5000, music({ kind: "audio", uri: "42x480" })), endpointPlan(5002, music({ kind: "speech", text: "" })));
  const heard = (port: number) => bench.network.rtp.filter(({ fromPort }) => fromPort === port);
  // Until its sound is there the tune is heard by both.
  await bench.until(() => heard(5000).some(({ payload }) => payload.every((byte) => byte === 42)));
  bench.network.rtp.length = 0;
  await bench.pass(400);
  expect(heard(5000).length).toBeGreaterThan(15);
  for (const { payload } of heard(5000)) expect(new Set(payload)).toEqual(new Set([42]));
  for (const { payload } of heard(5002)) expect(new Set(payload).size).toBeGreaterThan(10);
});
