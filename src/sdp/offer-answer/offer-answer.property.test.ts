import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type CodecName, codecNames } from "../../kernel/index.ts";
import { agreedDirection, directions, receives, sends } from "../attribute/direction.ts";
import { ptimeOf } from "../attribute/packet-time.ts";
import { formatSdp } from "../description/format-sdp.ts";
import { parseSdp } from "../description/parse-sdp.ts";
import type { SessionDescription } from "../description/session-description.ts";
import { acceptAnswer } from "./accept-answer.ts";
import { createAnswer } from "./create-answer.ts";
import { createOffer } from "./create-offer.ts";
import type { LocalMedia, Negotiated, RelayedFormat } from "./session-sides.ts";

const address = fc.oneof(fc.ipV4(), fc.ipV6());
const number = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);

test("nothing that parses makes an answer throw", () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom(
      "m=audio 4000 RTP/AVP 0 8",
      "m=audio 4000 RTP/AVP 96 97",
      "a=rtpmap:96 opus/48000/2",
      "a=rtpmap:97 telephone-event/48000",
      "c=IN IP4 0.0.0.0",
      "a=rtpmap:0",
      "a=rtcp:99999",
      "a=ptime:-1",
      "a=fmtp:",
      "m=audio",
    ),
  );
  fc.assert(
    fc.property(fc.array(line), local(), (lines, ours) => {
      const parsed = parseSdp(["v=0", "o=- 1 1 IN IP4 h", ...lines].join("\n"));
      if (!parsed.ok) return;
      createAnswer(parsed.value, { ...ours, relayed: "any" });
      acceptAnswer(createOffer(ours), parsed.value, ours);
    }),
  );
});

function local(): fc.Arbitrary<LocalMedia> {
  return fc.record({
    // The unspecified address would mean the hold of RFC 2543.
    address: address.filter((value) => /[1-9a-f]/.test(value)),
    port: fc.integer({ min: 1024, max: 65_534 }),
    sessionId: number,
    version: fc.nat(),
    codecs: fc.shuffledSubarray([...codecNames], { minLength: 1 }),
    telephoneEvent: fc.boolean(),
    direction: fc.constantFrom(...directions),
    ptimeMs: fc.constantFrom(10, 20, 30, 40, 60),
    rtcpMux: fc.boolean(),
  });
}

const longestMs: Partial<Record<CodecName, number>> = { "L16/16000": 40, "L16/48000": 10 };

/** What both sides hold to, as far as they must see it alike. */
function expectAgreement(ours: Negotiated, theirs: Negotiated, caller: LocalMedia, callee: LocalMedia): void {
  expect(ours.codec).toBe(theirs.codec);
  expect([ours.relayed?.name, ours.relayed?.clockRateHz]).toEqual([theirs.relayed?.name, theirs.relayed?.clockRateHz]);
  expect([ours.payloadType, ours.receivePayloadType]).toEqual([theirs.receivePayloadType, theirs.payloadType]);
  expect(ours.telephoneEvent?.payloadType).toBe(theirs.telephoneEvent?.receivePayloadType);
  expect(ours.telephoneEvent?.receivePayloadType).toBe(theirs.telephoneEvent?.payloadType);
  expect(ours.telephoneEvent !== undefined).toBe(caller.telephoneEvent && callee.telephoneEvent);
  expect(ours.rtcpMux).toBe(theirs.rtcpMux);
  expect([ours.remote, theirs.remote]).toEqual([
    { address: callee.address, port: callee.port },
    { address: caller.address, port: caller.port },
  ]);
  // Packets one side sends are those the other expects.
  expect([sends(ours.direction), receives(ours.direction)]).toEqual([receives(theirs.direction), sends(theirs.direction)]);
  // The answer repeats what the offer wants, but for packets that are passed on.
  const [wantedMs = 0] = createOffer(caller).media.map((media) => ptimeOf(media));
  if (ours.codec === undefined) expect([ours.ptimeMs, theirs.ptimeMs]).toEqual([callee.ptimeMs, wantedMs]);
  else {
    const ptimeMs =
      ours.codec === "opus" ? Math.max(20, wantedMs - (wantedMs % 20)) : Math.min(wantedMs, longestMs[ours.codec] ?? wantedMs);
    expect([ours.ptimeMs, theirs.ptimeMs]).toEqual([ptimeMs, ptimeMs]);
  }
  expect(ours.history?.protocol).toBe(theirs.history?.protocol);
}

