import { describe, expect, test } from "vitest";
import { formatMessage } from "./format-message.ts";
import type { SipMessage } from "./message.ts";
import { type MalformedMessage, parseMessage } from "./parse-message.ts";

/** Wire text with CRLF line ends from lines. */
function wire(...lines: string[]): Buffer {
  return Buffer.from(lines.join("\r\n"));
}

const basics = [
  "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKabc",
  "From: <sip:a@example.com>;tag=1",
  "To: <sip:b@example.com>",
  "Call-ID: c1",
  "CSeq: 1 OPTIONS",
];

function understood(bytes: Uint8Array): SipMessage {
  const result = parseMessage(bytes);
  if (!result.ok) throw new Error(`${result.reason} at ${result.at}`);
  return result.value;
}

function misunderstood(bytes: Uint8Array): MalformedMessage {
  const result = parseMessage(bytes);
  if (result.ok) throw new Error("was understood");
  return result;
}

describe("parseMessage", () => {
  test("reads a request", () => {
    const message = understood(wire("OPTIONS sip:b@example.com;x=1 SIP/2.0", ...basics, "Content-Length: 4", "", "body"));
    expect(message).toMatchObject({ kind: "request", method: "OPTIONS", uri: "sip:b@example.com;x=1" });
    expect(Buffer.from(message.body).toString()).toBe("body");
    expect(message.headers.get("Call-ID")).toBe("c1");
  });

  test.each([
    ["SIP/2.0 200 OK", 200, "OK"],
    ["SIP/2.0 100 ", 100, ""],
    ["SIP/2.0 486", 486, ""],
    ["SIP/2.0 183 Sitzung läuft: gleich", 183, "Sitzung läuft: gleich"],
    ["sip/2.0 699 x", 699, "x"],
  ])("reads the status line %j", (line, status, reason) => {
    expect(understood(wire(line, ...basics, "", ""))).toMatchObject({ kind: "response", status, reason });
  });

  test("reads compact names, folded lines, odd spacing and strange cases", () => {
    const message = understood(
      wire(
        "OPTIONS sip:b SIP/2.0",
        "v :  SIP / 2.0 / UDP",
        "\t192.0.2.1 : 5062",
        " ;branch=z9hG4bKabc",
        "f:<sip:a>;tag=1",
        "T   :\t<sip:b>",
        "i:c1",
        "cseq:  7\tOPTIONS",
        "X-Empty:",
        "X-Folded:",
        " a",
        "  ",
        "\tb",
        "s: über",
        "l:0",
        "",
        "",
      ),
    );
    expect(message.headers.get("Via")).toBe("SIP / 2.0 / UDP 192.0.2.1 : 5062 ;branch=z9hG4bKabc");
    expect(message.headers.get("To")).toBe("<sip:b>");
    expect(message.headers.get("X-Empty")).toBe("");
    expect(message.headers.get("X-Folded")).toBe("a b");
    expect(message.headers.get("Subject")).toBe("über");
  });

  test("only the fields that must be alone may not repeat", () => {
    const message = understood(
      wire("OPTIONS sip:b SIP/2.0", ...basics, "v: SIP/2.0/TCP below", "Route: <sip:a>", "Route: <sip:b>", "", ""),
    );
    expect(message.headers.all("Via")).toEqual(["SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKabc", "SIP/2.0/TCP below"]);
    expect(message.headers.all("Route").length).toBe(2);
  });

  test("reads bare line feeds and skips empty lines before the message", () => {
    const text = ["OPTIONS sip:b SIP/2.0", ...basics, "", "rest"].join("\n");
    expect(Buffer.from(understood(Buffer.from(`\r\n\n${text}`)).body).toString()).toBe("rest");
  });

  test("a body ends at Content-Length, and at the datagram's end without one (§18.3)", () => {
    const start = ["OPTIONS sip:b SIP/2.0", ...basics];
    expect(understood(wire(...start, "Content-Length: 2", "", "abcd")).body.length).toBe(2);
    expect(understood(wire(...start, "", "abcd")).body.length).toBe(4);
    const short = misunderstood(wire(...start, "Content-Length: 5", "", "abcd"));
    expect(short.reason).toContain("Content-Length");
    expect(short.refusable?.status).toBe(400);
  });

  test("a binary body does no harm", () => {
    const head = wire("OPTIONS sip:b SIP/2.0", ...basics, "Content-Length: 6", "", "");
    const message = understood(Buffer.concat([head, Buffer.from([0, 13, 255, 10, 10, 0])]));
    expect([...message.body]).toEqual([0, 13, 255, 10, 10, 0]);
  });

  test.each<[string, string[], number | undefined]>([
    ["version", ["OPTIONS sip:b SIP/7.0", ...basics], 505],
    ["version", ["OPTIONS sip:b HTTP/1.1", ...basics], 400],
    ["request line", ["OPTIONS  sip:b SIP/2.0", ...basics], 400],
    ["request line", ["OPTIONS sip:b ;x SIP/2.0", ...basics], 400],
    ["request line", ["OPTIONS sip:b SIP/2.0 ", ...basics], 400],
    ["request line", ["OPT/IONS sip:b SIP/2.0", ...basics], 400],
    ["request line", ["OPTIONS", ...basics], 400],
    ["header line", ["OPTIONS sip:b SIP/2.0", "no colon here", ...basics], 400],
    ["header line", ["OPTIONS sip:b SIP/2.0", ": no name", ...basics], 400],
    ["header line", ["OPTIONS sip:b SIP/2.0", "bad name: x", ...basics], 400],
    ["folded start line", ["OPTIONS sip:b SIP/2.0", " folded", ...basics], 400],
    ["CR or NUL within a line", ["OPTIONS sip:b SIP/2.0", "Subject: a\0b", ...basics], 400],
    ["CR or NUL within a line", ["OPTIONS sip:b SIP/2.0", "Subject: a\rVia: b", ...basics], 400],
    ["To twice", ["OPTIONS sip:b SIP/2.0", ...basics, "To: <sip:other>"], 400],
    ["Content-Length twice", ["OPTIONS sip:b SIP/2.0", ...basics, "Content-Length: 0", "l: 1"], 400],
    ["Content-Length", ["OPTIONS sip:b SIP/2.0", ...basics, "Content-Length: -1"], 400],
    ["Content-Length", ["OPTIONS sip:b SIP/2.0", ...basics, "Content-Length: 99999999999"], 400],
    ["CSeq", ["INVITE sip:b SIP/2.0", ...basics], 400],
    ["CSeq", ["OPTIONS sip:b SIP/2.0", ...basics.slice(0, 4), "CSeq: 2147483648 OPTIONS"], 400],
    ["CSeq", ["OPTIONS sip:b SIP/2.0", ...basics.slice(0, 4), "CSeq: OPTIONS"], 400],
    ["too many header fields", ["OPTIONS sip:b SIP/2.0", ...basics, ...Array<string>(600).fill("X: y")], 400],
    ["Via, From, To, Call-ID or CSeq missing", ["OPTIONS sip:b SIP/2.0", ...basics.slice(1)], undefined],
    ["CSeq", ["ACK sip:b SIP/2.0", ...basics], undefined],
    ["status line", ["SIP/2.0 700 Too much", ...basics], undefined],
    ["status line", ["SIP/2.0 20 OK", ...basics], undefined],
    ["Content-Length", ["SIP/2.0 200 OK", ...basics, "Content-Length: x"], undefined],
  ])("refuses: %s %#", (reason, lines, status) => {
    const result = misunderstood(wire(...lines, "", ""));
    expect(result.reason).toBe(reason);
    expect(result.refusable?.status).toBe(status);
  });

  test("what a refusable request carries cannot start a line of the answer", () => {
    const { refusable } = misunderstood(
      wire("OPTIONS sip:b SIP/2.0", ...basics.slice(0, 3), "Call-ID: a\rVia: evil", "CSeq: 1 OPTIONS", "", ""),
    );
    expect(refusable?.request.headers.get("Call-ID")).toBe("a Via: evil");
  });

  test("without an empty line at the end it is refused, but still answerable", () => {
    expect(misunderstood(wire("OPTIONS sip:b SIP/2.0", ...basics, "")).refusable?.status).toBe(400);
  });

  test.each(["", "\r\n\r\n", "\0\0\0\0", "hello", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"])("%j is no message and is not answered", (text) => {
    expect(misunderstood(Buffer.from(text)).refusable).toBeUndefined();
  });
});

describe("formatMessage", () => {
  test("writes the Content-Length itself, in bytes", () => {
    const message = understood(wire("OPTIONS sip:b SIP/2.0", ...basics, "s: ü", "Content-Length: 2", "", "ü"));
    expect(formatMessage(message).toString()).toBe(
      wire("OPTIONS sip:b SIP/2.0", ...basics, "Subject: ü", "Content-Length: 2", "", "ü").toString(),
    );
  });

  test("a reason phrase or URI cannot start a line", () => {
    const message = understood(wire("SIP/2.0 200 OK", ...basics, "", ""));
    const text = formatMessage({ ...message, kind: "response", status: 200, reason: "a\r\nVia: b" }).toString();
    expect(text.split("\r\n")[0]).toBe("SIP/2.0 200 a Via: b");
  });
});
