import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseRtcp } from "../rtp/index.ts";
import { aLaw, muLaw } from "./codec/g711.ts";
import { parseWav } from "../../test/support/audio/wav.ts";
import { endpointPlan, MediaBench } from "./fixture/media-bench.case.ts";
import type { PromptItem, Source } from "./plan.ts";

const silence: Source = { kind: "silence" };
const peer = { address: "192.0.2.1", port: 6000 };
const { toLinear, fromLinear } = muLaw;

function prompt(items: readonly PromptItem[], changes: object = {}): Source {
  return { kind: "prompt", prompt: { promptId: "p1", items, offsetMs: 0, start: 0, bargeIn: false, ...changes } };
}

function mix(...ports: readonly number[]): Source {
  return { kind: "mix", endpointIds: ports.map((port) => `leg-${port}`) };
}

/** The payload of an RFC 4733 event for the key 5. */
function key(duration: number, end: number): Uint8Array {
  return Uint8Array.of(5, end | 10, duration >> 8, duration & 255);
}

/** The peer of `toPort` talks for `frames` frames of one byte, in time with the tick. */
async function talk(bench: MediaBench, toPort: number, byte: number, frames: number, first = 0, ssrc = 1): Promise<void> {
  for (let frame = first; frame < first + frames; frame++) {
    const packet = { sequenceNumber: frame, timestamp: frame * 160, ssrc, payload: new Uint8Array(160).fill(byte) };
    bench.network.deliver(toPort, "192.0.2.1", toPort + 1000, packet);
    await bench.pass(20);
  }
}

describe("sending", () => {
  test("silence keeps the stream alive: numbers, timestamps, one marker, one stream event", async () => {
    await using bench = await MediaBench.open();
    bench.apply(endpointPlan(5000, silence));
    await bench.pass(200);
    const { rtp } = bench.network;
    expect(rtp.length).toBeGreaterThanOrEqual(10);
    rtp.forEach((packet, index) => {
      expect(packet).toMatchObject({ fromPort: 5000, ...peer, payloadType: 0, ssrc: 5000, marker: index === 0 });
      expect(packet.sequenceNumber).toBe((rtp[0]?.sequenceNumber ?? 0) + index);
      expect(packet.timestamp).toBe((rtp[0]?.timestamp ?? 0) + index * 160);
      expect(packet.payload).toEqual(new Uint8Array(160).fill(0xff));
    });
    expect(bench.eventsOf("stream")).toMatchObject([
      { position: { sequenceNumber: rtp[0]?.sequenceNumber, timestamp: rtp[0]?.timestamp } },
    ]);
  });

  test("nothing is sent while there is no address or no leave to; RTCP goes on and says goodbye", async () => {
    await using bench = await MediaBench.open();
    const { remote, ...unknown } = endpointPlan(5000, silence);
    bench.apply(unknown);
    await bench.pass(10_000);
    expect(bench.network.rtcp).toEqual([]);
    bench.apply({ ...unknown, ...(remote !== undefined && { remote }), sends: false });
    await bench.pass(20_000);
    expect(bench.network.rtp).toEqual([]);
    expect(bench.network.rtcp.length).toBeGreaterThan(2);
    expect(bench.network.rtcp[0]).toMatchObject({ fromPort: 5000, address: "192.0.2.1", port: 6001 });
    bench.apply();
    await bench.pass(20);
    const last = parseRtcp(bench.network.rtcp.at(-1)?.bytes ?? new Uint8Array());
    expect(last).toMatchObject({ value: [{ kind: "receiver-report" }, {}, { kind: "goodbye" }] });
    expect(bench.eventsOf("closed")).toHaveLength(1);
    expect(bench.clock.armed).toBe(0);
  });

  test("a sender reports what it sent and heard; one that stopped sending only what it heard", async () => {
    await using bench = await MediaBench.open();
    bench.apply(endpointPlan(5000, silence));
    await talk(bench, 5000, 0x20, 20);
    await bench.pass(8000);
    const reported = () => parseRtcp(bench.network.rtcp.at(-1)?.bytes ?? new Uint8Array());
    expect(reported()).toMatchObject({
      value: [{ kind: "sender-report", ssrc: 5000, blocks: [{ ssrc: 1, packetsLost: 0, extendedHighest: 19 }] }, {}],
    });
    bench.apply(endpointPlan(5000, silence, { sends: false }));
    await bench.pass(20_000);
    expect(reported()).toMatchObject({ value: [{ kind: "receiver-report", ssrc: 5000 }, { cname: "00001388" }] });
  });

  test("after a restart the stream goes on ahead of where it was, in true time", async () => {
    await using bench = await MediaBench.open();
    const at = bench.clock.now() - 2000;
    bench.apply(
      endpointPlan(5000, silence, {
        resume: { sequenceNumber: 65_530, timestamp: 1000, at },
        lockedTo: { address: "198.51.100.7", port: 99 },
      }),
    );
    await bench.pass(20);
    const [first] = bench.network.rtp;
    expect(first).toMatchObject({ address: "198.51.100.7", port: 99, marker: true, sequenceNumber: (65_530 + 100 + 64) & 0xffff });
    expect(first?.timestamp).toBeGreaterThanOrEqual(1000 + 16_000);
    expect(first?.timestamp).toBeLessThanOrEqual(1000 + 16_000 + 320);
  });

  test("a taken port is told, and another one works", async () => {
    await using bench = await MediaBench.open();
    bench.network.taken.add(5000);
    bench.apply(endpointPlan(5000, silence));
    await bench.pass(40);
    expect(bench.eventsOf("port-taken")).toEqual([{ kind: "port-taken", localPort: 5000 }]);
    bench.apply({ ...endpointPlan(5000, silence), localPort: 5002 });
    await bench.pass(40);
    expect(bench.network.openPorts).toEqual([5002]);
    expect(bench.network.rtp.length).toBeGreaterThan(0);
  });

  test("hold music repeats without a seam and ringback has its pause", async () => {
    await using bench = await MediaBench.open();
    bench.apply(endpointPlan(5000, { kind: "hold-music" }), endpointPlan(5002, { kind: "ringback" }));
    await bench.pass(16_400);
    const music = bench.network.rtp.filter(({ fromPort }) => fromPort === 5000).map(({ payload }) => payload);
    expect(music[800]).toEqual(music[0]);
    expect(music[1]).not.toEqual(music[0]);
    const ringback = bench.network.rtp.filter(({ fromPort }) => fromPort === 5002).map(({ payload }) => payload);
    expect(new Set(ringback[150])).toEqual(new Set([0xff]));
    expect(new Set(ringback[1]).size).toBeGreaterThan(10);
    expect(ringback[300]).toEqual(ringback[0]);
  });
});

