import { recordingLogger } from "../../test/support/fakes/logger.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { beforeAll, describe, expect, test } from "vitest";
import type { CodecName } from "../kernel/index.ts";
import { formatRtcp, writeRtpHeader } from "../rtp/index.ts";
import { randomFrom } from "../rtp/fixture/random.case.ts";
import { loadCodecs } from "./codec/codecs.ts";
import { createInProcessMedia } from "./engine/in-process.ts";
import { DatagramNetwork } from "./fixture/datagram-network.case.ts";
import { FarPhone, tone, toneIn } from "./fixture/far-phone.case.ts";
import { endpointPlan, MediaBench } from "./fixture/media-bench.case.ts";
import type { EndpointPlan, Source } from "./plan.ts";

beforeAll(loadCodecs);

const peerAddress = "192.0.2.1";
const strangeAddress = "203.0.113.66";
const mix = (port: number): Source => ({ kind: "mix", endpointIds: [`leg-${port}`] });
/** With all that a call may want of a peer's packets. */
const everything: Partial<EndpointPlan> = {
  comfortNoise: 13,
  hearsTones: true,
  detect: { detectId: "d", cutOffMs: 60_000 },
  alsoReceives: [{ codec: "G722", payloadType: 9 }],
  rtcpMux: true,
};

/** Two phones that hear each other; `speaker` speaks for some frames, in time. */
async function bridge(bench: MediaBench, codec: CodecName, changes: Partial<EndpointPlan> = {}, listens: CodecName = "L16/8000") {
  const [speaker, listener] = [new FarPhone(bench, codec, 5000), new FarPhone(bench, listens, 5002)];
  bench.apply(speaker.plan(mix(5002), changes), listener.plan(mix(5000)));
  const sound = tone(1000, speaker.rateHz);
  const talk = async (frames: number, between?: (frame: number) => void) => {
    for (let frame = 0; frame < frames; frame++) {
      speaker.say(sound(frame));
      between?.(frame);
      await bench.pass(20);
    }
  };
  const heard = () => {
    const samples = listener.heard();
    return toneIn(samples.slice(samples.length - listener.rateHz * 0.5, samples.length - listener.rateHz * 0.1), 1000, listener.rateHz);
  };
  await talk(20);
  return { speaker, listener, talk, heard };
}

/** Any packet, most of them nearly right: of the peer's payload types, with lengths that lie and numbers from all over. */
function anyPacket(random: () => number): Uint8Array {
  const below = (end: number) => Math.floor(random() * end);
  const bytes = Uint8Array.from({ length: below(8) === 0 ? below(3000) : 12 + below(200) }, () => below(256));
  if (below(10) === 0 || bytes.length < 12) return bytes;
  const payloadType = [0, 8, 9, 13, 96, 97, 98, 101, below(128)][below(9)] ?? 0;
  writeRtpHeader(bytes, { marker: below(2) === 0, payloadType, sequenceNumber: below(65_536), timestamp: below(2 ** 32), ssrc: below(3) });
  // Contributing sources, an extension, padding: none of them may be there.
  if (below(4) === 0) bytes[0] = 0x80 | below(0x40);
  return bytes;
}

describe("whatever the peer itself sends, its call goes on, and it is heard when it makes sense again", () => {
  test.each<CodecName>(["PCMU", "G722", "opus", "L16/16000"])("%s", async (codec) => {
    await using bench = await MediaBench.open();
    const { speaker, listener, talk, heard } = await bridge(bench, codec, everything);
    const random = randomFrom(7);
    for (let frame = 0; frame < 150; frame++) {
      for (let count = 0; count < 20; count++) {
        const bytes = anyPacket(random);
        bench.network.deliverBytes(5000, peerAddress, speaker.localPort + 1000, bytes);
        bench.network.deliverRtcp(5000, peerAddress, bytes);
        bytes[1] = 200 + Math.floor(random() * 8);
        bench.network.deliverRtcp(5000, peerAddress, bytes);
        bench.network.deliverBytes(5000, peerAddress, speaker.localPort + 1000, bytes);
      }
      bench.clock.advance(20);
    }
    await bench.pass(0);
    speaker.restart();
    await talk(80);
    expect(heard().snrDb).toBeGreaterThan(15);
    bench.apply(listener.plan(mix(5000)));
    await bench.until(() => bench.eventsOf("closed").length === 1);
    for (const { counters } of [...bench.eventsOf("quality"), ...bench.eventsOf("closed")]) {
      for (const figure of Object.values(counters)) expect(Number.isFinite(figure)).toBe(true);
      expect(counters.packetsLost).toBeGreaterThanOrEqual(0);
      expect(counters.mos ?? 1).toBeGreaterThanOrEqual(1);
      expect(counters.mos ?? 1).toBeLessThanOrEqual(4.5);
      expect(counters.roundTripMs ?? 0).toBeGreaterThanOrEqual(0);
      expect(counters.remoteLossFraction ?? 0).toBeLessThanOrEqual(1);
    }
  });
});

