import { describe, expect, test } from "vitest";
import { endpointPlan, MediaBench } from "../fixture/media-bench.case.ts";
import type { EndpointPlan, Source } from "../plan.ts";

const g729 = Uint8Array.from({ length: 20 }, (_, index) => index);

/** A leg of which nothing is decoded. */
function undecoded(localPort: number, source: Source, changes: Partial<EndpointPlan> = {}): EndpointPlan {
  const { codec: _codec, ...plan } = endpointPlan(localPort, source, { payloadType: 18, clockRateHz: 8000, ...changes });
  return plan;
}

function relay(localPort: number): Source {
  return { kind: "relay", endpointId: `leg-${localPort}` };
}

/** Both sides with one codec, numbered 18 on the one and 96 on the other; events 101 and 97. */
const [left, right] = [undecoded(5000, relay(5002)), undecoded(5002, relay(5000), { payloadType: 96, telephoneEvent: 97 })];

type Packet = {
  readonly marker?: boolean;
  readonly payloadType?: number;
  readonly timestamp?: number;
  readonly ssrc?: number;
  readonly payload?: Uint8Array;
};

/** The peer of the left leg sends one packet. */
function say(bench: MediaBench, sequenceNumber: number, changes: Packet = {}): void {
  bench.network.deliver(5000, "192.0.2.1", 6000, {
    payloadType: 18,
    timestamp: sequenceNumber * 160,
    ssrc: 1,
    payload: g729,
    ...changes,
    sequenceNumber: sequenceNumber & 0xffff,
  });
}

async function talking(...plans: readonly EndpointPlan[]): Promise<MediaBench> {
  const bench = await MediaBench.open();
  bench.apply(...(plans.length > 0 ? plans : [left, right]));
  // The first is not believed yet: it takes two in a row to know who the peer is.
  say(bench, 100);
  return bench;
}

const sentTo = (bench: MediaBench, port: number) => bench.network.rtp.filter((packet) => packet.port === port);