describe("prompts", () => {
  test("items follow each other within a frame; the end is told once, also when the plan is applied again", async () => {
    await using bench = await MediaBench.open();
    const plan = endpointPlan(
      5000,
      prompt([
        { kind: "audio", uri: "7x400" },
        { kind: "silence", durationMs: 10 },
        { kind: "audio", uri: "8x80" },
      ]),
    );
    bench.apply(plan);
    await bench.until(() => bench.eventsOf("prompt-ended").length > 0);
    const voiced = bench.network.rtp.flatMap(({ payload }) => [...payload]);
    const begin = voiced.indexOf(7);
    expect(voiced.slice(begin, begin + 640)).toEqual([
      ...Array(400).fill(7),
      ...Array(80).fill(0xff),
      ...Array(80).fill(8),
      ...Array(80).fill(0xff),
    ]);
    bench.apply(plan);
    await bench.pass(200);
    expect(bench.eventsOf("prompt-ended")).toEqual([{ kind: "prompt-ended", promptId: "p1", reason: "finished", playedMs: 70 }]);
    expect(bench.network.rtp.filter(({ payload }) => payload.includes(8))).toHaveLength(1);
  });

  test("begins at its offset, and a next start plays it again", async () => {
    await using bench = await MediaBench.open();
    const items: PromptItem[] = [
      { kind: "audio", uri: "7x1600" },
      { kind: "audio", uri: "8x160" },
    ];
    bench.apply(endpointPlan(5000, prompt(items, { offsetMs: 200 })));
    await bench.until(() => bench.eventsOf("prompt-ended").length > 0);
    expect(bench.network.rtp.filter(({ payload }) => payload.includes(7))).toEqual([]);
    bench.apply(endpointPlan(5000, prompt(items, { start: 1 })));
    await bench.until(() => bench.eventsOf("prompt-ended").length > 1);
    expect(bench.network.rtp.filter(({ payload }) => payload.includes(7))).toHaveLength(10);
  });

  test("what cannot be prepared fails with its code, once", async () => {
    await using bench = await MediaBench.open();
    bench.apply(endpointPlan(5000, prompt([{ kind: "speech", text: "no" }])));
    await bench.pass(100);
    bench.apply(endpointPlan(5000, prompt([{ kind: "speech", text: "no" }])));
    await bench.pass(100);
    expect(bench.eventsOf("prompt-ended")).toEqual([
      { kind: "prompt-ended", promptId: "p1", reason: "failed", playedMs: 0, error: "PROMPT_UNREADABLE" },
    ]);
  });

  test("a tone is heard in either codec, and a change of codec goes on where it was", async () => {
    await using bench = await MediaBench.open();
    const source = prompt([{ kind: "tone", frequencyHz: 1000, durationMs: 400 }]);
    bench.apply(endpointPlan(5000, source));
    await bench.pass(200);
    bench.apply(endpointPlan(5000, source, { codec: "PCMA", payloadType: 8 }));
    await bench.until(() => bench.eventsOf("prompt-ended").length > 0);
    expect(bench.eventsOf("prompt-ended")).toMatchObject([{ reason: "finished", playedMs: 400 }]);
    const { rtp } = bench.network;
    expect(rtp.filter(({ payloadType }) => payloadType === 8).length).toBeGreaterThan(8);
    const loudest = Math.max(...[...(rtp[5]?.payload ?? [])].map((byte) => toLinear[byte] ?? 0));
    expect(loudest).toBeGreaterThan(7000);
  });

  test("a digit ends it at once when it may; then the digit is told", async () => {
    await using bench = await MediaBench.open();
    bench.apply(endpointPlan(5000, prompt([{ kind: "audio", uri: "7x80000" }], { bargeIn: true })));
    await bench.until(() => bench.network.rtp.some(({ payload }) => payload.includes(7)));
    await talk(bench, 5000, 0xff, 3);
    bench.network.deliver(5000, "192.0.2.1", 6000, { payloadType: 101, sequenceNumber: 3, timestamp: 480, payload: key(160, 0) });
    const before = bench.network.rtp.length;
    await bench.pass(60);
    for (const sequenceNumber of [4, 5, 6]) {
      bench.network.deliver(5000, "192.0.2.1", 6000, { payloadType: 101, sequenceNumber, timestamp: 480, payload: key(800, 0x80) });
    }
    await bench.pass(20);
    const kinds = bench.events.map(({ event }) => event.kind).filter((kind) => kind === "prompt-ended" || kind === "digit");
    expect(kinds).toEqual(["prompt-ended", "digit"]);
    expect(bench.eventsOf("prompt-ended")[0]).toMatchObject({ reason: "digit" });
    expect(bench.eventsOf("digit")).toEqual([{ kind: "digit", digit: "5", durationMs: 100 }]);
    expect(bench.network.rtp.slice(before).every(({ payload }) => !payload.includes(7))).toBe(true);
  });
});

