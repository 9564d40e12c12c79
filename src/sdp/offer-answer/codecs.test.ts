import { describe, expect, test } from "vitest";
import type { CodecName } from "../../kernel/index.ts";
import { formatSdp } from "../description/format-sdp.ts";
import { parseSdp } from "../description/parse-sdp.ts";
import type { SessionDescription } from "../description/session-description.ts";
import { acceptAnswer } from "./accept-answer.ts";
import { createAnswer } from "./create-answer.ts";
import { createOffer } from "./create-offer.ts";
import type { LocalMedia } from "./session-sides.ts";

const local: LocalMedia = {
  address: "192.0.2.10",
  port: 20_000,
  sessionId: "77",
  version: 1,
  codecs: ["opus", "G722", "PCMU", "PCMA"],
  telephoneEvent: true,
  direction: "sendrecv",
  ptimeMs: 20,
};

const opus = ["a=rtpmap:96 opus/48000/2"];
const event = (payloadType: number, clockRateHz: number) => `a=rtpmap:${payloadType} telephone-event/${clockRateHz}`;

function sdp(...media: string[]): SessionDescription {
  const result = parseSdp(["v=0", "o=- 1 1 IN IP4 198.51.100.5", "s=-", "c=IN IP4 198.51.100.5", "t=0 0", ...media].join("\r\n"));
  if (!result.ok) throw new Error(result.reason);
  return result.value;
}

function answered(lines: readonly string[], changes: Partial<LocalMedia> = {}) {
  const result = createAnswer(sdp(...lines), { ...local, ...changes });
  if (!result.ok) throw new Error(result.reason);
  return result;
}

function accepted(lines: readonly string[], changes: Partial<LocalMedia> = {}) {
  const ours = { ...local, ...changes };
  const result = acceptAnswer(createOffer(ours), sdp(...lines), ours);
  if (!result.ok) throw new Error(result.reason);
  return result.negotiated;
}

const numbersOf = (description: SessionDescription) => description.media.map(({ formats }) => formats.join(" "));
const offerLines = (changes: Partial<LocalMedia>) => formatSdp(createOffer({ ...local, ...changes })).split("\r\n");

describe("an offer", () => {
  test.each<[readonly CodecName[], string]>([
    [["PCMA"], "8 101"],
    [["opus"], "111 101 110"],
    [["L16/8000", "L16/16000", "L16/48000"], "112 113 114 101 102 110"],
  ])("of %j has events at the clock of each, and at 8,000 Hz", (codecs, formats) => {
    expect(numbersOf(createOffer({ ...local, codecs }))).toEqual([formats]);
  });

  test("names codecs as their registrations do (RFC 3551 §4.5, RFC 7587 §7)", () => {
    const lines = offerLines({ codecs: ["G722", "opus", "L16/16000"] });
    expect(lines.filter((line) => /rtpmap:(9|111|113) |fmtp:111 /.test(line))).toEqual([
      "a=rtpmap:9 G722/8000",
      "a=rtpmap:111 opus/48000/2",
      "a=fmtp:111 minptime=10;useinbandfec=1",
      "a=rtpmap:113 L16/16000",
    ]);
  });

  test("wants packets of uncompressed sound that fit into a datagram", () => {
    expect(offerLines({ codecs: ["L16/48000", "PCMU"] })).toContain("a=ptime:10");
  });

  test("has comfort noise if so, and only beside G.711 (RFC 3389)", () => {
    expect(numbersOf(createOffer({ ...local, comfortNoise: true }))).toEqual(["111 9 0 8 13 101 110"]);
    expect(numbersOf(createOffer({ ...local, codecs: ["G722"], comfortNoise: true }))).toEqual(["9 101"]);
  });

  test("has a codec once that is ours and the other side's", () => {
    const relayed = [{ name: "opus", clockRateHz: 48_000, channels: 2, payloadType: 96 }];
    expect(numbersOf(createOffer({ ...local, codecs: ["PCMU", "opus"], relayed }))).toEqual(["0 111 101 110"]);
    expect(numbersOf(createOffer({ ...local, codecs: ["PCMU"], relayed }))).toEqual(["0 96 101 110"]);
  });

  test("leaves out what no number is left for", () => {
    const relayed = Array.from({ length: 40 }, (_, index) => ({
      name: `x${index}`,
      clockRateHz: 8000,
      channels: 1,
      payloadType: 96 + (index % 32),
    }));
    const [formats = ""] = numbersOf(createOffer({ ...local, relayed }));
    const numbers = formats.split(" ");
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers.slice(0, 4)).toEqual(["111", "9", "0", "8"]);
    expect(numbers.slice(-2)).toEqual(["101", "110"]);
  });
});

