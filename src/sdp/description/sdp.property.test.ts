import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatSdp } from "./format-sdp.ts";
import { parseSdp } from "./parse-sdp.ts";
import type { SessionDescription } from "./session-description.ts";

const word = fc.string({ unit: fc.constantFrom(..."abzAZ09-._".split("")), minLength: 1, maxLength: 10 });
const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).map((value) => value.replaceAll(/[\r\n\0]/g, "x"));
const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
const connection = fc.record({ networkType: fc.constantFrom("IN", "ATM"), addressType: fc.constantFrom("IP4", "IP6", "NSAP"), address });
const number = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
const several = <T>(what: fc.Arbitrary<T>) => fc.array(what, { minLength: 1, maxLength: 3 });
const section = {
  information: text,
  bandwidths: several(fc.record({ type: word, value: fc.nat().map(String) })),
  key: text,
  attributes: fc.array(fc.record({ name: word, value: fc.oneof(fc.constant(""), text) }), { maxLength: 4 }),
};
const repeats = several(fc.tuple(fc.constantFrom("r", "z"), text).map(([letter, value]) => `${letter}=${value}`));
const time = fc.record({ start: number, stop: number, repeats }, { requiredKeys: ["start", "stop"] });
const media = fc.record(
  {
    ...section,
    media: fc.constantFrom("audio", "video", "image", "message"),
    port: fc.nat(65_535),
    portCount: fc.nat(99).map(String),
    protocol: fc.constantFrom("RTP/AVP", "RTP/SAVP", "udptl", "TCP/MSRP"),
    formats: several(word),
    connections: several(connection),
  },
  { requiredKeys: ["media", "port", "protocol", "formats", "attributes"] },
);
const session: fc.Arbitrary<SessionDescription> = fc.record(
  {
    ...section,
    origin: fc.record({ username: word, sessionId: number, version: number, networkType: word, addressType: word, address }),
    sessionName: text,
    uri: text,
    emails: several(text),
    phones: several(text),
    connection,
    times: several(time),
    media: fc.array(media, { maxLength: 3 }),
  },
  { requiredKeys: ["origin", "sessionName", "times", "media", "attributes"] },
);

test("a description that is written and read again is the same", () => {
  fc.assert(
    fc.property(session, (value) => {
      expect(parseSdp(formatSdp(value))).toEqual({ ok: true, value });
    }),
  );
});

test("what was read of any lines in any order is the same when it is written and read again, and no line is lost", () => {
  const line = fc.oneof(
    text,
    fc.tuple(fc.constantFrom(..."vosiuepcbtrzkamxy".split("")), text).map(([letter, value]) => `${letter}=${value}`),
    fc.constantFrom(
      "m=audio 4000/2 RTP/AVP 0 8",
      "c=IN IP4 0.0.0.0",
      "a=rtpmap:0",
      "t=0 0",
      "r=1 2",
      "z=0 0",
      "b=AS:1",
      "i=x",
      "k=y",
      "a=b:",
    ),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), fc.constantFrom("\n", "\r\n"), (lines, end) => {
      const result = parseSdp(["v=0", "o=- 1 1 IN IP4 h", ...lines].join(end));
      if (!result.ok) return;
      const written = formatSdp(result.value);
      expect(parseSdp(written)).toEqual(result);
      const kept = lines.filter((each) => each.trim() !== "").length;
      // Missing s= and t= are added, and an empty s= has no name.
      expect(written.split("\r\n").length - 1).toBeGreaterThanOrEqual(kept + 2);
    }),
  );
});

test("no bytes make the parser throw", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void parseSdp(bytes)));
});