describe("digits", () => {
  const digits = [{ digitsId: "d1", digits: "1#", toneMs: 80, gapMs: 60 }];

  test("are sent once by id, and the voice waits", async () => {
    await using bench = await MediaBench.open();
    bench.apply(endpointPlan(5000, silence, { digits }));
    await bench.until(() => bench.eventsOf("digits-sent").length > 0);
    bench.apply(endpointPlan(5000, silence, { digits }));
    await bench.pass(1000);
    expect(bench.eventsOf("digits-sent")).toEqual([{ kind: "digits-sent", digitsId: "d1" }]);
    const { rtp } = bench.network;
    const events = rtp.filter(({ payloadType }) => payloadType === 101);
    expect(events.map(({ payload }) => payload[0])).toEqual([1, 1, 1, 1, 1, 1, 11, 11, 11, 11, 11, 11]);
    expect(new Set(events.map(({ timestamp }) => timestamp)).size).toBe(2);
    expect(rtp.map(({ sequenceNumber }) => sequenceNumber)).toEqual(rtp.map((_, index) => (rtp[0]?.sequenceNumber ?? 0) + index));
    const lastVoice = rtp.at(-1);
    expect(lastVoice?.timestamp).toBe((rtp[0]?.timestamp ?? 0) + (rtp.length - 1) * 160);
  });

  test("go to each endpoint that has them, and a prompt stands still meanwhile", async () => {
    await using bench = await MediaBench.open();
    const items: PromptItem[] = [{ kind: "audio", uri: "7x16000" }];
    const ports = [5000, 5002];
    bench.apply(...ports.map((port) => endpointPlan(port, prompt(items))));
    const hasBegun = (port: number) => bench.network.rtp.some(({ fromPort, payload }) => fromPort === port && payload.includes(7));
    await bench.until(() => ports.every(hasBegun));
    bench.apply(...ports.map((port) => endpointPlan(port, prompt(items), { digits })));
    await bench.until(() => bench.eventsOf("prompt-ended").length > 1);
    expect(bench.eventsOf("digits-sent")).toEqual([
      { kind: "digits-sent", digitsId: "d1" },
      { kind: "digits-sent", digitsId: "d1" },
    ]);
    for (const port of ports) {
      const sent = bench.network.rtp.filter(({ fromPort }) => fromPort === port);
      const voice = sent.flatMap((packet, index) => (packet.payloadType === 0 && packet.payload.includes(7) ? index : []));
      const keys = sent.flatMap(({ payloadType }, index) => (payloadType === 101 ? index : []));
      expect(voice).toHaveLength(100);
      expect([Math.min(...voice) < Math.min(...keys), Math.max(...voice) > Math.max(...keys)]).toEqual([true, true]);
      expect(voice.some((index) => index > Math.min(...keys) && index < Math.max(...keys))).toBe(false);
    }
  });

  test("are sound for a peer without telephone-event", async () => {
    await using bench = await MediaBench.open();
    const { telephoneEvent: _none, ...plan } = endpointPlan(5000, silence, { digits });
    bench.apply(plan);
    await bench.until(() => bench.eventsOf("digits-sent").length > 0);
    const loud = bench.network.rtp.filter(({ payload }) => new Set(payload).size > 10);
    expect(loud).toHaveLength(8);
    expect(bench.network.rtp.every(({ payloadType }) => payloadType === 0)).toBe(true);
  });
});