type Stray = (speaker: FarPhone, random: () => number, bench: MediaBench) => void;

/** What is heard, and counted, of a phone while others send 100 packets a frame. */
async function flooded(stray: Stray) {
  await using bench = await MediaBench.open();
  // Its packets come from elsewhere than SDP says, so that the kernel cannot drop the others.
  const nat = { remote: { address: "198.51.100.1", port: 7000, rtcpPort: 7001 } };
  const { speaker, listener, talk } = await bridge(bench, "PCMU", nat);
  const random = randomFrom(3);
  await talk(30, () => {
    for (let count = 0; count < 100; count++) stray(speaker, random, bench);
  });
  bench.apply();
  await bench.pass(100);
  const closed = bench.events.find(({ endpointId, event }) => endpointId === "leg-5000" && event.kind === "closed")?.event;
  return { heard: listener.heard(), locks: bench.eventsOf("locked"), counters: closed?.kind === "closed" ? closed.counters : undefined };
}

describe("5,000 packets a second from others change nothing but the count of those dropped", () => {
  test.each<[string, Stray]>([
    ["of any bytes", (_speaker, random, { network }) => network.deliverBytes(5000, strangeAddress, 9, anyPacket(random))],
    [
      "with its own payload type, SSRC and next number",
      ({ timestamp }, _random, { network }) => {
        network.deliver(5000, strangeAddress, 9, { payloadType: 0, ssrc: 5000, sequenceNumber: 21, timestamp });
      },
    ],
    [
      "in sequence, from another port of its address",
      (_speaker, random, { network }) => {
        const sequenceNumber = Math.floor(random() * 2);
        network.deliver(5000, peerAddress, 9, { payloadType: 0, ssrc: 9, sequenceNumber, timestamp: sequenceNumber * 160 });
      },
    ],
  ])("%s", async (_name, stray) => {
    const [quiet, noisy] = [await flooded(() => {}), await flooded(stray)];
    expect(noisy.heard).toEqual(quiet.heard);
    expect(noisy.locks).toEqual(quiet.locks);
    expect(noisy.counters).toEqual({ ...quiet.counters, packetsDropped: (quiet.counters?.packetsDropped ?? 0) + 3000 });
  });
});

test("who was believed before the peer spoke is not any more when it does, where SDP says", async () => {
  await using bench = await MediaBench.open();
  const phone = new FarPhone(bench, "PCMU", 5000);
  bench.apply(phone.plan({ kind: "silence" }));
  for (let sequenceNumber = 0; sequenceNumber < 5; sequenceNumber++) {
    bench.network.deliver(5000, strangeAddress, 9, { payloadType: 0, ssrc: 9, sequenceNumber, timestamp: sequenceNumber * 160 });
  }
  expect(bench.network.rtp.every(({ address }) => address === peerAddress)).toBe(true);
  for (let frame = 0; frame < 10; frame++) {
    phone.say(new Int16Array(160));
    bench.network.deliver(5000, strangeAddress, 9, { payloadType: 0, ssrc: 9, sequenceNumber: 5 + frame, timestamp: (5 + frame) * 160 });
    await bench.pass(20);
  }
  expect(bench.network.rtp.at(-1)).toMatchObject({ address: peerAddress, port: 6000 });
  expect(bench.eventsOf("locked").map(({ remote }) => remote.address)).toEqual([strangeAddress, peerAddress]);
});

test("a key that is never let go is one digit, when it has ended, and the voice that comes beside it is heard", async () => {
  await using bench = await MediaBench.open();
  const { speaker, talk, heard } = await bridge(bench, "PCMU");
  const { timestamp } = speaker;
  await talk(400, (frame) => {
    const duration = Math.min(0xffff, frame * 160);
    speaker.send(101, Uint8Array.of(7, 10, duration >> 8, duration & 0xff), { timestamp });
  });
  expect(bench.eventsOf("digit")).toEqual([]);
  expect(heard().snrDb).toBeGreaterThan(20);
  await talk(30);
  expect(bench.eventsOf("digit")).toMatchObject([{ digit: "7" }]);
});