describe("the codec of an answer", () => {
  test.each([
    [["m=audio 4 RTP/AVP 8 96", ...opus], "8", "PCMA"],
    [["m=audio 4 RTP/AVP 96 8", ...opus], "96", "opus"],
    [["m=audio 4 RTP/AVP 96 8", "a=rtpmap:96 OPUS/48000/2"], "96", "opus"],
    // Always 48,000 Hz and two channels (RFC 7587 §7).
    [["m=audio 4 RTP/AVP 96 8", "a=rtpmap:96 opus/48000"], "8", "PCMA"],
    [["m=audio 4 RTP/AVP 96 8", "a=rtpmap:96 opus/16000/2"], "8", "PCMA"],
    [["m=audio 4 RTP/AVP 9 8"], "9", "G722"],
    [["m=audio 4 RTP/AVP 97 8", "a=rtpmap:97 G722/16000"], "8", "PCMA"],
    // Static 11 is L16 at 44,100 Hz.
    [["m=audio 4 RTP/AVP 11 8"], "8", "PCMA"],
  ] as const)("%j: %s, %s", (lines, formats, codec) => {
    const { answer, negotiated } = answered(lines);
    expect([numbersOf(answer), negotiated.codec]).toEqual([[formats], codec]);
  });

  test("is nothing that is not among ours, though it could be decoded", () => {
    expect(answered(["m=audio 4 RTP/AVP 9 0"], { codecs: ["PCMU"] }).negotiated.codec).toBe("PCMU");
    const relayed = answered(["m=audio 4 RTP/AVP 9"], { codecs: ["PCMU"], relayed: "any" });
    expect([relayed.negotiated.codec, relayed.negotiated.relayed?.name]).toEqual([undefined, "G722"]);
  });

  test("L16 needs one channel", () => {
    const lines = ["m=audio 4 RTP/AVP 96 97", "a=rtpmap:96 L16/16000/2", "a=rtpmap:97 L16/16000"];
    expect(answered(lines, { codecs: ["L16/16000"] }).negotiated).toMatchObject({ codec: "L16/16000", payloadType: 97 });
  });
});

describe("Opus (RFC 7587)", () => {
  test.each([
    [undefined, undefined],
    ["minptime=10; useinbandfec=1", { fec: true }],
    ["UseInbandFec=1;usedtx=1;cbr=1", { fec: true, dtx: true, cbr: true }],
    ["useinbandfec=0;usedtx=0;cbr=0;stereo=1;sprop-stereo=1;sprop-maxcapturerate=16000", undefined],
    ["maxaveragebitrate=24000;maxplaybackrate=16000", { bitrate: 24_000, maxSampleRateHz: 16_000 }],
    ["maxaveragebitrate=5999;maxplaybackrate=7999", undefined],
    ["maxaveragebitrate=510001;maxplaybackrate=48000", undefined],
    ["maxaveragebitrate=fast;maxplaybackrate=-8000", undefined],
  ])("fmtp %j asks for %j, in an offer and in an answer", (fmtp, wishes) => {
    const described = ["m=audio 4 RTP/AVP 96", ...opus, ...(fmtp === undefined ? [] : [`a=fmtp:96 ${fmtp}`])];
    expect(answered(described).negotiated.opus).toEqual(wishes);
    expect(accepted(described).opus).toEqual(wishes);
  });

  test("the answer has our own parameters: each side says what it wants to get (§7.1)", () => {
    const { answer } = answered(["m=audio 4 RTP/AVP 96", ...opus, "a=fmtp:96 maxplaybackrate=8000;stereo=1"]);
    expect(formatSdp(answer)).toContain("a=fmtp:96 minptime=10;useinbandfec=1\r\n");
  });

  test.each([
    [[], 20],
    [["a=ptime:60"], 60],
    [["a=ptime:50"], 40],
    [["a=ptime:10"], 20],
    [["a=maxptime:15"], 20],
    [["a=ptime:60", "a=maxptime:40"], 40],
  ])("with %j packets have %i ms", (lines, ptimeMs) => {
    const described = ["m=audio 4 RTP/AVP 96", ...opus, ...lines];
    expect([answered(described).negotiated.ptimeMs, accepted(described).ptimeMs]).toEqual([ptimeMs, ptimeMs]);
  });
});

