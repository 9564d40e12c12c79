/** What a thread makes of packets that wait for its turn. */
import { expect, test } from "vitest";
import { formatRtcp, parseRtcp } from "../rtp/index.ts";
import { endpointPlan, MediaBench } from "./fixture/media-bench.case.ts";
import type { Source } from "./plan.ts";

const silence: Source = { kind: "silence" };
const voiceOf = (port: number): Source => ({ kind: "mix", endpointIds: [`leg-${port}`] });

/** Packets of 30 ms of the peer of `port`: they do not come at the pace of the thread's turns. */
async function talk(bench: MediaBench, port: number, packets: number, first = 0): Promise<void> {
  for (let number = first; number < first + packets; number++) {
    bench.network.deliver(port, "192.0.2.1", port + 1000, { sequenceNumber: number, timestamp: number * 240, ssrc: port });
    await bench.clock.advanceAsync(30);
  }
}

test("who is passed on waits for 2 ms at most, whenever its packet comes; and nobody hurries when there is no bridge", async () => {
  await using bench = await MediaBench.openPolled();
  const turns: number[] = [];
  const { network, clock } = bench;
  const poll = network.poll?.bind(network);
  Object.assign(network, { poll: () => (turns.push(clock.monotonicMs()), poll?.()) });
  bench.apply(endpointPlan(5000, voiceOf(5002)), endpointPlan(5002, voiceOf(5000)));
  await talk(bench, 5000, 3);
  for (let offsetMs = 0; offsetMs < 20; offsetMs++) {
    clock.advance(20 + (offsetMs % 7));
    network.rtp.length = 0;
    const number = 3 + offsetMs;
    network.deliver(5000, "192.0.2.1", 6000, { sequenceNumber: number, timestamp: number * 240, ssrc: 5000 });
    clock.advance(2);
    expect(network.rtp.filter(({ port }) => port === 6002)).toHaveLength(1);
  }
  bench.apply(endpointPlan(5000, silence), endpointPlan(5002, silence));
  clock.advance(20);
  turns.length = 0;
  clock.advance(200);
  expect(turns).toHaveLength(10);
});

test("neither jitter nor the age of a report has the wait in it", async () => {
  await using bench = await MediaBench.openPolled();
  bench.apply(endpointPlan(5000, silence));
  bench.clock.advance(7);
  await talk(bench, 5000, 100);
  const report = { ssrc: 5000, cname: "peer", sender: { at: 1, rtpTimestamp: 1, packets: 1, octets: 1 }, goodbye: false };
  bench.network.deliverRtcp(5000, "192.0.2.1", formatRtcp(report));
  const saidMs = bench.clock.monotonicMs();
  bench.network.rtcp.length = 0;
  let number = 100;
  while (bench.network.rtcp.length === 0) await talk(bench, 5000, 1, number++);
  const sent = parseRtcp(bench.network.rtcp[0]?.bytes ?? new Uint8Array());
  const [block] = sent.ok ? sent.value.flatMap((packet) => ("blocks" in packet ? packet.blocks : [])) : [];
  expect(block?.jitter).toBe(0);
  // Reports are made in a turn, and turns come every 20 ms.
  const ageMs = Math.round(((block?.sinceLastReport ?? 0) * 1000) / 65_536);
  expect((saidMs + ageMs) % 20).toBe(0);
});
