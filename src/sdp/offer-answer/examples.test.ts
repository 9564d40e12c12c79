/** The exchanges of RFC 3264 §10 and, as far as they are about audio, of RFC 4317, with us as the one who answers or offers next. Names of hosts are theirs. */
import { expect, test } from "vitest";
import { formatSdp } from "../description/format-sdp.ts";
import { parseSdp } from "../description/parse-sdp.ts";
import { createAnswer } from "./create-answer.ts";
import { createOffer } from "./create-offer.ts";
import type { LocalMedia } from "./session-sides.ts";

const bob: LocalMedia = {
  address: "192.0.2.10",
  port: 49_920,
  sessionId: "2890844730",
  version: 1,
  codecs: ["PCMU", "PCMA"],
  telephoneEvent: true,
  direction: "sendrecv",
  ptimeMs: 20,
};

function answered(lines: readonly string[], changes: Partial<LocalMedia> = {}) {
  const head = ["v=0", "o=alice 2890844526 2890844526 IN IP4 host.anywhere.com", "s=-", "c=IN IP4 host.anywhere.com", "t=0 0"];
  const parsed = parseSdp([...head, ...lines, ""].join("\r\n"));
  if (!parsed.ok) throw new Error(parsed.reason);
  return createAnswer(parsed.value, { ...bob, ...changes });
}

/** The m= lines and directions of what we answer. */
function answerTo(lines: readonly string[], changes: Partial<LocalMedia> = {}): readonly string[] {
  const result = answered(lines, changes);
  return result.ok ? told(formatSdp(result.answer)) : [result.reason];
}

function told(text: string): readonly string[] {
  return text.split("\r\n").filter((line) => /^(m=|a=(sendrecv|sendonly|recvonly|inactive))/.test(line));
}

const audioAndVideo = ["m=audio 49170 RTP/AVP 0", "m=video 51372 RTP/AVP 31", "a=rtpmap:31 H261/90000", "m=video 53000 RTP/AVP 32"];

test("RFC 3264 §10.1: one audio, two video; audio alone is taken, and the lines stay when a port changes and a line is added", () => {
  expect(answerTo(audioAndVideo)).toEqual(["m=audio 49920 RTP/AVP 0", "a=sendrecv", "m=video 0 RTP/AVP 31", "m=video 0 RTP/AVP 32"]);
  const first = answered(audioAndVideo);
  const history = first.ok ? first.negotiated.history : undefined;
  const second = [
    "m=audio 49170 RTP/AVP 0",
    "m=video 0 RTP/AVP 31",
    "m=video 0 RTP/AVP 32",
    "m=audio 51434 RTP/AVP 110",
    "a=rtpmap:110 telephone-event/8000",
  ];
  expect(answerTo([...second, "a=recvonly"], { history })).toEqual([
    "m=audio 49920 RTP/AVP 0",
    "a=sendrecv",
    "m=video 0 RTP/AVP 31",
    "m=video 0 RTP/AVP 32",
    "m=audio 0 RTP/AVP 110",
  ]);
});

test("RFC 3264 §10.2: one of several codecs is chosen, with events", () => {
  const lines = ["m=audio 62986 RTP/AVP 0 4 18", "a=rtpmap:0 PCMU/8000", "a=rtpmap:4 G723/8000", "a=rtpmap:18 G729/8000"];
  expect(answerTo(lines)).toEqual(["m=audio 49920 RTP/AVP 0", "a=sendrecv"]);
});

const threeCodecs = ["m=audio 49170 RTP/AVP 0 8 97", "a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000", "a=rtpmap:97 iLBC/8000"];

test("RFC 4317 §2.1: the first codec of three that we have", () => {
  expect(answerTo([...threeCodecs, "m=video 51372 RTP/AVP 31 32"])).toEqual([
    "m=audio 49920 RTP/AVP 0",
    "a=sendrecv",
    "m=video 0 RTP/AVP 31 32",
  ]);
  expect(answerTo(threeCodecs, { codecs: ["PCMA"] })).toEqual(["m=audio 49920 RTP/AVP 8", "a=sendrecv"]);
});

test("RFC 4317 §2.4: of two audio streams the one of events alone is refused", () => {
  const events = ["m=audio 49172 RTP/AVP 98", "a=rtpmap:98 telephone-event/8000", "a=recvonly"];
  expect(answerTo([...threeCodecs, ...events])).toEqual(["m=audio 49920 RTP/AVP 0", "a=sendrecv", "m=audio 0 RTP/AVP 98"]);
  expect(answerTo([...events, ...threeCodecs])).toEqual(["m=audio 0 RTP/AVP 98", "m=audio 49920 RTP/AVP 0", "a=sendrecv"]);
});

