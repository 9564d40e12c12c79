import { describe, expect, test } from "vitest";
import { payloadFormats } from "./codec.ts";
import { mediaDirection } from "./direction.ts";
import { formatSdp } from "./format.ts";
import { parseSdp } from "./parse.ts";
import { connectionOf, type SessionDescription } from "./session-description.ts";

function sdp(...lines: string[]): SessionDescription {
  const result = parseSdp(lines.join("\r\n"));
  if (!result.ok) throw new Error(`${result.reason} at ${result.at}`);
  return result.value;
}

const start = ["v=0", "o=- 18446744073709551615 2 IN IP4 192.0.2.1", "s=-"];

describe("parseSdp", () => {
  test("reads sections and their attributes", () => {
    const session = sdp(
      ...start,
      "c=IN IP4 192.0.2.1/127",
      "b=AS:64",
      "t=0 0",
      "a=recvonly",
      "m=audio 49170/2 RTP/AVP 0  101",
      "i=title",
      "a=rtpmap:101 telephone-event/8000",
      "a=sendonly",
      "m=video 0 RTP/AVP 31",
      "c=IN IP6 2001:db8::1",
      "",
    );
    expect(session).toEqual({
      origin: { username: "-", sessionId: "18446744073709551615", version: "2", address: "192.0.2.1" },
      sessionName: "-",
      connection: "192.0.2.1",
      attributes: [{ name: "recvonly", value: "" }],
      media: [
        {
          media: "audio",
          port: 49170,
          protocol: "RTP/AVP",
          formats: ["0", "101"],
          connection: undefined,
          attributes: [
            { name: "rtpmap", value: "101 telephone-event/8000" },
            { name: "sendonly", value: "" },
          ],
        },
        { media: "video", port: 0, protocol: "RTP/AVP", formats: ["31"], connection: "2001:db8::1", attributes: [] },
      ],
    });
  });

  test("takes bare line feeds, bytes, unknown lines and a missing s= and t=", () => {
    const text = "v=0\no=x 1 1 IN IP4 h.example\nz=what\nrubbish\n\nc=IN IP4 h.example\nm=audio 4000 RTP/AVP 0 ";
    const result = parseSdp(Buffer.from(text));
    expect(result.ok && connectionOf(result.value, result.value.media[0] ?? { ...never })).toBe("h.example");
  });

  test.each([
    ["no o=", ""],
    ["v=", "v=1\r\n"],
    ["too long", `v=0\r\n${"a=x\r\n".repeat(20_000)}`],
    ["v=", "o=- 1 1 IN IP4 h\r\nv=0"],
    ["no o=", "v=0\r\ns=-\r\n"],
    ["o=", "v=0\r\no=- x 1 IN IP4 h\r\n"],
    ["c=", [...start, "c=IN IP9 h"].join("\r\n")],
    ["m=", [...start, "m=audio x RTP/AVP 0"].join("\r\n")],
    ["m=", [...start, "m=audio 65536 RTP/AVP 0"].join("\r\n")],
    ["m=", [...start, "m=audio 4000 RTP/AVP"].join("\r\n")],
    ["m=", [...start, ...Array<string>(33).fill("m=audio 4000 RTP/AVP 0")].join("\r\n")],
  ])("refuses: %s %#", (reason, text) => {
    expect(parseSdp(text)).toMatchObject({ ok: false, reason });
  });
});

const never = { media: "", port: 0, protocol: "", formats: [], attributes: [] };

test("payload types: static without rtpmap, rtpmap wins, unknown dynamic ones are left out", () => {
  const { media } = sdp(
    ...start,
    "m=audio 4000 RTP/AVP 8 0 97 98 200 x",
    "a=rtpmap:0 L16/8000/2",
    "a=rtpmap:98 pcmu/8000/1",
    "a=rtpmap:bad",
  );
  expect(payloadFormats(media[0] ?? never).map((format) => [format.payloadType, format.name, format.channels])).toEqual([
    [8, "PCMA", 1],
    [0, "L16", 2],
    [98, "pcmu", 1],
  ]);
});

test.each([
  [["c=IN IP4 1.2.3.4", "m=audio 1 RTP/AVP 0"], "sendrecv"],
  [["c=IN IP4 1.2.3.4", "a=sendonly", "m=audio 1 RTP/AVP 0"], "sendonly"],
  [["c=IN IP4 1.2.3.4", "a=sendonly", "m=audio 1 RTP/AVP 0", "a=inactive"], "inactive"],
  [["c=IN IP4 0.0.0.0", "m=audio 1 RTP/AVP 0"], "sendonly"],
  [["c=IN IP4 1.2.3.4", "m=audio 1 RTP/AVP 0", "c=IN IP4 0.0.0.0", "a=recvonly"], "inactive"],
])("direction of %j is %s", (lines, direction) => {
  const session = sdp(...start, ...lines);
  expect(mediaDirection(session, session.media[0] ?? never)).toBe(direction);
});

test("formatSdp writes the lines in their order, and a value cannot start one", () => {
  const session = sdp(...start, "c=IN IP6 ::1", "a=group:x", "m=audio 4000 RTP/AVP 0", "c=IN IP4 1.2.3.4", "a=sendonly");
  const text = formatSdp({ ...session, sessionName: "a\r\nm=evil", attributes: [{ name: "group", value: "x\ny" }] });
  expect(text.split("\r\n")).toEqual([
    "v=0",
    "o=- 18446744073709551615 2 IN IP4 192.0.2.1",
    "s=a m=evil",
    "c=IN IP6 ::1",
    "t=0 0",
    "a=group:x y",
    "m=audio 4000 RTP/AVP 0",
    "c=IN IP4 1.2.3.4",
    "a=sendonly",
    "",
  ]);
});
