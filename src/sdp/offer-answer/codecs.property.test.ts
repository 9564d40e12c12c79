/** What holds of any offer's answer and of any offer of ours, whatever codecs, numbers and packet times there are (RFC 3264 §5.1, §6.1). */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type CodecName, codecNames } from "../../kernel/index.ts";
import { parseRtpmap, type PayloadFormat, payloadFormats } from "../attribute/payload-format.ts";
import { formatSdp } from "../description/format-sdp.ts";
import { parseSdp } from "../description/parse-sdp.ts";
import type { MediaDescription, SessionDescription } from "../description/session-description.ts";
import { createAnswer } from "./create-answer.ts";
import { createOffer } from "./create-offer.ts";
import type { LocalMedia } from "./session-sides.ts";

/** As rtpmap writes them, apart from the table under test. */
const spelled: Readonly<Record<CodecName, string>> = {
  PCMU: "PCMU/8000",
  PCMA: "PCMA/8000",
  G722: "G722/8000",
  opus: "opus/48000/2",
  "L16/8000": "L16/8000",
  "L16/16000": "L16/16000",
  "L16/48000": "L16/48000",
};
const staticNumbers: Readonly<Record<string, number>> = { "PCMU/8000": 0, "PCMA/8000": 8, "G722/8000": 9, "CN/8000": 13, "G729/8000": 18 };
const companions = ["telephone-event/8000", "telephone-event/16000", "telephone-event/48000", "CN/8000", "CN/16000", "red/8000"];
const strangers = ["G729/8000", "iLBC/8000", "AMR-WB/16000", "opus/48000", "L16/44100", "G722/16000"];
const vocabulary = [...Object.values(spelled), ...companions, ...strangers];

const dynamicNumber = fc.integer({ min: 96, max: 127 });
const packetTime = fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined });

type Offered = { readonly numbers: readonly number[]; readonly lines: readonly string[]; readonly maxptime: number | undefined };

/** Formats in any order under any numbers, each number once. */
const offered: fc.Arbitrary<Offered> = fc
  .record({
    encodings: fc.shuffledSubarray(vocabulary, { minLength: 1 }),
    dynamic: fc.shuffledSubarray(
      Array.from({ length: 32 }, (_, index) => 96 + index),
      { minLength: vocabulary.length },
    ),
    isNamed: fc.boolean(),
    ptime: packetTime,
    maxptime: packetTime,
  })
  .map(({ encodings, dynamic, isNamed, ptime, maxptime }) => {
    const free = [...dynamic];
    const formats = encodings.flatMap((text) => {
      const known = staticNumbers[text];
      const number = known ?? free.pop();
      return number === undefined ? [] : [{ number, text, isStatic: known !== undefined }];
    });
    const numbers = formats.map(({ number }) => number);
    const maps = formats.flatMap(({ number, text, isStatic }) => (isStatic && !isNamed ? [] : [`a=rtpmap:${number} ${text}`]));
    const times = [ptime === undefined ? [] : [`a=ptime:${ptime}`], maxptime === undefined ? [] : [`a=maxptime:${maxptime}`]].flat();
    return { numbers, lines: [`m=audio 4000 RTP/AVP ${numbers.join(" ")}`, ...maps, ...times], maxptime };
  });

const local: fc.Arbitrary<LocalMedia> = fc.record({
  address: fc.constant("192.0.2.10"),
  port: fc.constant(20_000),
  sessionId: fc.constant("77"),
  version: fc.constant(1),
  codecs: fc.shuffledSubarray([...codecNames], { minLength: 1 }),
  telephoneEvent: fc.boolean(),
  comfortNoise: fc.boolean(),
  direction: fc.constant("sendrecv" as const),
  ptimeMs: fc.constantFrom(10, 20, 30, 40, 60),
});

