import { describe, expect, test } from "vitest";
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
  codecs: ["PCMA", "PCMU"],
  telephoneEvent: true,
  direction: "sendrecv",
  ptimeMs: 20,
};

function sdp(...media: string[]): SessionDescription {
  const result = parseSdp(["v=0", "o=- 1 1 IN IP4 198.51.100.5", "s=-", "c=IN IP4 198.51.100.5", "t=0 0", ...media].join("\r\n"));
  if (!result.ok) throw new Error(result.reason);
  return result.value;
}

function answered(offer: SessionDescription, ours: Partial<LocalMedia> = {}) {
  const result = createAnswer(offer, { ...local, ...ours });
  if (!result.ok) throw new Error(result.reason);
  return result;
}

function accepted(offer: SessionDescription, answer: SessionDescription, history?: LocalMedia["history"]) {
  const result = acceptAnswer(offer, answer, { ...local, history });
  if (!result.ok) throw new Error(result.reason);
  return result.negotiated;
}

test("an offer says what we can do", () => {
  expect(formatSdp(createOffer({ ...local, rtcpMux: true })).split("\r\n")).toEqual([
    "v=0",
    "o=- 77 1 IN IP4 192.0.2.10",
    "s=-",
    "c=IN IP4 192.0.2.10",
    "t=0 0",
    "m=audio 20000 RTP/AVP 8 0 101",
    "a=rtpmap:8 PCMA/8000",
    "a=rtpmap:0 PCMU/8000",
    "a=rtpmap:101 telephone-event/8000",
    "a=fmtp:101 0-15",
    "a=ptime:20",
    "a=rtcp-mux",
    "a=sendrecv",
    "",
  ]);
});

describe("later exchanges (§8)", () => {
  test("our offer keeps the lines, their places and the payload types of what was agreed", () => {
    const { negotiated } = answered(sdp("m=video 5000 RTP/AVP 31 34", "m=audio 4000 RTP/AVPF 0 96", "a=rtpmap:96 telephone-event/8000"));
    const { history } = negotiated;
    const next = createOffer({ ...local, direction: "sendonly", history });
    expect(next.media.map(({ media, port, protocol, formats }) => [media, port, protocol, formats])).toEqual([
      ["video", 0, "RTP/AVP", ["31", "34"]],
      ["audio", 20_000, "RTP/AVPF", ["8", "0", "96"]],
    ]);
    const reply = sdp("m=video 0 RTP/AVP 31", "m=audio 4000 RTP/AVPF 8 96", "a=rtpmap:96 telephone-event/8000", "a=recvonly");
    const after = accepted(next, reply, history);
    expect(after).toMatchObject({ codec: "PCMA", telephoneEvent: { payloadType: 96 }, direction: "sendonly", history: history ?? {} });
  });

  test("a number that once meant something else is not used again (§8.3.2)", () => {
    const { negotiated } = answered(sdp("m=audio 4000 RTP/AVP 0 101", "a=rtpmap:101 iLBC/8000"));
    expect(negotiated.history).toEqual({ payloadTypes: { 101: "ilbc/8000" } });
    const next = createOffer({ ...local, history: negotiated.history });
    expect(formatSdp(next)).toContain("m=audio 20000 RTP/AVP 8 0 102\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:102 tele");
    // Nor after the peer agreed, with yet another number of its own.
    const after = accepted(next, sdp("m=audio 4000 RTP/AVP 0 97", "a=rtpmap:97 telephone-event/8000"), negotiated.history);
    expect(after.telephoneEvent).toEqual({ payloadType: 97, receivePayloadType: 102 });
    expect(after.history?.payloadTypes).toEqual({ 97: "telephone-event/8000", 101: "ilbc/8000", 102: "telephone-event/8000" });
  });

  test("a plain call leaves nothing to remember", () => {
    const { negotiated } = answered(sdp("m=audio 4000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000"));
    expect(negotiated).not.toHaveProperty("history");
    expect(accepted(createOffer(local), sdp("m=audio 4000 RTP/AVP 0"))).not.toHaveProperty("history");
  });

  test("our stream stays our stream when one before it comes back, and may itself be taken away", () => {
    const { negotiated } = answered(sdp("m=audio 0 RTP/AVP 0", "m=audio 4002 RTP/AVP 0"));
    const { history } = negotiated;
    const again = answered(sdp("m=audio 4000 RTP/AVP 0", "m=audio 4002 RTP/AVP 0"), { history });
    expect(again.answer.media.map(({ port }) => port)).toEqual([0, 20_000]);
    // §8.2: the second stream ends; the line of the first is used for it from now on (§8.1).
    const moved = answered(sdp("m=audio 4000 RTP/AVP 0", "m=audio 0 RTP/AVP 0"), { history });
    expect(moved.answer.media.map(({ port }) => port)).toEqual([20_000, 0]);
    expect(createOffer({ ...local, history: moved.negotiated.history }).media.map(({ port }) => port)).toEqual([20_000, 0]);
  });

  test("a line may be added, and a refused one may come back as something else (§8.1)", () => {
    const { history } = answered(sdp("m=audio 4000 RTP/AVP 0", "m=video 0 RTP/AVP 31")).negotiated;
    const { answer, negotiated } = answered(sdp("m=audio 4000 RTP/AVP 0", "m=image 6000 udptl t38", "m=message 7000 TCP/MSRP *"), {
      history,
    });
    expect(answer.media.map(({ media, port, protocol }) => [media, port, protocol])).toEqual([
      ["audio", 20_000, "RTP/AVP"],
      ["image", 0, "udptl"],
      ["message", 0, "TCP/MSRP"],
    ]);
    expect(negotiated.history?.others?.map(({ at, media }) => [at, media])).toEqual([
      [1, "image"],
      [2, "message"],
    ]);
  });

  test.each([
    ["no audio stream", ["m=audio 0 RTP/AVP 0", "m=image 6000 udptl t38"]],
    ["no audio stream", ["m=image 6000 udptl t38"]],
  ])("fax takes the place of audio: refused, %s (RFC 6913)", (reason, lines) => {
    const { history } = answered(sdp("m=audio 4000 RTP/AVP 0")).negotiated;
    expect(createAnswer(sdp(...lines), { ...local, history })).toMatchObject({ ok: false, status: 488, reason, warning: 304 });
  });

  test("another codec of ours may take over, by either side", () => {
    expect(answered(sdp("m=audio 4000 RTP/AVP 0")).negotiated.codec).toBe("PCMU");
    expect(answered(sdp("m=audio 4000 RTP/AVP 8")).negotiated.codec).toBe("PCMA");
    expect(accepted(createOffer(local), sdp("m=audio 4000 RTP/AVP 8")).codec).toBe("PCMA");
  });
});

