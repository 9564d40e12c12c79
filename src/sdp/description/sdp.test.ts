import { describe, expect, test } from "vitest";
import { mediaDirection } from "../attribute/direction.ts";
import { payloadFormats } from "../attribute/payload-format.ts";
import { formatSdp } from "./format-sdp.ts";
import { parseSdp } from "./parse-sdp.ts";
import { addressOf, type MediaDescription, type SessionDescription } from "./session-description.ts";

function sdp(...lines: string[]): SessionDescription {
  const result = parseSdp(lines.join("\r\n"));
  if (!result.ok) throw new Error(`${result.reason} at ${result.at}`);
  return result.value;
}

const start = ["v=0", "o=- 18446744073709551615 2 IN IP4 192.0.2.1", "s=-"];

describe("parseSdp", () => {
  /** RFC 8866 §5 with every line there is. */
  const whole = [
    "v=0",
    "o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1",
    "s=Call to John Smith",
    "i=SDP Offer #1",
    "u=http://www.jdoe.example.com/home.html",
    "e=Jane Doe <jane@jdoe.example.com>",
    "e=second@example.com",
    "p=+1 617 555-6011",
    "c=IN IP4 198.51.100.1",
    "b=CT:128",
    "b=X-YZ:64",
    "t=3724394400 3724398000",
    "r=604800 3600 0 90000",
    "r=7d 1h 0 25h",
    "z=3730928400 -1h 3749680800 0",
    "t=3724484400 3724488000",
    "k=prompt",
    "a=recvonly",
    "a=tool: two  blanks ",
    "a=candidate:1 1 UDP 2130706431 203.0.113.141 8998 typ host",
    "m=audio 49170 RTP/AVP 0",
    "i=left",
    "c=IN IP4 233.252.0.1/127/3",
    "c=IN IP4 233.252.0.9/127",
    "b=AS:64",
    "k=clear:secret",
    "a=sendonly",
    "m=audio 49180/2 RTP/AVP 0 101",
    "m=video 51372 RTP/AVP 99",
    "c=IN IP6 2001:db8::2",
    "a=rtpmap:99 h263-1998/90000",
  ];

  test("reads every line of the grammar, and writes it again byte for byte (§5, §9)", () => {
    const text = whole.map((line) => `${line}\r\n`).join("");
    const session = sdp(text);
    expect(formatSdp(session)).toBe(text);
    expect(session).toMatchObject({
      origin: { username: "jdoe", sessionId: "3724394400", version: "3724394405", addressType: "IP4", address: "198.51.100.1" },
      sessionName: "Call to John Smith",
      information: "SDP Offer #1",
      emails: ["Jane Doe <jane@jdoe.example.com>", "second@example.com"],
      phones: ["+1 617 555-6011"],
      bandwidths: [
        { type: "CT", value: "128" },
        { type: "X-YZ", value: "64" },
      ],
      times: [
        { start: "3724394400", repeats: ["r=604800 3600 0 90000", "r=7d 1h 0 25h", "z=3730928400 -1h 3749680800 0"] },
        { start: "3724484400", stop: "3724488000" },
      ],
      key: "prompt",
      media: [
        { information: "left", connections: [{ address: "233.252.0.1/127/3" }, {}], key: "clear:secret" },
        { port: 49180, portCount: "2", formats: ["0", "101"] },
        { connections: [{ addressType: "IP6", address: "2001:db8::2" }] },
      ],
    });
    expect(session.others).toBeUndefined();
    expect(session.media.map((media) => addressOf(session, media))).toEqual(["233.252.0.1", "198.51.100.1", "2001:db8::2"]);
  });

  test("lines it does not know are kept in order behind those it knows", () => {
    const session = sdp(...start, "x=1", "rubbish", "a=one", "s=again", "b=AS", "y=2", "m=audio 4000 RTP/AVP 0", "t=1 2", "a=two", "u=x");
    expect([session.others, session.media[0]?.others]).toEqual([
      ["x=1", "rubbish", "s=again", "b=AS", "y=2"],
      ["t=1 2", "u=x"],
    ]);
    expect(sdp(formatSdp(session))).toEqual(session);
  });

  test("takes what phones send: bare line feeds, bytes, blanks at the end, no s= and t=, c= at the stream alone", () => {
    const text = "v=0 \no=x 1 1 IN IP4 h.example  \n\nm=audio  4000 RTP/AVP 0  8 \nc=IN IP4 h.example \na=sendonly \na=ptime:30 ";
    const result = parseSdp(Buffer.from(text));
    const [media = never] = result.ok ? result.value.media : [];
    expect(result.ok && addressOf(result.value, media)).toBe("h.example");
    expect(result.ok && [result.value.sessionName, result.value.times]).toEqual(["-", [{ start: "0", stop: "0" }]]);
    expect([media.formats, media.attributes]).toEqual([
      ["0", "8"],
      [
        { name: "sendonly", value: "" },
        { name: "ptime", value: "30 " },
      ],
    ]);
  });

  test("a network that is not the Internet has no address that we know (RFC 7195)", () => {
    const session = sdp(...start, "c=PSTN E164 +15551212", "m=audio 9 PSTN -");
    expect(addressOf(session, session.media[0] ?? never)).toBeUndefined();
    expect(formatSdp(session)).toContain("c=PSTN E164 +15551212\r\n");
  });

  test.each([
    ["no v=", ""],
    ["v=", "v=1\r\n"],
    ["too long", `v=0\r\n${"a=x\r\n".repeat(20_000)}`],
    ["too many lines", [...start, ...Array<string>(2046).fill("a=x")].join("\n")],
    ["v=", "o=- 1 1 IN IP4 h\r\nv=0"],
    ["no o=", "v=0\r\ns=-\r\n"],
    ["o=", "v=0\r\no=- x 1 IN IP4 h\r\n"],
    ["o=", "v=0\r\no=- 1 1 IN IP4\r\n"],
    ["c=", [...start, "c=IN IP4"].join("\r\n")],
    ["m=", [...start, "m=audio x RTP/AVP 0"].join("\r\n")],
    ["m=", [...start, "m=audio 65536 RTP/AVP 0"].join("\r\n")],
    ["m=", [...start, "m=audio 4000 RTP/AVP"].join("\r\n")],
    ["m=", [...start, ...Array<string>(33).fill("m=audio 4000 RTP/AVP 0")].join("\r\n")],
  ])("refuses: %s %#", (reason, text) => {
    expect(parseSdp(text)).toMatchObject({ ok: false, reason });
  });

  test("takes as many lines as it says", () => {
    expect(parseSdp([...start, ...Array<string>(2045).fill("a=x")].join("\n")).ok).toBe(true);
  });
});

