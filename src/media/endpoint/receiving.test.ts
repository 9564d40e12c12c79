/** What an endpoint takes beside the one codec that was agreed on. */
import { expect, test } from "vitest";
import { formatRtcp, parseRtcp } from "../../rtp/index.ts";
import { aLaw, muLaw } from "../codec/g711.ts";
import { endpointPlan, MediaBench } from "../fixture/media-bench.case.ts";

test("another codec of ours in the same stream is heard as the one agreed on (RFC 3264 §7)", async () => {
  await using bench = await MediaBench.open();
  const alsoReceives = [{ codec: "PCMA", payloadType: 8 }] as const;
  bench.apply(endpointPlan(5000, { kind: "silence" }, { alsoReceives }), endpointPlan(5002, { kind: "mix", endpointIds: ["leg-5000"] }));
  for (let number = 1; number < 30; number++) {
    const payload = new Uint8Array(160).fill(0x2a);
    bench.network.deliver(5000, "192.0.2.1", 6000, { payloadType: 8, sequenceNumber: number, timestamp: number * 160, payload });
    await bench.clock.advanceAsync(20);
  }
  const heard = muLaw.fromLinear[(aLaw.toLinear[0x2a] ?? 0) & 0xffff] ?? 0;
  expect(bench.network.rtp.findLast(({ port }) => port === 6002)?.payload).toEqual(new Uint8Array(160).fill(heard));
});

test("with rtcp-mux reports come and go on the port of RTP (RFC 5761 §3.3)", async () => {
  await using bench = await MediaBench.open();
  bench.apply(endpointPlan(5000, { kind: "silence" }, { rtcpMux: true }));
  const report = { ssrc: 1, cname: "peer", sender: { at: 1, rtpTimestamp: 1, packets: 1, octets: 1 }, goodbye: false };
  bench.network.deliverBytes(5000, "192.0.2.1", 6000, formatRtcp(report));
  bench.network.deliver(5000, "192.0.2.1", 6000, { sequenceNumber: 1 });
  bench.network.deliver(5000, "192.0.2.1", 6000, { sequenceNumber: 2 });
  await bench.pass(10_000);
  const [sent] = bench.network.rtcp;
  expect(sent).toMatchObject({ fromPort: 5000, address: "192.0.2.1", port: 6000 });
  const [read] = parseRtcpOf(sent?.bytes);
  expect(read).toMatchObject({ kind: "sender-report", blocks: [{ ssrc: 1 }] });
  // That its report was heard shows in when it came.
  expect(read).not.toMatchObject({ blocks: [{ sinceLastReport: 0 }] });
  bench.apply();
  await bench.pass(20);
  expect(bench.eventsOf("closed")).toMatchObject([{ counters: { packetsReceived: 1, packetsDropped: 0 } }]);
});

function parseRtcpOf(bytes: Uint8Array | undefined) {
  const result = parseRtcp(bytes ?? new Uint8Array());
  if (!result.ok) throw new Error(result.reason);
  return result.value;
}
