/** The codecs that the house decodes: what it offers and answers, and what becomes of it in calls between two sides and after a crash. */
import { describe, expect, test } from "vitest";
import type { LocalMedia } from "../../src/sdp/index.ts";
import { accountId, type HouseOptions, ownedNumber } from "../support/call-house.ts";
import {
  addPhone,
  answered,
  bytesOf,
  callNow,
  caller,
  callsComeFrom,
  crash,
  farAddress,
  requests,
  scene,
  type Scene,
  signedAs,
} from "./scene.ts";

const phoneAddress = "192.0.2.60";
const carrier = "192.0.2.50";
const hello = { start: "hi", nodes: { hi: { verb: "say", text: "Hi" } } };

/** Ethernet's 1,500 bytes less 200 (RFC 3261 §18.1.1): longer requests over UDP would have to go by TCP. */
const longestRequestBytes = 1300;

function sdp(...lines: readonly string[]): string {
  return ["v=0", "o=- 1 1 IN IP4 192.0.2.60", "s=-", "c=IN IP4 192.0.2.60", "t=0 0", ...lines, ""].join("\r\n");
}

const opusAndMore = sdp(
  "m=audio 40000 RTP/AVP 96 8 0 97 98",
  "a=rtpmap:96 opus/48000/2",
  "a=fmtp:96 useinbandfec=1;maxplaybackrate=16000;maxaveragebitrate=24000;stereo=0",
  "a=rtpmap:97 telephone-event/48000",
  "a=rtpmap:98 telephone-event/8000",
);

/** A phone dials a number, and the far end of the trunk takes what `media` says. */
async function dialled(offer: string, media: Partial<LocalMedia>, trunk?: Parameters<Scene["house"]["addTrunk"]>[0]): Promise<Scene> {
  const at = await scene(hello, { answersAfterMs: 100, media });
  if (trunk !== undefined) await at.house.addTrunk({ host: farAddress, ...trunk, priority: 0 });
  await addPhone(at.house, "anna");
  caller(at, phoneAddress, { to: "+12025550199", offer, authorization: signedAs("anna") });
  await at.clock.advanceAsync(700);
  return at;
}

/** A carrier calls a number whose flow speaks. */
async function called(offer: string, options: HouseOptions = {}): Promise<Scene> {
  const at = await scene(hello, {}, {}, options);
  await callsComeFrom(at.house, carrier);
  caller(at, carrier, { to: ownedNumber, offer });
  await at.clock.advanceAsync(300);
  return at;
}

async function plansOf(at: Scene) {
  return at.house.media.plans.get((await callNow(at)).id)?.endpoints ?? [];
}

/** The lines of the last session description of the house to this address, from its stream on. */
function lastTo({ network }: Scene, address: string): readonly string[] {
  const sent = network.seen.filter(({ message, to }) => to === `${address}:5060` && message.body.length > 0);
  const text = Buffer.from(sent.at(-1)?.message.body ?? "").toString();
  return text.slice(text.indexOf("m=")).split("\r\n");
}

function invite({ network }: Scene): string {
  return bytesOf(requests(network, "INVITE")[0]);
}

describe("an offer of ours", () => {
  test("has what is set, in that order, with the events of each clock, and fits into a datagram", async () => {
    const at = await scene(hello);
    await answered(at);
    const bytes = invite(at);
    expect(bytes.slice(bytes.indexOf("m=")).split("\r\n")).toEqual([
      "m=audio 20000 RTP/AVP 111 9 0 8 101 110",
      "a=rtpmap:111 opus/48000/2",
      "a=fmtp:111 minptime=10;useinbandfec=1",
      "a=rtpmap:9 G722/8000",
      "a=rtpmap:0 PCMU/8000",
      "a=rtpmap:8 PCMA/8000",
      "a=rtpmap:101 telephone-event/8000",
      "a=fmtp:101 0-15",
      "a=rtpmap:110 telephone-event/48000",
      "a=fmtp:110 0-15",
      "a=ptime:20",
      "a=sendrecv",
      "",
    ]);
    expect(Buffer.byteLength(bytes)).toBeLessThan(longestRequestBytes);
    expect(await plansOf(at)).toMatchObject([{ codec: "PCMU", payloadType: 0, telephoneEvent: 101 }]);
  });

  test("has comfort noise when that is set", async () => {
    const at = await scene(hello, { answersAfterMs: 100 }, {}, { codecs: ["G722", "PCMA"], comfortNoise: true });
    await answered(at);
    expect(invite(at)).toContain("m=audio 20000 RTP/AVP 9 8 13 101\r\n");
  });

  test("to a trunk has the codecs of the trunk", async () => {
    const at = await dialled(sdp("m=audio 40000 RTP/AVP 0"), { codecs: ["PCMA"] }, { codecs: ["G722", "PCMA"] });
    expect(invite(at)).toContain("m=audio 20002 RTP/AVP 9 8 101\r\n");
    expect((await plansOf(at)).map(({ codec }) => codec)).toEqual(["PCMU", "PCMA"]);
  });
});