describe("createAnswer", () => {
  test("takes the first codec of the offer that we have, with the payload types of the offer", () => {
    const offer = sdp("m=audio 4000 RTP/AVP 18 0 8 96", "a=rtpmap:96 TELEPHONE-EVENT/8000", "a=ptime:30");
    const { answer, negotiated } = answered(offer);
    expect(negotiated).toEqual({
      codec: "PCMU",
      payloadType: 0,
      receivePayloadType: 0,
      telephoneEvent: { payloadType: 96, receivePayloadType: 96 },
      remote: { address: "198.51.100.5", port: 4000 },
      remoteRtcp: { address: "198.51.100.5", port: 4001 },
      rtcpMux: false,
      direction: "sendrecv",
      ptimeMs: 30,
      history: { payloadTypes: { 96: "telephone-event/8000" } },
    });
    expect(answer.media).toMatchObject([{ port: 20_000, formats: ["0", "96"] }]);
  });

  test("refuses other streams by port 0 and keeps their order (§6)", () => {
    const offer = sdp(
      "m=video 5000 RTP/AVP 31",
      "m=audio 4000 RTP/SAVP 0",
      "m=audio 4002 RTP/AVP 0",
      "m=audio 4004 RTP/AVP 0",
      "m=image 6000 udptl t38",
    );
    const { answer, negotiated } = answered(offer);
    expect(negotiated.remote.port).toBe(4002);
    expect(answer.media.map((media) => [media.media, media.port, media.protocol])).toEqual([
      ["video", 0, "RTP/AVP"],
      ["audio", 0, "RTP/SAVP"],
      ["audio", 20_000, "RTP/AVP"],
      ["audio", 0, "RTP/AVP"],
      ["image", 0, "udptl"],
    ]);
  });

  test.each([
    ["no common codec", 305, ["m=audio 4000 RTP/AVP 18 3"]],
    ["no common codec", 305, ["m=audio 4000 RTP/AVP 0", "a=rtpmap:0 PCMU/16000"]],
    ["no audio stream", 304, ["m=video 4000 RTP/AVP 31"]],
    ["no audio stream", 304, ["m=audio 0 RTP/AVP 0"]],
    ["no audio stream", 304, []],
    ["no audio stream without encryption", 302, ["m=audio 4000 RTP/SAVP 0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x"]],
    ["no audio stream without encryption", 302, ["m=audio 9 UDP/TLS/RTP/SAVPF 111 0", "a=setup:actpass", "a=fingerprint:sha-256 00"]],
    ["no address that we can reach", 301, ["m=audio 4000 RTP/AVP 0", "c=PSTN E164 +1555"]],
  ])("488: %s, warning %i %#", (reason, warning, media) => {
    expect(createAnswer(sdp(...media), local)).toEqual({ ok: false, status: 488, reason, warning });
  });

  test("of a plain and an encrypted stream the plain one is taken, and what it says of keys and ICE is left unanswered", () => {
    const offer = sdp(
      "m=audio 4000 RTP/SAVP 0",
      "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
      "m=audio 4002 RTP/AVP 0",
      "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
      "a=ice-ufrag:abcd",
      "a=ice-pwd:abcdefghijklmnopqrstuv",
      "a=candidate:1 1 UDP 2130706431 198.51.100.5 4002 typ host",
    );
    const text = formatSdp(answered(offer).answer);
    expect(text).toContain("m=audio 0 RTP/SAVP 0\r\nm=audio 20000 RTP/AVP 0\r\n");
    expect(text).not.toMatch(/crypto|ice|candidate/);
  });

  test.each([
    ["sendrecv", "sendrecv", "sendrecv"],
    ["sendonly", "sendrecv", "recvonly"],
    ["recvonly", "sendrecv", "sendonly"],
    ["inactive", "sendrecv", "inactive"],
    ["sendrecv", "sendonly", "sendonly"],
    ["sendonly", "sendonly", "inactive"],
    ["sendrecv", "inactive", "inactive"],
  ] as const)("offered %s and wanting %s we answer %s (§6.1)", (offered, wanted, direction) => {
    const { answer, negotiated } = answered(sdp("m=audio 4000 RTP/AVP 0", `a=${offered}`), { direction: wanted });
    expect(negotiated.direction).toBe(direction);
    expect(answer.media[0]?.attributes).toContainEqual({ name: direction, value: "" });
  });

  test("the old hold by address zero is answered by recvonly (§8.4)", () => {
    const { negotiated } = answered(sdp("m=audio 4000 RTP/AVP 0", "c=IN IP4 0.0.0.0"));
    expect(negotiated.direction).toBe("recvonly");
  });

  test.each([
    [["a=rtcp:9000"], { address: "198.51.100.5", port: 9000 }, false],
    [["a=rtcp:9000 IN IP4 203.0.113.1"], { address: "203.0.113.1", port: 9000 }, false],
    [["a=rtcp:nonsense"], { address: "198.51.100.5", port: 4001 }, false],
    [["a=rtcp-mux"], { address: "198.51.100.5", port: 4000 }, true],
  ])("RTCP goes where %j says", (attributes, remoteRtcp, rtcpMux) => {
    expect(answered(sdp("m=audio 4000 RTP/AVP 0", ...attributes), { rtcpMux: true }).negotiated).toMatchObject({ remoteRtcp, rtcpMux });
  });

  test("rtcp-mux is not answered when we do not do it", () => {
    const { answer, negotiated } = answered(sdp("m=audio 4000 RTP/AVP 0", "a=rtcp-mux"));
    expect([negotiated.rtcpMux, formatSdp(answer).includes("mux")]).toEqual([false, false]);
  });

  test.each([
    [[], 20],
    [["a=ptime:40"], 40],
    [["a=ptime:35"], 30],
    [["a=ptime:500"], 60],
    [["a=ptime:5"], 20],
    [["a=ptime:x"], 20],
    [["a=ptime:20.0"], 20],
    [["a=ptime:0"], 20],
    [["a=ptime:10 "], 10],
    [["a=ptime:40", "a=maxptime:30"], 30],
    [["a=maxptime:10"], 10],
  ])("with %j packets have %d ms", (attributes, ptimeMs) => {
    expect(answered(sdp("m=audio 4000 RTP/AVP 0", ...attributes)).negotiated.ptimeMs).toBe(ptimeMs);
  });

  test("telephone-event of another rate, or not wanted, is not agreed", () => {
    expect(answered(sdp("m=audio 4000 RTP/AVP 0 96", "a=rtpmap:96 telephone-event/16000")).negotiated.telephoneEvent).toBeUndefined();
    expect(
      answered(sdp("m=audio 4000 RTP/AVP 0 96", "a=rtpmap:96 telephone-event/8000"), { telephoneEvent: false }).negotiated.telephoneEvent,
    ).toBeUndefined();
  });
});