describe("telephone events (RFC 4733 §2.1)", () => {
  const both = ["m=audio 4 RTP/AVP 96 8 97 98", ...opus, event(97, 8000), event(98, 48_000)];

  test("are those at the clock of the codec", () => {
    expect(answered(both).negotiated.telephoneEvent).toEqual({ payloadType: 98, receivePayloadType: 98 });
    expect(answered(both, { codecs: ["PCMA"] }).negotiated.telephoneEvent).toEqual({ payloadType: 97, receivePayloadType: 97 });
    expect(accepted(both).telephoneEvent).toEqual({ payloadType: 98, receivePayloadType: 110 });
  });

  test("are those at 8,000 Hz beside Opus when the peer has no others", () => {
    const plain = ["m=audio 4 RTP/AVP 96 97", ...opus, event(97, 8000)];
    expect(answered(plain).negotiated.telephoneEvent).toEqual({ payloadType: 97, receivePayloadType: 97, clockRateHz: 8000 });
    expect(accepted(plain).telephoneEvent).toEqual({ payloadType: 97, receivePayloadType: 101, clockRateHz: 8000 });
  });

  test("are none when those of the peer run by a clock that nothing else has", () => {
    expect(answered(["m=audio 4 RTP/AVP 8 98", event(98, 48_000)]).negotiated.telephoneEvent).toBeUndefined();
  });
});

describe("packet time (RFC 3264 §6.1)", () => {
  test.each<[CodecName, readonly string[], number]>([
    ["PCMU", [], 20],
    ["PCMU", ["a=ptime:60"], 60],
    ["PCMU", ["a=ptime:20", "a=maxptime:10"], 10],
    ["G722", ["a=ptime:30"], 30],
    ["L16/8000", ["a=ptime:60"], 60],
    ["L16/16000", ["a=ptime:60"], 40],
    ["L16/48000", ["a=ptime:20"], 10],
  ])("of %s with %j is %i ms both ways", (codec, lines, ptimeMs) => {
    const offer = createOffer({ ...local, codecs: [codec] });
    const [line] = offer.media;
    const attributes = lines.map((text) => ({ name: text.slice(2, text.indexOf(":")), value: text.slice(text.indexOf(":") + 1) }));
    const rest = line?.attributes.filter(({ name }) => name !== "ptime") ?? [];
    const described = { ...offer, media: offer.media.map((media) => ({ ...media, attributes: [...rest, ...attributes] })) };
    const result = createAnswer(described, { ...local, codecs: [codec] });
    expect(result.ok && result.negotiated.ptimeMs).toBe(ptimeMs);
    expect(result.ok && formatSdp(result.answer)).toContain(`a=ptime:${ptimeMs}\r\n`);
  });
});

describe("comfort noise (RFC 3389)", () => {
  test("is taken with G.711 when it is offered", () => {
    const { answer, negotiated } = answered(["m=audio 4 RTP/AVP 8 101 13", event(101, 8000)]);
    expect([numbersOf(answer), negotiated.comfortNoise]).toEqual([["8 13 101"], 13]);
  });

  test.each([
    ["beside another codec", ["m=audio 4 RTP/AVP 9 13"]],
    ["at another rate", ["m=audio 4 RTP/AVP 8 98", "a=rtpmap:98 CN/16000"]],
    ["under a number that means something else", ["m=audio 4 RTP/AVP 8 13", "a=rtpmap:13 x/8000"]],
  ])("is not taken %s", (_where, lines) => {
    const { answer, negotiated } = answered(lines);
    expect([formatSdp(answer).includes("CN/"), negotiated.comfortNoise]).toEqual([false, undefined]);
  });

  test("is agreed on when we offered it, and not when only the answer has it", () => {
    const lines = ["m=audio 4 RTP/AVP 0 13"];
    expect([accepted(lines, { comfortNoise: true }).comfortNoise, accepted(lines).comfortNoise]).toEqual([13, undefined]);
  });
});

test("other codecs of the answer may come at any time, by our numbers", () => {
  const lines = ["m=audio 4 RTP/AVP 96 9 0", ...opus];
  expect(accepted(lines)).toMatchObject({
    codec: "opus",
    payloadType: 96,
    receivePayloadType: 111,
    alsoReceives: [
      { codec: "G722", payloadType: 9 },
      { codec: "PCMU", payloadType: 0 },
    ],
  });
});
