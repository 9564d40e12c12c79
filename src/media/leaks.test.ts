import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import type { Encoder } from "./codec/audio-codec.ts";
import { audioCodecs, loadCodecs } from "./codec/codecs.ts";
import { endpointPlan, MediaBench } from "./fixture/media-bench.case.ts";
import type { EndpointPlan, RecordingPlan, Source } from "./plan.ts";

const rounds = 5;
setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");
const mix = (port: number): Source => ({ kind: "mix", endpointIds: [`leg-${port}`] });

/** Opens calls of two, lets them live for `frames`, with each peer speaking, and closes them. */
async function round(bench: MediaBench, calls: number, frames: number, plansOf: (port: number) => readonly EndpointPlan[]): Promise<void> {
  const ports = Array.from({ length: calls }, (_, index) => 5000 + 4 * index);
  for (const [index, port] of ports.entries()) bench.engine.apply(`call-${index}`, { endpoints: plansOf(port) }, 1);
  for (let frame = 0; frame < frames; frame++) {
    for (const port of ports) {
      for (const [at, payloadType] of [[port, 0] as const, [port + 2, 96] as const]) {
        const payload = payloadType === 0 ? new Uint8Array(160).fill(0x90) : Uint8Array.of(0xf8, 0xff, 0xfe);
        const timestamp = frame * (payloadType === 0 ? 160 : 960);
        bench.network.deliver(at, "192.0.2.1", at + 1000, { payloadType, sequenceNumber: frame, timestamp, ssrc: at, payload });
      }
    }
    await bench.pass(20);
    bench.network.rtp.length = 0;
  }
  expect(bench.network.openPorts).toHaveLength(2 * calls);
  for (const index of ports.keys()) bench.engine.apply(`call-${index}`, { endpoints: [] }, 2);
  await bench.until(() => bench.eventsOf("closed").length === 2 * calls);
  bench.network.rtcp.length = 0;
  bench.events.length = 0;
}

test("1,000 calls, opened and closed five times, leave no socket, no timer and nothing in memory that grows", async () => {
  await using bench = await MediaBench.open();
  const used: number[] = [];
  for (let count = 0; count < rounds; count++) {
    await round(bench, 1000, 4, (port) => [endpointPlan(port, mix(port + 2)), endpointPlan(port + 2, mix(port))]);
    expect(bench.network.openPorts).toEqual([]);
    expect(bench.clock.armed).toBe(0);
    collect();
    used.push(process.memoryUsage().heapUsed);
  }
  // What is left of a call when all in it was given back is over 1 kB: three thousand would be seen.
  expect((used.at(-1) ?? 0) - (used[1] ?? 0)).toBeLessThan(2 * 1024 * 1024);
});

test("calls that are mixed, recorded and played to in Opus give all its memory back", async () => {
  const memories: WebAssembly.Memory[] = [];
  const { instantiate } = WebAssembly;
  Object.assign(WebAssembly, {
    instantiate: async (...parameters: Parameters<typeof instantiate>) => {
      const made = await instantiate(...parameters);
      const { exports } = (made as Partial<WebAssembly.WebAssemblyInstantiatedSource>).instance ?? made;
      memories.push(...Object.values(exports).filter((one) => one instanceof WebAssembly.Memory));
      return made;
    },
  });
  await loadCodecs().finally(() => Object.assign(WebAssembly, { instantiate }));
  const [memory] = memories;
  if (memory === undefined) throw new Error("Opus has no memory");
  // It has room for all that is used here, so it is filled up first: what is lost then has to grow it.
  const filling: Encoder[] = [];
  for (const size = memory.buffer.byteLength; memory.buffer.byteLength === size; await Promise.resolve())
    filling.push(audioCodecs.opus.createEncoder(48_000));
  for (const encoder of filling.splice(0, 150)) encoder.close();
  await using bench = await MediaBench.open();
  const items = [{ kind: "tone", frequencyHz: 500, durationMs: 1000 }] as const;
  const recordings = (port: number): readonly RecordingPlan[] => [
    { recordingId: "r", path: `${bench.directory}/${port}.wav`, maxMs: 60_000, silenceMs: 0, finishOn: "", hears: "both" },
  ];
  const sizes: number[] = [];
  for (let count = 0; count < 20; count++) {
    await round(bench, 40, 4, (port) => [
      endpointPlan(port, mix(port + 2), { recordings: recordings(port) }),
      endpointPlan(
        port + 2,
        port % 8 === 0 ? mix(port) : { kind: "prompt", prompt: { promptId: "p", items, offsetMs: 0, start: 0, bargeIn: false } },
        {
          codec: "opus",
          payloadType: 96,
          recordings: recordings(port + 2),
          announcement: { promptId: "a", items, offsetMs: 0, start: 0, bargeIn: false },
        },
      ),
    ]);
    sizes.push(memory.buffer.byteLength);
  }
  expect(new Set(sizes).size).toBe(1);
});