describe("who dials", () => {
  test("has its codec offered first, so that nothing need be translated", async () => {
    const at = await dialled(sdp("m=audio 40000 RTP/AVP 8 0"), { codecs: ["PCMU", "PCMA"] });
    expect(invite(at)).toContain("m=audio 20002 RTP/AVP 8 111 9 0 101 110\r\n");
    expect((await plansOf(at)).map(({ codec }) => codec)).toEqual(["PCMA", "PCMA"]);
  });

  test("talks Opus with whom it dials, each by its own numbers and as each wants it", async () => {
    const at = await dialled(opusAndMore, { codecs: ["opus"] });
    expect(lastTo(at, phoneAddress)).toEqual([
      "m=audio 20000 RTP/AVP 96 97",
      "a=rtpmap:96 opus/48000/2",
      "a=fmtp:96 minptime=10;useinbandfec=1",
      "a=rtpmap:97 telephone-event/48000",
      "a=fmtp:97 0-15",
      "a=ptime:20",
      "a=sendrecv",
      "",
    ]);
    const [phone, far] = await plansOf(at);
    expect(phone).toMatchObject({ codec: "opus", clockRateHz: 48_000, payloadType: 96, telephoneEvent: 97 });
    expect(phone?.opus).toEqual({ fec: true, bitrate: 24_000, maxSampleRateHz: 16_000 });
    expect(far).toMatchObject({ codec: "opus", clockRateHz: 48_000, payloadType: 111, telephoneEvent: 110 });
    expect([phone, far].map((plan) => plan?.source.kind)).toEqual(["mix", "mix"]);
  });

  test("talks a codec that is none of ours by the settings as it comes", async () => {
    const at = await scene(hello, { answersAfterMs: 100, media: { codecs: ["opus"] } }, {}, { codecs: ["PCMU"] });
    await addPhone(at.house, "anna");
    caller(at, phoneAddress, { to: "+12025550199", offer: opusAndMore, authorization: signedAs("anna") });
    await at.clock.advanceAsync(700);
    expect(await plansOf(at)).toMatchObject([
      { payloadType: 96, clockRateHz: 48_000, source: { kind: "relay" } },
      { payloadType: 96, clockRateHz: 48_000, source: { kind: "relay" } },
    ]);
  });
});

describe("an answer of ours", () => {
  test("takes the first of the offer that is set, and comfort noise and packet time with it", async () => {
    const at = await called(sdp("m=audio 40000 RTP/AVP 18 0 8 9 13 101", "a=rtpmap:101 telephone-event/8000", "a=ptime:30"));
    expect(lastTo(at, carrier).slice(0, 6)).toEqual([
      "m=audio 20000 RTP/AVP 0 13 101",
      "a=rtpmap:0 PCMU/8000",
      "a=rtpmap:13 CN/8000",
      "a=rtpmap:101 telephone-event/8000",
      "a=fmtp:101 0-15",
      "a=ptime:30",
    ]);
    expect(await plansOf(at)).toMatchObject([{ codec: "PCMU", comfortNoise: 13, ptimeMs: 30, telephoneEvent: 101 }]);
  });

  test("takes events at 8,000 Hz beside Opus from who has no others, and says how durations count", async () => {
    const lines = ["m=audio 40000 RTP/AVP 111 101", "a=rtpmap:111 opus/48000/2", "a=rtpmap:101 telephone-event/8000"];
    const at = await called(sdp(...lines));
    expect(lastTo(at, carrier)[0]).toBe("m=audio 20000 RTP/AVP 111 101");
    expect(await plansOf(at)).toMatchObject([{ codec: "opus", telephoneEvent: 101, telephoneEventClockRateHz: 8000 }]);
  });

  test("to a trunk keeps to the codecs of the trunk", async () => {
    const at = await scene(hello);
    await callsComeFrom(at.house, carrier);
    const [trunk] = at.house.directory.trunks.bySource(carrier);
    if (trunk !== undefined) await at.house.directory.trunks.update({ ...trunk, codecs: ["PCMU"] });
    caller(at, carrier, { to: ownedNumber, offer: opusAndMore });
    await at.clock.advanceAsync(300);
    expect(lastTo(at, carrier)[0]).toBe("m=audio 20000 RTP/AVP 0 98");
  });
});

test("after a crash a call keeps its codec, its numbers and its packet time, though the settings are others now", async () => {
  const at = await called(opusAndMore);
  const sessions = async () => (await plansOf(at)).map(({ source: _source, ...session }) => session);
  const before = await sessions();
  expect(before).toMatchObject([{ codec: "opus", payloadType: 96 }]);
  at.house = { ...at.house, options: { codecs: ["PCMU"] } };
  await crash(at, 700);
  expect(await sessions()).toEqual(before);
  const { id } = await callNow(at);
  void at.house.calls.send(accountId, id, { kind: "hold", by: "u" });
  await at.clock.advanceAsync(300);
  expect(lastTo(at, carrier).slice(0, 6)).toEqual([
    "m=audio 20000 RTP/AVP 96 0 98 97",
    "a=rtpmap:96 opus/48000/2",
    "a=fmtp:96 minptime=10;useinbandfec=1",
    "a=rtpmap:0 PCMU/8000",
    "a=rtpmap:98 telephone-event/8000",
    "a=fmtp:98 0-15",
  ]);
});

test("an offer that waits for its answer over a crash gets the one that was meant, though the settings are others now", async () => {
  const at = await scene(hello, { answersAfterMs: 3000 }, {}, { codecs: ["PCMU"] });
  await addPhone(at.house, "anna");
  const offer = sdp("m=audio 40000 RTP/AVP 8 0");
  caller(at, phoneAddress, { to: "+12025550199", offer, authorization: signedAs("anna") });
  await at.clock.advanceAsync(700);
  at.house = { ...at.house, options: { codecs: ["PCMA", "PCMU"] } };
  await crash(at, 700);
  await at.clock.advanceAsync(5000);
  expect(lastTo(at, phoneAddress)[0]).toBe("m=audio 20000 RTP/AVP 0");
});