const never: MediaDescription = { media: "", port: 0, protocol: "", formats: [], attributes: [] };

test("payload types: static without rtpmap, rtpmap wins, unknown dynamic ones are left out", () => {
  const { media } = sdp(
    ...start,
    "m=audio 4000 RTP/AVP 8 0 97 98 200 x 8 18",
    "a=rtpmap:0 L16/8000/2",
    "a=rtpmap:98 pcmu/8000/1",
    "a=rtpmap:bad",
  );
  expect(payloadFormats(media[0] ?? never).map((format) => [format.payloadType, format.name, format.channels])).toEqual([
    [8, "PCMA", 1],
    [0, "L16", 2],
    [98, "pcmu", 1],
    [18, "G729", 1],
  ]);
});

test.each([
  [["c=IN IP4 1.2.3.4", "m=audio 1 RTP/AVP 0"], "sendrecv"],
  [["c=IN IP4 1.2.3.4", "a=sendonly", "m=audio 1 RTP/AVP 0"], "sendonly"],
  [["c=IN IP4 1.2.3.4", "a=sendonly", "m=audio 1 RTP/AVP 0", "a=inactive"], "inactive"],
  [["c=IN IP4 0.0.0.0", "m=audio 1 RTP/AVP 0"], "sendonly"],
  [["c=IN IP4 1.2.3.4", "m=audio 1 RTP/AVP 0", "c=IN IP4 0.0.0.0", "a=recvonly"], "inactive"],
  [["c=IN IP4 0.0.0.0", "a=inactive", "m=audio 1 RTP/AVP 0"], "inactive"],
  [["c=IN IP6 ::", "m=audio 1 RTP/AVP 0"], "sendonly"],
  [["c=IN IP6 0:0:0:0:0:0:0:0", "m=audio 1 RTP/AVP 0"], "sendonly"],
  [["c=IN IP6 call.invalid", "m=audio 1 RTP/AVP 0"], "sendonly"],
  [["c=IN IP6 ::1", "m=audio 1 RTP/AVP 0"], "sendrecv"],
  [["c=IN IP4 10.0.0.0", "m=audio 1 RTP/AVP 0", "a=sendrecv", "a=recvonly"], "recvonly"],
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
