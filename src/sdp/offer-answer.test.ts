import { describe, expect, test } from "vitest";
import { formatSdp } from "./format.ts";
import { acceptAnswer, createAnswer, createOffer, type LocalMedia, revised } from "./offer-answer.ts";
import { parseSdp } from "./parse.ts";
import type { SessionDescription } from "./session-description.ts";

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

function accepted(offer: SessionDescription, answer: SessionDescription) {
  const result = acceptAnswer(offer, answer);
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

test("a later offer keeps the streams and payload types of what was agreed (§8)", () => {
  const { answer } = answered(sdp("m=video 5000 RTP/AVP 31", "m=audio 4000 RTP/AVP 0 96", "a=rtpmap:96 telephone-event/8000"));
  const next = createOffer({ ...local, direction: "sendonly" }, answer);
  expect(next.media.map((media) => [media.media, media.port, media.formats])).toEqual([
    ["video", 0, ["31"]],
    ["audio", 20_000, ["8", "0", "96"]],
  ]);
  const reply = sdp("m=video 0 RTP/AVP 31", "m=audio 4000 RTP/AVP 8 96", "a=rtpmap:96 telephone-event/8000", "a=recvonly");
  expect(accepted(next, reply)).toMatchObject({ codec: "PCMA", telephoneEvent: { payloadType: 96 }, direction: "sendonly" });
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
    ["no common codec", ["m=audio 4000 RTP/AVP 18 3"]],
    ["no common codec", ["m=audio 4000 RTP/AVP 0", "a=rtpmap:0 PCMU/16000"]],
    ["no audio stream that we can do", ["m=video 4000 RTP/AVP 31"]],
    ["no audio stream that we can do", ["m=audio 0 RTP/AVP 0"]],
    ["no audio stream that we can do", ["m=audio 4000 RTP/SAVP 0"]],
    ["no audio stream that we can do", []],
  ])("488: %s %#", (reason, media) => {
    expect(createAnswer(sdp(...media), local)).toEqual({ ok: false, status: 488, reason });
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
    ["answer has other streams than the offer", []],
    ["answer has other streams than the offer", ["m=audio 4000 RTP/AVP 0", "m=video 0 RTP/AVP 31"]],
  ])("488: %s", (reason, media) => {
    expect(acceptAnswer(offer, sdp(...media))).toEqual({ ok: false, status: 488, reason });
  });

  test("a codec that we did not offer is not taken", () => {
    expect(acceptAnswer(createOffer({ ...local, codecs: ["PCMA"] }), sdp("m=audio 4000 RTP/AVP 0")).ok).toBe(false);
  });
});

test("the version rises by one when something changes, and only then (§8)", () => {
  const first = createOffer({ ...local, version: 41 });
  expect(revised(first, createOffer({ ...local, version: 1 })).origin.version).toBe("41");
  expect(revised(first, createOffer({ ...local, version: 1, direction: "sendonly" })).origin).toEqual({ ...first.origin, version: "42" });
});

test("IPv6 is written as IP6", () => {
  expect(formatSdp(createOffer({ ...local, address: "2001:db8::1" }))).toContain("c=IN IP6 2001:db8::1\r\n");
});
