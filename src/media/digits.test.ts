import { beforeAll, describe, expect, test } from "vitest";
import { type CodecName, codecNames } from "../kernel/index.ts";
import { TelephoneEventReceiver } from "../rtp/index.ts";
import { randomFrom } from "../rtp/fixture/random.case.ts";
import { loadCodecs } from "./codec/codecs.ts";
import { StreamResampler } from "./codec/stream-resampler.ts";
import { DtmfDetector } from "./detector/dtmf-detector.ts";
import { FarPhone } from "./fixture/far-phone.case.ts";
import { MediaBench } from "./fixture/media-bench.case.ts";
import { keyPartials, ToneGenerator } from "./sound/tone-generator.ts";

beforeAll(loadCodecs);

const keys = "0123456789*#ABCD";
const silence = { kind: "silence" } as const;
const eventType = 101;
/** Frames of a press, and of the pause behind it. */
const [downFrames, upFrames] = [5, 6];

/** How a press comes: as an event, in the sound, or both; some gateways leave the begin of the tone in the sound. */
type Way = "event" | "tone" | "both" | "event and the first 40 ms of the tone";

/** A peer presses all keys; what of it is told. `isLost` says of each packet whether it gets lost. */
async function heardOf(way: Way, hearsTones: boolean, codec: CodecName, isLost: () => boolean): Promise<string> {
  await using bench = await MediaBench.open();
  const phone = new FarPhone(bench, codec, 5000);
  const rateHz = phone.rateHz;
  bench.apply(phone.plan(silence, hearsTones ? { hearsTones } : {}));
  const quiet = new Int16Array(rateHz / 50);
  const say = (samples: Int16Array) => {
    if (!isLost()) phone.say(samples);
    else {
      phone.skip();
      phone.rest();
    }
  };
  for (let frame = 0; frame < 10; frame++) {
    phone.say(quiet);
    await bench.pass(20);
  }
  for (const [event, key] of Array.from(keys).entries()) {
    const generator = new ToneGenerator(keyPartials(key), rateHz, downFrames * quiet.length);
    const { timestamp } = phone;
    const unitsPerFrame = codec === "opus" ? 960 : 160;
    for (let frame = 1; frame <= downFrames + upFrames; frame++) {
      const sound = new Int16Array(quiet.length);
      if (frame <= downFrames) generator.read(sound, 0, sound.length);
      const isHeard = way === "tone" || way === "both" || (way !== "event" && frame <= 2);
      // Its end is sent three times (RFC 4733 §2.5.1.4).
      if (way !== "tone" && frame <= downFrames + 2) {
        const duration = Math.min(frame, downFrames) * unitsPerFrame;
        const payload = Uint8Array.of(event, (frame >= downFrames ? 0x80 : 0) | 10, duration >> 8, duration & 0xff);
        if (isLost()) phone.skip();
        else phone.send(eventType, payload, { timestamp });
      }
      if (way === "event" && frame <= downFrames + 2) phone.rest();
      else say(isHeard ? sound : quiet);
      await bench.pass(20);
    }
  }
  for (let frame = 0; frame < 30; frame++) {
    phone.say(quiet);
    await bench.pass(20);
  }
  return bench
    .eventsOf("digit")
    .map(({ digit }) => digit)
    .join("");
}

const noLoss = () => false;

function loss(fraction: number, seed: number): () => boolean {
  const random = randomFrom(seed);
  return () => random() < fraction;
}

describe("each of the 16 keys is told once, in its order", () => {
  const ways: readonly Way[] = ["event", "tone", "both", "event and the first 40 ms of the tone"];
  const losses = [["nothing lost", 0] as const, ["5 % lost", 0.05] as const];
  test.each(ways.flatMap((way) => [true, false].flatMap((hears) => losses.map(([name, part]) => [way, hears, name, part] as const))))(
    "%s, tones listened for: %s, %s",
    async (way, hearsTones, _name, part) => {
      const expected = way === "tone" && !hearsTones ? "" : keys;
      expect(await heardOf(way, hearsTones, "PCMU", loss(part, 5))).toBe(expected);
    },
  );

  test.each<CodecName>(["PCMA", "G722", "opus", "L16/48000"])("in the sound of %s", async (codec) => {
    expect(await heardOf("tone", true, codec, noLoss)).toBe(keys);
  });

  test("by events of which three in ten are lost", async () => {
    expect(await heardOf("event", false, "PCMU", loss(0.3, 2))).toBe(keys);
  });
});

describe("what an endpoint sends of the 16 keys is heard by the detectors of the project", () => {
  const digits = [{ digitsId: "d", digits: keys, toneMs: 80, gapMs: 80 }];

  test.each(codecNames)("as tones in %s", async (codec) => {
    await using bench = await MediaBench.open();
    const phone = new FarPhone(bench, codec, 5000);
    const { telephoneEvent: _none, ...plan } = phone.plan(silence, { digits });
    bench.apply(plan);
    await bench.pass(keys.length * 160 + 500);
    await bench.pass(100);
    const heard: string[] = [];
    const detector = new DtmfDetector({ began: (digit) => heard.push(digit), ended: () => {} });
    const sound = phone.heard();
    const resampler = new StreamResampler(phone.rateHz, 8000);
    const [from, to] = [new Int16Array(phone.rateHz / 50), new Int16Array(160)];
    for (let at = 0; at + from.length <= sound.length; at += from.length) {
      from.set(sound.subarray(at, at + from.length));
      resampler.process(from, to);
      detector.write(phone.rateHz === 8000 ? from : to);
    }
    expect(heard.join("")).toBe(keys);
  });

  test.each<CodecName>(["PCMU", "G722", "opus"])("as events beside %s", async (codec) => {
    await using bench = await MediaBench.open();
    const phone = new FarPhone(bench, codec, 5000);
    bench.apply(phone.plan(silence, { digits }));
    await bench.pass(keys.length * 160 + 500);
    const heard: (readonly [string, number])[] = [];
    const receiver = new TelephoneEventReceiver({ began: () => {}, digit: (digit, durationMs) => heard.push([digit, durationMs]) });
    receiver.clockRateHz = codec === "opus" ? 48_000 : 8000;
    for (const { payloadType, timestamp, payload } of phone.packets)
      if (payloadType === eventType) receiver.receive(timestamp, payload, 0, payload.length, 0);
    expect(heard).toEqual(Array.from(keys, (key) => [key, 80]));
  });
});