describe("hearing each other", () => {
  test("two hear each other's own bytes, transcoded when the codecs differ", async () => {
    await using bench = await MediaBench.open();
    bench.apply(
      endpointPlan(5000, { kind: "mix", endpointIds: ["leg-5002"] }, { codec: "PCMA", payloadType: 8 }),
      endpointPlan(5002, { kind: "mix", endpointIds: ["leg-5000"] }),
    );
    await talk(bench, 5002, 0x20, 12);
    const heard = bench.network.rtp.filter(
      ({ fromPort, payload }) => fromPort === 5000 && payload.every((byte) => byte === payload[0]) && payload[0] !== 0xd5,
    );
    expect(heard.length).toBeGreaterThan(5);
    const byte = heard[0]?.payload[0] ?? 0;
    expect(Math.abs((aLaw.toLinear[byte] ?? 0) - (toLinear[0x20] ?? 0))).toBeLessThan(300);
  });

  test("three hear the others without themselves, a muted one is heard by nobody, and sums are clipped", async () => {
    await using bench = await MediaBench.open();
    bench.apply(
      endpointPlan(5000, mix(5002, 5004)),
      endpointPlan(5002, mix(5000, 5004)),
      endpointPlan(5004, mix(5000, 5002)),
      endpointPlan(5006, mix(5000, 5002, 5004)),
      endpointPlan(5008, mix(5000, 5004)),
    );
    const values = new Map([5000, 5002, 5004, 5006].map((port, index) => [port, fromLinear[[20_000, 18_000, 1000, 700][index] ?? 0] ?? 0]));
    for (let frame = 0; frame < 12; frame++) {
      for (const [port, byte] of values) {
        const packet = { sequenceNumber: frame, timestamp: frame * 160, payload: new Uint8Array(160).fill(byte) };
        bench.network.deliver(port, "192.0.2.1", port + 1000, packet);
      }
      await bench.pass(20);
    }
    const linear = (port: number) => toLinear[values.get(port) ?? 0] ?? 0;
    const heardBy = (port: number) => bench.network.rtp.findLast(({ fromPort }) => fromPort === port)?.payload[80] ?? 0;
    expect(heardBy(5000)).toBe(fromLinear[linear(5002) + linear(5004)]);
    expect(heardBy(5002)).toBe(fromLinear[linear(5000) + linear(5004)]);
    expect(heardBy(5004)).toBe(fromLinear[32_767]);
    expect(heardBy(5006)).toBe(fromLinear[32_767]);
    expect(heardBy(5008)).toBe(fromLinear[linear(5000) + linear(5004)]);
  });
});

