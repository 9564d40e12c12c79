import { expect, test } from "vitest";
import { muLaw } from "../codec/g711.ts";
import { EndpointRecord } from "../engine/endpoint-record.ts";
import { endpointPlan, MediaBench } from "../fixture/media-bench.case.ts";

const silence = { kind: "silence" } as const;
const detect = { detectId: "d", cutOffMs: 3000 };
const { fromLinear } = muLaw;

/** A frame of a steady tone, in time with the one before. */
function tone(frame: number): Uint8Array {
  const sampleOf = (index: number) => Math.round(8000 * Math.sin((2 * Math.PI * 1000 * (frame * 160 + index)) / 8000));
  return Uint8Array.from({ length: 160 }, (_, index) => fromLinear[sampleOf(index) & 0xffff] ?? 0xff);
}

async function hear(bench: MediaBench, frames: number, payload: (frame: number) => Uint8Array): Promise<void> {
  for (let frame = 0; frame < frames; frame++) {
    bench.network.deliver(5000, "192.0.2.1", 6000, { sequenceNumber: frame, timestamp: frame * 160, ssrc: 1, payload: payload(frame) });
    await bench.pass(20);
  }
}

test("the peer is listened to although nobody else does, and who it is is told once", async () => {
  await using bench = await MediaBench.open();
  bench.apply(endpointPlan(5000, silence, { detect }));
  await hear(bench, 40, tone);
  bench.apply(endpointPlan(5000, silence, { detect }));
  await bench.pass(5000);
  expect(bench.eventsOf("answered-by")).toEqual([{ kind: "answered-by", detectId: "d", result: "machine" }]);
});

test("a peer that sends nothing is unknown when the time is up; nothing is told when it is wanted no more", async () => {
  await using bench = await MediaBench.open();
  bench.apply(endpointPlan(5000, silence, { detect }), endpointPlan(5002, silence, { detect }));
  await bench.pass(2000);
  bench.apply(endpointPlan(5000, silence, { detect }), endpointPlan(5002, silence));
  await bench.pass(2000);
  expect(bench.events.filter(({ event }) => event.kind === "answered-by")).toEqual([
    { endpointId: "leg-5000", event: { kind: "answered-by", detectId: "d", result: "unknown" } },
  ]);
});

test("another worker listens again, unless it was told already", () => {
  const record = new EndpointRecord();
  const plan = endpointPlan(5000, silence, { detect });
  expect(record.resumed(plan, 0)).toMatchObject({ detect });
  record.observe({ kind: "answered-by", detectId: "d", result: "human" });
  expect(record.resumed(plan, 0)).not.toHaveProperty("detect");
  expect(record.resumed({ ...plan, detect: { ...detect, detectId: "e" } }, 0)).toMatchObject({ detect: { detectId: "e" } });
});