test("figures of a peer that lies say at most what can be", async () => {
  await using bench = await MediaBench.open();
  const { talk } = await bridge(bench, "PCMU");
  const block = { ssrc: 5000, fractionLost: 255, packetsLost: -0x80_0000, extendedHighest: 0xffff_ffff, jitter: 0xffff_ffff };
  for (const [lastReport, sinceLastReport] of [
    [1, 0],
    [0xffff_ffff, 0xffff_ffff],
    [0, 0xffff_ffff],
    [0x8000_0000, 1],
  ] as const) {
    const sender = { at: 2 ** 52, rtpTimestamp: 0xffff_ffff, packets: 0xffff_ffff, octets: 0xffff_ffff };
    const report = formatRtcp({
      ssrc: 5000,
      cname: "x".repeat(255),
      goodbye: true,
      sender,
      block: { ...block, lastReport, sinceLastReport },
    });
    bench.network.deliverRtcp(5000, peerAddress, report);
  }
  await talk(400);
  const [quality] = bench.eventsOf("quality").slice(-2);
  expect(quality?.counters.roundTripMs ?? 0).toBeLessThanOrEqual(30_000);
  expect(quality?.counters.remoteLossFraction).toBe(255 / 256);
  expect(quality?.counters.mos).toBeGreaterThan(1);
});

test("a peer whose address translator gives it the last port there is has no port for RTCP, and no trouble else", async () => {
  await using bench = await MediaBench.open();
  bench.apply(new FarPhone(bench, "PCMU", 5000).plan({ kind: "silence" }));
  for (let sequenceNumber = 0; sequenceNumber < 5; sequenceNumber++) {
    bench.network.deliver(5000, "198.51.100.7", 65_535, { sequenceNumber, timestamp: sequenceNumber * 160 });
  }
  await bench.pass(20_000);
  expect(bench.network.rtp.at(-1)).toMatchObject({ address: "198.51.100.7", port: 65_535 });
  bench.apply();
  await bench.pass(100);
  expect(bench.eventsOf("closed")).toHaveLength(1);
});

test("who sends from port 0, or is said to be there, cannot be answered, and is not", async () => {
  await using bench = await MediaBench.open();
  const phone = new FarPhone(bench, "PCMU", 5000);
  bench.apply(phone.plan({ kind: "silence" }));
  for (let sequenceNumber = 0; sequenceNumber < 5; sequenceNumber++) {
    bench.network.deliver(5000, strangeAddress, 0, { sequenceNumber, timestamp: sequenceNumber * 160 });
  }
  await bench.pass(100);
  expect(bench.eventsOf("locked")).toEqual([]);
  bench.apply(phone.plan({ kind: "silence" }, { remote: { address: "192.0.2.1", port: 0, rtcpPort: 0 } }));
  await bench.pass(10_000);
  expect(bench.network.rtp.at(-1)).toMatchObject({ address: "192.0.2.1", port: 6000 });
});

test("what goes wrong with one packet ends the media of its call, not the thread", async () => {
  const { logger, lines } = recordingLogger();
  const clock = new VirtualClock();
  const network = new DatagramNetwork();
  let isBroken = false;
  const media = createInProcessMedia({
    host: "127.0.0.1",
    clock,
    ids: { next: () => "0".repeat(24), random: (bytes) => "40".repeat(bytes) },
    logger,
    prompts: { prepare: () => Promise.reject(new Error("nothing is said")) },
    network: {
      sendBatch: network.sendBatch,
      openSockets: (address, port, listener) => {
        const sockets = network.openSockets(address, port, listener);
        if (sockets === undefined || port > 5002) return sockets;
        return {
          ...sockets,
          aim: (...where) => {
            if (isBroken) throw new Error("broken");
            sockets.aim(...where);
          },
        };
      },
    },
  });
  const closed: string[] = [];
  media.onEvent((_callId, endpointId, event) => event.kind === "closed" && closed.push(endpointId));
  media.apply("one", { endpoints: [endpointPlan(5000, { kind: "silence" })] }, 1);
  media.apply("other", { endpoints: [endpointPlan(5004, { kind: "silence" })] }, 1);
  clock.advance(40);
  isBroken = true;
  for (const sequenceNumber of [1, 2]) network.deliver(5000, peerAddress, 6000, { sequenceNumber });
  network.rtp.length = 0;
  await clock.advanceAsync(100);
  expect(lines.filter(({ level }) => level === "error")).toHaveLength(1);
  expect(closed).toEqual(["leg-5000"]);
  expect(new Set(network.rtp.map(({ fromPort }) => fromPort))).toEqual(new Set([5004]));
  await media.close();
  expect(clock.armed).toBe(0);
});