test("what comes while we do not receive is not heard, and its digits are not told", async () => {
  await using bench = await MediaBench.open();
  bench.apply(endpointPlan(5000, mix(5002)), endpointPlan(5002, silence, { receives: false }));
  await talk(bench, 5002, 0x20, 10);
  bench.network.deliver(5002, "192.0.2.1", 6002, { payloadType: 101, sequenceNumber: 10, timestamp: 1600, payload: key(800, 0x80) });
  await bench.pass(40);
  expect(bench.network.rtp.some(({ payload }) => payload.includes(0x20))).toBe(false);
  expect(bench.eventsOf("digit")).toEqual([]);
  bench.apply();
  await bench.pass(20);
  expect(bench.eventsOf("closed")).toMatchObject([
    { counters: { packetsReceived: 0 } },
    { counters: { packetsReceived: 10, packetsDropped: 0 } },
  ]);
});

describe("recordings", () => {
  const recording = { recordingId: "r1", path: "", maxMs: 60_000, silenceMs: 0, finishOn: "#", hears: "peer" as const };

  test("hold what the peer said; they end when they leave the plan", async () => {
    await using bench = await MediaBench.open();
    const path = join(bench.directory, "deep", "r1.wav");
    bench.apply(endpointPlan(5000, silence, { recordings: [{ ...recording, path }] }));
    await talk(bench, 5000, 0x20, 20);
    bench.apply(endpointPlan(5000, silence));
    await bench.until(() => bench.eventsOf("recording-ended").length > 0);
    expect(bench.eventsOf("recording-ended")).toMatchObject([{ recordingId: "r1", reason: "stopped" }]);
    const wav = parseWav(await readFile(path));
    const { samples } = wav;
    expect(samples.length / 8).toBe(bench.eventsOf("recording-ended")[0]?.durationMs);
    expect(samples.filter((sample) => sample === toLinear[0x20]).length).toBeGreaterThan(160 * 14);
  });

  test.each([
    ["maximum", { maxMs: 200 }],
    ["silence", { silenceMs: 300 }],
  ])("end by %s, once", async (reason, limits) => {
    await using bench = await MediaBench.open();
    const plan = endpointPlan(5000, silence, { recordings: [{ ...recording, path: join(bench.directory, "r.wav"), ...limits }] });
    bench.apply(plan);
    await bench.until(() => bench.eventsOf("recording-ended").length > 0);
    bench.apply(plan);
    await bench.pass(1000);
    expect(bench.eventsOf("recording-ended")).toMatchObject([{ reason }]);
  });

  test("with both sides hold the prompt as well", async () => {
    await using bench = await MediaBench.open();
    const path = join(bench.directory, "both.wav");
    const source = prompt([{ kind: "audio", uri: "32x16000" }]);
    bench.apply(endpointPlan(5000, source));
    await bench.until(() => bench.network.rtp.some(({ payload }) => payload.includes(32)));
    bench.apply(endpointPlan(5000, source, { recordings: [{ ...recording, path, hears: "both", maxMs: 1500 }] }));
    await bench.until(() => bench.eventsOf("recording-ended").length > 0);
    const wav = parseWav(await readFile(path));
    expect(wav.samples.filter((sample) => sample === toLinear[32]).length).toBeGreaterThan(8000);
  });

  test("a file that cannot be made is told", async () => {
    await using bench = await MediaBench.open();
    bench.apply(endpointPlan(5000, silence, { recordings: [{ ...recording, path: "/dev/null/r.wav" }] }));
    await bench.until(() => bench.eventsOf("recording-ended").length > 0);
    expect(bench.eventsOf("recording-ended")).toMatchObject([{ reason: "failed" }]);
  });
});