describe("acceptAnswer", () => {
  const offer = createOffer(local);

  test("sends with the payload types of the answer and receives with ours", () => {
    const answer = sdp("m=audio 4000 RTP/AVP 0 120", "a=rtpmap:120 telephone-event/8000", "a=sendonly");
    expect(accepted(offer, answer)).toMatchObject({
      codec: "PCMU",
      payloadType: 0,
      receivePayloadType: 0,
      telephoneEvent: { payloadType: 120, receivePayloadType: 101 },
      remote: { address: "198.51.100.5", port: 4000 },
      direction: "recvonly",
    });
  });

  test("hold: our sendonly, their recvonly", () => {
    expect(accepted(createOffer({ ...local, direction: "sendonly" }), sdp("m=audio 4000 RTP/AVP 0", "a=recvonly")).direction).toBe(
      "sendonly",
    );
    expect(accepted(createOffer({ ...local, direction: "sendonly" }), sdp("m=audio 4000 RTP/AVP 0")).direction).toBe("sendonly");
  });

  test.each([
    ["stream refused", ["m=audio 0 RTP/AVP 0"]],
    ["no common codec", ["m=audio 4000 RTP/AVP 3"]],
    ["no common codec", ["m=audio 4000 RTP/SAVP 0"]],
    ["no common codec", ["m=audio 4000 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"]],
    ["no address that we can reach", ["m=audio 4000 RTP/AVP 0", "c=PSTN E164 +1555"]],
    ["answer has other streams than the offer", []],
    ["answer has other streams than the offer", ["m=audio 4000 RTP/AVP 0", "m=video 0 RTP/AVP 31"]],
  ])("488: %s %#", (reason, media) => {
    expect(acceptAnswer(offer, sdp(...media), local)).toMatchObject({ ok: false, status: 488, reason });
  });

  test("of several codecs in the answer the first counts: the peer sends it (§6.1)", () => {
    const both = accepted(offer, sdp("m=audio 4000 RTP/AVP 0 8 101"));
    expect(both).toMatchObject({ codec: "PCMU", payloadType: 0, alsoReceives: [{ codec: "PCMA", payloadType: 8 }] });
    expect(accepted(offer, sdp("m=audio 4000 RTP/AVP 0 101"))).not.toHaveProperty("alsoReceives");
    expect(accepted(offer, sdp("m=audio 4000 RTP/AVP 101 8 0"))).toMatchObject({ codec: "PCMA", payloadType: 8 });
  });

  test("a number that the answer does not explain means what it meant in the offer", () => {
    expect(accepted(offer, sdp("m=audio 4000 RTP/AVP 8 101")).telephoneEvent).toEqual({ payloadType: 101, receivePayloadType: 101 });
  });

  test("a codec that we did not offer is not taken", () => {
    expect(acceptAnswer(createOffer({ ...local, codecs: ["PCMA"] }), sdp("m=audio 4000 RTP/AVP 0"), local).ok).toBe(false);
  });
});

test("an offer that is as large as may be costs little to answer, and leaves little behind", () => {
  const numbers = Array.from({ length: 8000 }, (_, index) => index % 128).join(" ");
  const maps = Array.from({ length: 1500 }, (_, index) => `a=rtpmap:${index % 128} x${index}/8000`);
  const { answer, negotiated } = answered(sdp("m=audio 4000 RTP/AVP 8", `m=audio 4002 RTP/AVP ${numbers}`, ...maps));
  expect(answer.media.map(({ formats }) => formats.length)).toEqual([1, 8]);
  expect(JSON.stringify(negotiated).length).toBeLessThan(500);
});

test("IPv6 is written as IP6", () => {
  expect(formatSdp(createOffer({ ...local, address: "2001:db8::1" }))).toContain("c=IN IP6 2001:db8::1\r\n");
});