describe("packets of the other side", () => {
  test("pass as they come, in our stream: payload untouched, payload type rewritten, SSRC ours, gaps and pauses as they were", async () => {
    await using bench = await talking();
    say(bench, 101);
    say(bench, 102);
    say(bench, 105, { marker: true, timestamp: 200 * 160 });
    const sent = sentTo(bench, 6002);
    const [first] = sent;
    expect(sent.map(({ payloadType, ssrc, marker, payload }) => [payloadType, ssrc, marker, payload])).toEqual([
      [96, 5002, true, g729],
      [96, 5002, false, g729],
      [96, 5002, true, g729],
    ]);
    expect(sent.map(({ sequenceNumber }) => sequenceNumber - (first?.sequenceNumber ?? 0))).toEqual([0, 1, 4]);
    expect(sent.map(({ timestamp }) => timestamp - (first?.timestamp ?? 0))).toEqual([0, 160, 99 * 160]);
    await bench.clock.advanceAsync(1);
    expect(bench.eventsOf("stream")).toMatchObject([{ position: { sequenceNumber: first?.sequenceNumber } }]);
    await bench.pass(1000);
    // Nothing is made up for a side that is silent.
    expect(bench.network.rtp).toHaveLength(3);
  });

  test("one that was overtaken takes its own place; one from before the relaying began is dropped", async () => {
    await using bench = await talking();
    say(bench, 101);
    say(bench, 103);
    say(bench, 102);
    say(bench, 99);
    const [first, ...more] = sentTo(bench, 6002).map(({ sequenceNumber }) => sequenceNumber);
    expect(more.map((number) => number - (first ?? 0))).toEqual([2, 1]);
  });

  test("over the wrap of numbers and for a long time", async () => {
    await using bench = await talking();
    for (let number = 101; number < 70_000; number++) {
      say(bench, number);
      if (number % 500 === 0) await bench.clock.advanceAsync(10_000);
    }
    const sent = sentTo(bench, 6002);
    expect(sent).toHaveLength(69_899);
    sent.forEach(({ sequenceNumber }, index) => {
      expect(sequenceNumber).toBe(((sent[0]?.sequenceNumber ?? 0) + index) & 0xffff);
    });
    // Where a restart must know it: the begin, and number 0.
    const told = bench.eventsOf("stream").map(({ position }) => position.sequenceNumber);
    expect(told).toEqual([sent[0]?.sequenceNumber, 0]);
  });

  test("a side that sends packets of 60 ms is told of before a restart would jump too far", async () => {
    await using bench = await talking();
    for (let number = 101; number < 4100; number++) {
      say(bench, number);
      await bench.clock.advanceAsync(60);
    }
    const told = bench.eventsOf("stream").map(({ position }) => position.sequenceNumber);
    expect(told.length).toBeGreaterThan(5);
    expect(told.length).toBeLessThan(12);
  });

  test("another stream of the same peer goes on in ours: next number, our clock, marker", async () => {
    await using bench = await talking();
    say(bench, 101);
    await bench.clock.advanceAsync(400);
    say(bench, 40_000, { ssrc: 2, timestamp: 7 });
    const [first, second] = sentTo(bench, 6002);
    expect(second).toMatchObject({ ssrc: 5002, marker: true, sequenceNumber: ((first?.sequenceNumber ?? 0) + 1) & 0xffff });
    const frames = (((second?.timestamp ?? 0) - (first?.timestamp ?? 0)) >>> 0) / 160;
    expect(Math.abs(frames - 20)).toBeLessThanOrEqual(1);
  });

  test("what the peer may not send, or we may not, does not pass; nor does another payload type", async () => {
    await using bench = await talking({ ...left, receives: false }, right);
    say(bench, 101);
    bench.apply(left, { ...right, sends: false });
    say(bench, 102);
    bench.apply(left, right);
    say(bench, 103, { payloadType: 8 });
    expect(bench.network.rtp).toEqual([]);
    say(bench, 104);
    expect(bench.network.rtp).toHaveLength(1);
  });

  test("a hold in between, and back", async () => {
    await using bench = await talking();
    say(bench, 101);
    bench.apply(left, { ...right, source: { kind: "hold-music" } });
    say(bench, 102);
    await bench.clock.advanceAsync(200);
    expect(bench.network.rtp).toHaveLength(1);
    bench.apply(left, right);
    say(bench, 103);
    const [first, second] = sentTo(bench, 6002);
    expect((second?.sequenceNumber ?? 0) - (first?.sequenceNumber ?? 0)).toBe(2);
  });

  test("numbers told to the peer count before those it told us, and either is taken", async () => {
    await using bench = await talking({ ...left, payloadType: 18, receivePayloadType: 98 }, right);
    say(bench, 101, { payloadType: 98 });
    say(bench, 102, { payloadType: 18 });
    expect(sentTo(bench, 6002)).toHaveLength(2);
  });
});

/** The payload of an RFC 4733 event for the key 5. */
function key(duration: number, end: number): Uint8Array {
  return Uint8Array.of(5, end | 10, duration >> 8, duration & 255);
}