test("RFC 4317 §2.6: audio alone, with a codec that we lack and one that we have", () => {
  expect(answerTo(["m=audio 49170 RTP/AVP 97 0", "a=rtpmap:97 iLBC/8000"])).toEqual(["m=audio 49920 RTP/AVP 0", "a=sendrecv"]);
  expect(answerTo(["m=audio 49170 RTP/AVP 97", "a=rtpmap:97 iLBC/8000"])).toEqual(["no common codec"]);
});

test("RFC 4317 §3.1: hold by sendonly, and resumed", () => {
  expect(answerTo(["m=audio 49170 RTP/AVP 0", "a=sendonly"])).toEqual(["m=audio 49920 RTP/AVP 0", "a=recvonly"]);
  expect(answerTo(["m=audio 49170 RTP/AVP 0"])).toEqual(["m=audio 49920 RTP/AVP 0", "a=sendrecv"]);
});

test("RFC 4317 §3.2: one of two streams is held, which then is ours", () => {
  const two = ["m=audio 49170 RTP/AVP 0", "m=audio 49172 RTP/AVP 0", "a=sendonly"];
  expect(answerTo(two)).toEqual(["m=audio 49920 RTP/AVP 0", "a=sendrecv", "m=audio 0 RTP/AVP 0"]);
  const first = answered(two);
  const { history } = first.ok ? first.negotiated : {};
  expect(answerTo(["m=audio 49170 RTP/AVP 0", "a=sendonly", "m=audio 0 RTP/AVP 0"], { history })).toEqual([
    "m=audio 49920 RTP/AVP 0",
    "a=recvonly",
    "m=audio 0 RTP/AVP 0",
  ]);
});

test("RFC 4317 §4.1 to §4.3: streams are added, and go again; each keeps its line", () => {
  let history: LocalMedia["history"];
  const exchanges = [
    [["m=audio 49170 RTP/AVP 0"], ["m=audio 49920 RTP/AVP 0", "a=sendrecv"]],
    [
      ["m=audio 49170 RTP/AVP 0", "m=audio 49172 RTP/AVP 0", "a=recvonly"],
      ["m=audio 49920 RTP/AVP 0", "a=sendrecv", "m=audio 0 RTP/AVP 0"],
    ],
    [
      ["m=audio 49170 RTP/AVP 0", "m=audio 0 RTP/AVP 0", "m=video 49174 RTP/AVP 31"],
      ["m=audio 49920 RTP/AVP 0", "a=sendrecv", "m=audio 0 RTP/AVP 0", "m=video 0 RTP/AVP 31"],
    ],
  ] as const;
  for (const [offer, answer] of exchanges) {
    const result = answered(offer, { history });
    if (!result.ok) throw new Error(result.reason);
    expect(told(formatSdp(result.answer))).toEqual(answer);
    history = result.negotiated.history;
  }
  expect(told(formatSdp(createOffer({ ...bob, direction: "sendonly", history })))).toEqual([
    "m=audio 49920 RTP/AVP 0 8 101",
    "a=sendonly",
    "m=audio 0 RTP/AVP 0",
    "m=video 0 RTP/AVP 31",
  ]);
});

test("RFC 4317 §5.2: a third party's hold by address zero, and back", () => {
  expect(answerTo(["m=audio 49170 RTP/AVP 0", "c=IN IP4 0.0.0.0"])).toEqual(["m=audio 49920 RTP/AVP 0", "a=recvonly"]);
});

test("RFC 6337 §5.3: who is held offers what it wants, not what was last agreed", () => {
  const held = answered(["m=audio 49170 RTP/AVP 0", "a=sendonly"]);
  const { history } = held.ok ? held.negotiated : {};
  expect(told(formatSdp(createOffer({ ...bob, history })))).toEqual(["m=audio 49920 RTP/AVP 0 8 101", "a=sendrecv"]);
});

test("RFC 6337 §4: an offer after an answer with one codec may have all of ours again", () => {
  const result = answered(["m=audio 49170 RTP/AVP 8"]);
  const { history } = result.ok ? result.negotiated : {};
  expect(told(formatSdp(createOffer({ ...bob, history })))[0]).toBe("m=audio 49920 RTP/AVP 0 8 101");
});