function read(text: string): SessionDescription {
  const parsed = parseSdp(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.value;
}

function streamOf(description: SessionDescription): MediaDescription {
  const [stream] = description.media;
  if (stream === undefined) throw new Error("no stream");
  return stream;
}

const encodingOf = ({ name, clockRateHz, channels }: PayloadFormat) => `${name}/${clockRateHz}${channels > 1 ? `/${channels}` : ""}`;
const isEvent = ({ name }: PayloadFormat) => name === "telephone-event";
const isNoise = ({ name }: PayloadFormat) => name === "CN";

test("an answer has one codec, the offer's first that we have, and beside it what goes with it, all by the offer's numbers", () => {
  fc.assert(
    fc.property(offered, local, ({ numbers, lines, maxptime }, ours) => {
      const offer = read(["v=0", "o=- 1 1 IN IP4 198.51.100.5", "s=-", "c=IN IP4 198.51.100.5", "t=0 0", ...lines].join("\r\n"));
      const theirs = payloadFormats(streamOf(offer));
      const own = new Set(ours.codecs.map((name) => spelled[name]));
      const expected = theirs.find((format) => own.has(encodingOf(format)));
      const result = createAnswer(offer, ours);
      expect(result.ok).toBe(expected !== undefined);
      if (!result.ok || expected === undefined) return;
      const stream = streamOf(read(formatSdp(result.answer)));
      const formats = payloadFormats(stream);
      expect(formats.map(({ payloadType }) => payloadType).every((number) => numbers.includes(number))).toBe(true);
      expect(formats.map(encodingOf)).toEqual(
        formats
          .map(({ payloadType }) => theirs.find((other) => other.payloadType === payloadType))
          .map((other) => other && encodingOf(other)),
      );
      expect(formats.filter((format) => !isEvent(format) && !isNoise(format)).map(encodingOf)).toEqual([encodingOf(expected)]);
      const rates = theirs.filter(isEvent).map(({ clockRateHz }) => clockRateHz);
      const rate = [expected.clockRateHz, 8000].find((clockRateHz) => ours.telephoneEvent && rates.includes(clockRateHz));
      expect(formats.filter(isEvent).map(({ clockRateHz }) => clockRateHz)).toEqual(rate === undefined ? [] : [rate]);
      const hasNoise = expected.name.startsWith("PCM") && theirs.some((format) => encodingOf(format) === "CN/8000");
      expect(formats.filter(isNoise).map(({ payloadType }) => payloadType)).toEqual(hasNoise ? [13] : []);
      const { ptimeMs } = result.negotiated;
      expect([10, 20, 30, 40, 50, 60]).toContain(ptimeMs);
      // Opus never is in less than 20 ms.
      const shortest = expected.name === "opus" ? 20 : 10;
      if (maxptime !== undefined && maxptime >= 10) expect(ptimeMs).toBeLessThanOrEqual(Math.max(shortest, maxptime));
      expect(stream.attributes).toContainEqual({ name: "ptime", value: String(ptimeMs) });
    }),
  );
});

const relayed = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom("iLBC", "AMR-WB", "speex", "BV32", "SILK"),
    clockRateHz: fc.constantFrom(8000, 12_000, 16_000, 24_000),
    channels: fc.constant(1),
    payloadType: dynamicNumber,
    telephoneEvent: fc.option(dynamicNumber, { nil: undefined }),
  }),
  { selector: encodingOf, maxLength: 8 },
);
const history = fc.dictionary(dynamicNumber.map(String), fc.constantFrom(...vocabulary.map((text) => text.toLowerCase())), { maxKeys: 12 });

test("in an offer of ours no number is there twice, each is explained, none means what it did not before, and the bytes are always the same", () => {
  fc.assert(
    fc.property(local, relayed, history, (ours, others, payloadTypes) => {
      const media = { ...ours, relayed: others, history: { payloadTypes } };
      const text = formatSdp(createOffer(media));
      expect(formatSdp(createOffer(structuredClone(media)))).toBe(text);
      const stream = streamOf(read(text));
      const numbers = stream.formats.map(Number);
      expect(new Set(numbers).size).toBe(numbers.length);
      const formats = stream.attributes.flatMap(({ name, value }) => (name === "rtpmap" ? (parseRtpmap(value) ?? []) : []));
      expect(formats.map(({ payloadType }) => payloadType)).toEqual(numbers);
      for (const format of formats)
        expect(payloadTypes[format.payloadType] ?? encodingOf(format).toLowerCase()).toBe(encodingOf(format).toLowerCase());
      expect(formats.slice(0, ours.codecs.length).map(encodingOf)).toEqual(ours.codecs.map((name) => spelled[name]));
      const rates = new Set([8000, ...formats.filter((format) => !isEvent(format)).map(({ clockRateHz }) => clockRateHz)]);
      const events = formats.filter(isEvent).map(({ clockRateHz }) => clockRateHz);
      expect(new Set(events)).toEqual(ours.telephoneEvent ? rates : new Set());
      expect(new Set(events).size).toBe(events.length);
    }),
  );
});
