import { describe, expect, test } from "vitest";
import { envelopeCorrelation, heardFrom } from "../../test/support/audio/energy-envelope.ts";
import { formatRtcp, parseRtcp } from "../rtp/index.ts";
import { randomFrom } from "../rtp/fixture/random.case.ts";
import { audioCodecs } from "./codec/codecs.ts";
import { vowel } from "./codec/fixture/sounds.case.ts";
import { FarPhone } from "./fixture/far-phone.case.ts";
import { MediaBench } from "./fixture/media-bench.case.ts";
import type { EndpointCounters, Source } from "./plan.ts";

const mix = (port: number): Source => ({ kind: "mix", endpointIds: [`leg-${port}`] });
const frames = 600;

/** Something with the rhythm of speech: syllables of a voice that rises and falls, of 80 to 250 ms, and pauses. */
function babble(seed: number): Int16Array {
  const random = randomFrom(seed);
  const samples = new Int16Array(frames * 160);
  for (let at = 1600; at < samples.length - 4000; ) {
    const length = Math.floor(640 + random() * 1360);
    const syllable = vowel(90 + Math.floor(random() * 120), 8000, length, 4000 + random() * 10_000);
    for (let index = 0; index < length; index++) {
      const ramp = Math.min(1, index / 160, (length - index) / 400);
      samples[at + index] = (syllable[index] ?? 0) * ramp;
    }
    at += length + Math.floor(random() < 0.2 ? 1600 + random() * 3000 : 200 + random() * 500);
  }
  return samples;
}

type Conditions = { readonly loss: number; readonly jitterMs: number; readonly seed: number };
type Outcome = { readonly likeness: number; readonly doubled: number; readonly counters: EndpointCounters };

/** One way through a network that loses, delays and doubles packets; a packet may overtake another. */
async function through({ loss, jitterMs, seed }: Conditions): Promise<Outcome> {
  await using bench = await MediaBench.open();
  const [speaker, listener] = [new FarPhone(bench, "PCMU", 5000), new FarPhone(bench, "L16/8000", 5002)];
  bench.apply(speaker.plan(mix(5002)), listener.plan(mix(5000)));
  const said = babble(seed);
  const random = randomFrom(seed + 1000);
  let doubled = 0;
  const encoder = audioCodecs.PCMU.createEncoder(8000);
  for (let frame = 0; frame < frames; frame++) {
    const payload = new Uint8Array(160);
    encoder.encode(said.subarray(frame * 160, frame * 160 + 160), payload, 0);
    const packet = { payloadType: 0, sequenceNumber: (65_400 + frame) & 0xffff, timestamp: frame * 160, ssrc: 7, payload };
    const copies = random() < 0.01 ? 2 : 1;
    const isLost = random() < loss;
    if (isLost) {
      bench.clock.advance(20);
      continue;
    }
    if (copies > 1) doubled += 1;
    for (let copy = 0; copy < copies; copy++) {
      bench.clock.after(Math.floor(random() * jitterMs), () => bench.network.deliver(5000, "192.0.2.1", 6000, packet));
    }
    bench.clock.advance(20);
  }
  await bench.pass(500);
  bench.apply(listener.plan(mix(5000)));
  await bench.pass(100);
  const [closed] = bench.eventsOf("closed");
  if (closed === undefined) throw new Error("it was not closed");
  return { likeness: envelopeCorrelation(listener.heard(), said), doubled, counters: closed.counters };
}

/** What the E-model says at its defaults, of G.711 with concealment (ITU-T G.107 and G.113), on its own. */
function expectedMos(lossPercent: number, delayMs: number): number {
  const rating = 93.2 - 0.024 * delayMs - 0.11 * Math.max(0, delayMs - 177.3) - (95 * lossPercent) / (lossPercent + 25.1);
  return 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6;
}

describe("speech keeps its rhythm, and its score is that of the E-model for what was lost and how long it took", () => {
  const losses = [0, 0.02, 0.05, 0.1, 0.2];
  const outcomes = new Map<string, number>();

  test.each([0, 30, 100].flatMap((jitterMs) => losses.map((loss) => [loss, jitterMs] as const)))(
    "loss %d, jitter %d ms",
    async (loss, jitterMs) => {
      const { likeness, doubled, counters } = await through({ loss, jitterMs, seed: 1 });
      expect(likeness).toBeGreaterThan(loss < 0.1 ? 0.95 : heardFrom);
      const { packetsReceived, packetsLost, packetsDropped, mos = 0 } = counters;
      expect(Math.abs(packetsLost / frames - loss)).toBeLessThan(0.02);
      // What is doubled is dropped; of the rest, at most one in 50 came too late to be heard.
      expect(packetsDropped).toBeGreaterThanOrEqual(doubled / 2);
      expect(packetsDropped - doubled).toBeLessThan(frames / 50);
      // The mean difference of two packets' delays is a third of the longest one.
      expect(Math.abs(counters.jitterMs - jitterMs / 3)).toBeLessThan(1 + jitterMs / 8);
      const lossPercent = (100 * packetsLost) / (packetsLost + packetsReceived);
      expect(Math.abs(mos - expectedMos(lossPercent, 60 + jitterMs))).toBeLessThan(0.15);
      // The more is lost, the worse it is.
      const before = outcomes.get(`${jitterMs}`) ?? 5;
      expect(mos).toBeLessThan(before - (loss === 0 ? 0 : 0.1));
      outcomes.set(`${jitterMs}`, mos);
    },
  );
});

test("what the peer reports of our stream is told: round trip, loss and jitter", async () => {
  await using bench = await MediaBench.open();
  const phone = new FarPhone(bench, "PCMU", 5000);
  bench.apply(phone.plan({ kind: "hold-music" }));
  for (let frame = 0; frame < 10; frame++) {
    phone.say(new Int16Array(160));
    await bench.pass(20);
  }
  await bench.until(() => bench.network.rtcp.length > 0);
  const report = parseRtcp(bench.network.rtcp[0]?.bytes ?? new Uint8Array());
  const ours = report.ok ? report.value.find((packet) => packet.kind === "sender-report") : undefined;
  if (ours?.kind !== "sender-report") throw new Error("no SR was sent");
  expect(ours.sender.packets).toBe(phone.packets.filter(({ timestamp }) => ((timestamp - ours.sender.rtpTimestamp) | 0) < 0).length);
  // It came 20 ms after it was sent, lay 100 ms, and the answer takes 40.
  const heldMs = 100;
  const sinceMs = bench.clock.now() - ours.sender.at;
  await bench.pass(160 - sinceMs);
  const block = {
    ssrc: phone.localPort,
    fractionLost: 64,
    packetsLost: 12,
    extendedHighest: 100,
    jitter: 80,
    lastReport: ours.ntpMiddle,
    sinceLastReport: Math.round((heldMs * 65_536) / 1000),
  };
  bench.network.deliverRtcp(5000, "192.0.2.1", formatRtcp({ ssrc: phone.localPort, cname: "peer", goodbye: false, block }));
  const before = bench.eventsOf("quality").length;
  await bench.until(() => bench.eventsOf("quality").length > before);
  const { counters } = bench.eventsOf("quality").at(-1) ?? {};
  expect(counters).toMatchObject({ remoteLossFraction: 0.25, remoteJitterMs: 10 });
  expect(Math.abs((counters?.roundTripMs ?? 0) - 60)).toBeLessThan(0.2);
});
