import { describe, expect, test } from "vitest";
import { maxMessageBytes, type StreamItem, StreamParser } from "./stream-parser.ts";

function options(callId: string, body = "", extra: readonly string[] = []): string {
  return [
    "OPTIONS sip:b SIP/2.0",
    "Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1",
    "From: <sip:a>;tag=1",
    "To: <sip:b>",
    `Call-ID: ${callId}`,
    "CSeq: 1 OPTIONS",
    ...extra,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ].join("\r\n");
}

function brief(items: readonly StreamItem[]): string[] {
  return items.map((item) => {
    if (item.kind === "ping") return "ping";
    const { message } = item;
    if (message.ok) return `${message.value.headers.get("Call-ID")}:${Buffer.from(message.value.body).toString()}`;
    return `${message.refusable?.status}:${message.reason}`;
  });
}

describe("StreamParser", () => {
  test("finds several messages in one chunk and one in several", () => {
    const parser = new StreamParser();
    expect(brief(parser.feed(Buffer.from(options("1", "one") + options("2") + options("3", "three").slice(0, -2))))).toEqual([
      "1:one",
      "2:",
    ]);
    expect(brief(parser.feed(Buffer.from("e")))).toEqual([]);
    expect(brief(parser.feed(Buffer.from("e")))).toEqual(["3:three"]);
    expect(parser.pendingBytes).toBe(0);
  });

  test("each double line end between messages is a ping, a single one is not (RFC 5626 §4.4.1)", () => {
    const parser = new StreamParser();
    expect(brief(parser.feed(Buffer.from("\r\n\r\n")))).toEqual(["ping"]);
    expect(brief(parser.feed(Buffer.from("\r\n")))).toEqual([]);
    expect(brief(parser.feed(Buffer.from("\r\n\r\n\r\n")))).toEqual(["ping", "ping"]);
    expect(brief(parser.feed(Buffer.from(`\r\n${options("1")}\r\n`)))).toEqual(["1:"]);
  });

  test("a message that is wrong but framed does not stop the stream", () => {
    const parser = new StreamParser();
    expect(brief(parser.feed(Buffer.from(options("1", "", ["To: <sip:again>"]) + options("2"))))).toEqual(["400:To twice", "2:"]);
    expect(parser.isBroken).toBe(false);
  });

  test.each([
    ["no Content-Length", options("1").replace(/Content-Length.*\r\n/, ""), "400:no readable Content-Length"],
    ["bad Content-Length", options("1", "", ["Content-Length: x"]), "400:no readable Content-Length"],
    ["body too large", options("1").replace(/Content-Length: 0/, `Content-Length: ${maxMessageBytes}`), "513:body too large"],
    ["head too large", options("1", "", [`X: ${"x".repeat(maxMessageBytes)}`]), "513:head too large"],
  ])("%s breaks the stream and is answered", (_name, text, answer) => {
    const parser = new StreamParser();
    const [item] = brief(parser.feed(Buffer.from(text + options("2"))));
    expect(item).toBe(answer);
    expect(parser.isBroken).toBe(true);
    expect(parser.feed(Buffer.from(options("3")))).toEqual([]);
    expect(parser.pendingBytes).toBe(0);
  });

  test("a body may have any bytes and any size up to the limit", () => {
    const body = "\r\n\r\n\0OPTIONS".repeat(1000);
    const parser = new StreamParser();
    const items = Buffer.from(options("1", body) + options("2")).reduce<StreamItem[]>((all, byte) => {
      all.push(...parser.feed(Uint8Array.of(byte)));
      return all;
    }, []);
    expect(brief(items)).toEqual([`1:${body}`, "2:"]);
  });

  test("an empty line that arrives in two parts is found when the buffer moves between them", () => {
    const parser = new StreamParser();
    const large = "x".repeat(3_000);
    expect(brief(parser.feed(Buffer.from(options("1", large) + options("2").slice(0, -1))))).toEqual([`1:${large}`]);
    expect(brief(parser.feed(Buffer.from(`\n${options("3", large)}`)))).toEqual(["2:", `3:${large}`]);
  });

  test("messages do not change when the buffer is used again", () => {
    const parser = new StreamParser();
    const [first] = parser.feed(Buffer.from(`${options("1", "keep")}OPT`));
    for (let count = 0; count < 50; count++) parser.feed(Buffer.from(`IONS${options("2", "xxxx").slice(7)}OPT`));
    expect(first && brief([first])).toEqual(["1:keep"]);
  });
});