describe("digits", () => {
  test("of the peer pass under the other side's number, and are noticed", async () => {
    await using bench = await talking();
    say(bench, 101, { payloadType: 101, payload: key(160, 0), timestamp: 800, marker: true });
    say(bench, 102, { payloadType: 101, payload: key(800, 0x80), timestamp: 800 });
    expect(sentTo(bench, 6002).map(({ payloadType, payload }) => [payloadType, payload])).toEqual([
      [97, key(160, 0)],
      [97, key(800, 0x80)],
    ]);
    await bench.clock.advanceAsync(1);
    expect(bench.eventsOf("digit")).toEqual([{ kind: "digit", digit: "5", durationMs: 100 }]);
  });

  test("of the peer are noticed alone when the other side knows no events", async () => {
    const { telephoneEvent: _none, ...deaf } = right;
    await using bench = await talking(left, deaf);
    say(bench, 101, { payloadType: 101, payload: key(800, 0x80) });
    await bench.clock.advanceAsync(1);
    expect(bench.network.rtp).toEqual([]);
    expect(bench.eventsOf("digit")).toHaveLength(1);
  });

  test("of ours go between what is relayed, which waits, and then goes on with the next number", async () => {
    const digits = [{ digitsId: "d1", digits: "1", toneMs: 100, gapMs: 100 }];
    await using bench = await talking();
    say(bench, 101);
    bench.apply(left, { ...right, digits });
    await bench.clock.advanceAsync(60);
    say(bench, 102);
    await bench.until(() => bench.eventsOf("digits-sent").length > 0);
    say(bench, 103);
    const sent = sentTo(bench, 6002);
    expect(sent.map(({ payloadType }) => payloadType)).toEqual([96, 97, 97, 97, 97, 97, 97, 97, 96]);
    expect(sent.map(({ sequenceNumber }) => sequenceNumber - (sent[0]?.sequenceNumber ?? 0))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(sent.at(-1)?.marker).toBe(true);
  });

  test("of ours are nothing without events, and end all the same", async () => {
    const { telephoneEvent: _none, ...deaf } = right;
    await using bench = await talking(left, { ...deaf, digits: [{ digitsId: "d1", digits: "12", toneMs: 100, gapMs: 100 }] });
    await bench.until(() => bench.eventsOf("digits-sent").length > 0);
    expect(bench.network.rtp).toEqual([]);
  });

  test("last in units of their clock rate (RFC 4733 §2.1)", async () => {
    const wide = { clockRateHz: 16_000, payloadType: 18, telephoneEvent: 101 };
    const digits = [{ digitsId: "d1", digits: "1", toneMs: 100, gapMs: 100 }];
    await using bench = await talking({ ...left, ...wide }, { ...right, ...wide, digits });
    say(bench, 101, { payloadType: 101, payload: key(1600, 0x80) });
    await bench.until(() => bench.eventsOf("digits-sent").length > 0);
    expect(bench.eventsOf("digit")).toMatchObject([{ durationMs: 100 }]);
    expect(sentTo(bench, 6002).at(-1)?.payload).toEqual(Uint8Array.of(1, 0x8a, 1600 >> 8, 1600 & 255));
  });
});

test("what needs decoding ends as failed, once, and is silence", async () => {
  await using bench = await MediaBench.open();
  const prompt = {
    promptId: "p1",
    items: [{ kind: "tone", frequencyHz: 400, durationMs: 100 }],
    offsetMs: 40,
    start: 1,
    bargeIn: false,
  } as const;
  const recording = { recordingId: "r1", path: "/nowhere/r1.wav", maxMs: 1000, silenceMs: 0, finishOn: "", hears: "both" } as const;
  const plan = undecoded(5000, { kind: "prompt", prompt }, { recordings: [recording], detect: { detectId: "a1", cutOffMs: 100 } });
  bench.apply(plan);
  bench.apply(plan);
  await bench.pass(500);
  expect(bench.events.map(({ event }) => event)).toEqual([
    { kind: "prompt-ended", promptId: "p1", reason: "failed", playedMs: 40, error: "MEDIA_NOT_DECODED" },
    { kind: "recording-ended", recordingId: "r1", reason: "failed", durationMs: 0 },
    { kind: "answered-by", detectId: "a1", result: "unknown" },
  ]);
  expect(bench.network.rtp).toEqual([]);
});

test("after a restart the stream goes on ahead, by its own clock rate", async () => {
  const resume = { sequenceNumber: 1000, timestamp: 0, at: 0 };
  await using bench = await MediaBench.open();
  const at = bench.clock.now() - 2000;
  bench.apply(left, { ...right, clockRateHz: 16_000, resume: { ...resume, at } });
  say(bench, 100);
  say(bench, 101);
  expect(sentTo(bench, 6002)).toMatchObject([{ sequenceNumber: 1000 + 100 + 64, timestamp: 32_000, marker: true }]);
});