/** As the other side reads it. */
function sent(description: SessionDescription): SessionDescription {
  const parsed = parseSdp(formatSdp(description));
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.value;
}

/** One exchange; undefined when it was refused, which then both sides know. */
function exchanged(caller: LocalMedia, callee: LocalMedia): readonly [Negotiated, Negotiated] | undefined {
  const offer = createOffer(caller);
  const answered = createAnswer(sent(offer), callee);
  if (!answered.ok) return undefined;
  const accepted = acceptAnswer(offer, sent(answered.answer), caller);
  if (!accepted.ok) throw new Error(accepted.reason);
  expectAgreement(accepted.negotiated, answered.negotiated, caller, callee);
  return [accepted.negotiated, answered.negotiated];
}

test("both sides of an exchange come to the same session, or to none when they have no codec in common", () => {
  fc.assert(
    fc.property(local(), local(), (caller, callee) => {
      const isPossible = caller.codecs.some((codec) => callee.codecs.includes(codec));
      expect(exchanged(caller, callee) !== undefined).toBe(isPossible);
    }),
  );
});

const format = (name: string, clockRateHz: number, payloadType: number): RelayedFormat => ({ name, clockRateHz, payloadType, channels: 1 });
const relayable = [format("G729", 8000, 18), format("iLBC", 8000, 101), format("AMR-WB", 16_000, 96), format("speex", 16_000, 97)];

/** One end's turn to offer, with what it can do then and how. */
const turn = fc.record({
  isFirstOffering: fc.boolean(),
  codecs: fc.tuple(fc.shuffledSubarray([...codecNames]), fc.shuffledSubarray([...codecNames])),
  relayed: fc.tuple(fc.shuffledSubarray(relayable), fc.shuffledSubarray(relayable)),
  directions: fc.tuple(fc.constantFrom(...directions), fc.constantFrom(...directions)),
});

test("however often and by whom it is offered again, views agree and no payload type changes its meaning", () => {
  fc.assert(
    fc.property(fc.tuple(local(), local()), fc.array(turn, { minLength: 1, maxLength: 8 }), ([one, other], turns) => {
      const histories: LocalMedia["history"][] = [undefined, undefined];
      const meaning = new Map<number, string>();
      for (const { isFirstOffering, codecs, relayed, directions: wanted } of turns) {
        const sides = [one, other].map((media, index) => ({
          ...media,
          history: histories[index],
          codecs: codecs[index] ?? [],
          relayed: relayed[index] ?? [],
          direction: wanted[index] ?? "sendrecv",
        }));
        const [first, second] = isFirstOffering ? ([0, 1] as const) : ([1, 0] as const);
        const [offering, answering] = [sides[first], sides[second]];
        if (offering === undefined || answering === undefined || offering.codecs.length + offering.relayed.length === 0) continue;
        const outcome = exchanged(offering, answering);
        const common = offering.codecs.some((name) => answering.codecs.includes(name));
        const commonRelayed = offering.relayed.some(({ name }) => answering.relayed.some((known) => known.name === name));
        expect(outcome !== undefined).toBe(common || commonRelayed);
        // A refusal leaves everything as it was.
        if (outcome === undefined) continue;
        for (const { payloadType, text } of formatsOf(createOffer(offering))) {
          if (payloadType < 96) continue;
          expect(meaning.get(payloadType) ?? text).toBe(text);
          meaning.set(payloadType, text);
        }
        histories[first] = outcome[0].history;
        histories[second] = outcome[1].history;
      }
    }),
  );
});

function formatsOf(description: SessionDescription) {
  return description.media.flatMap(({ attributes }) =>
    attributes.flatMap(({ name, value }) => {
      const [payloadType, text = ""] = value.split(" ");
      return name === "rtpmap" ? { payloadType: Number(payloadType), text } : [];
    }),
  );
}

test("nobody sends or receives who does not want to, and repeating an exchange changes nothing", () => {
  const direction = fc.constantFrom(...directions);
  fc.assert(
    fc.property(direction, direction, (ours, theirs) => {
      const agreed = agreedDirection(ours, theirs);
      expect(sends(agreed)).toBe(sends(ours) && receives(theirs));
      expect(receives(agreed)).toBe(receives(ours) && sends(theirs));
      expect(agreedDirection(agreed, agreedDirection(theirs, agreed))).toBe(agreed);
    }),
  );
});
