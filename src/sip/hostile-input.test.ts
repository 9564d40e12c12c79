/**
 * Datagrams made to cost: up to 64 kB of one thing, through the whole stack. The work may grow with the length and not with its
 * square, nothing throws, and nothing is left. Work is this thread's time of the processor, compared between
 * one length and four times that.
 */
import { expect, test } from "vitest";
import { wireStack } from "../../test/support/wire-stack.ts";
import { StreamParser } from "./message/stream-parser.ts";

const shortBytes = 15_000;

/** A request with `fields` more header fields, or with another start or value of its own fields. */
function request(parts: {
  method?: string;
  uri?: string;
  contact?: string;
  from?: string;
  to?: string;
  via?: string;
  fields?: string;
  body?: string;
}): Buffer {
  const { method = "INVITE", uri = "sip:b@h", contact = "<sip:a@h>", from = "<sip:a@h>;tag=1", to = "<sip:b@h>", body = "" } = parts;
  const via = parts.via ?? "SIP/2.0/UDP 198.51.100.7:5062;branch=z9hG4bKa";
  const lines = [
    `${method} ${uri} SIP/2.0`,
    `Via: ${via}`,
    `From: ${from}`,
    `To: ${to}`,
    "Call-ID: c",
    `CSeq: 1 ${method}`,
    `Contact: ${contact}`,
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n${parts.fields ?? ""}Content-Length: ${body.length}\r\n\r\n${body}`);
}

const filled = (text: string, bytes: number) => text.repeat(Math.ceil(bytes / text.length));

const bombs: Readonly<Record<string, (bytes: number) => Uint8Array>> = {
  "header lines": (bytes) => request({ fields: filled("X: y\r\n", bytes) }),
  "unknown header names": (bytes) => request({ fields: Array.from({ length: bytes / 12 }, (_, index) => `X-${index}: y\r\n`).join("") }),
  "one long header": (bytes) => request({ fields: `Subject: ${filled("a", bytes)}\r\n` }),
  "folded lines": (bytes) => request({ fields: `Subject: a\r\n${filled(" b\r\n", bytes)}` }),
  "empty folds": (bytes) => request({ fields: `Subject: a\r\n${filled(" \r\n", bytes)}` }),
  "Via lines": (bytes) => request({ fields: filled("Via: SIP/2.0/UDP h;branch=z9hG4bKb\r\n", bytes) }),
  "Vias in a line": (bytes) => request({ via: `SIP/2.0/UDP h;branch=z9hG4bKb${filled(", SIP/2.0/UDP h", bytes)}` }),
  "commas in Via": (bytes) => request({ via: `SIP/2.0/UDP h;branch=z9hG4bKb${filled(",", bytes)}` }),
  "white space in Via": (bytes) => request({ via: `SIP/2.0/UDP${filled(" ", bytes)}h x` }),
  "parameters of Via": (bytes) => request({ via: `SIP/2.0/UDP h${filled(";a=b", bytes)}` }),
  "dots and dashes in a host": (bytes) => request({ via: `SIP/2.0/UDP a${filled("-.", bytes)}-;rport` }),
  parentheses: (bytes) => request({ contact: `${filled("(", bytes / 2)}<sip:a@h>`, fields: `User-Agent: ${filled("()", bytes / 2)}\r\n` }),
  quotes: (bytes) => request({ from: `${filled('"', bytes)}<sip:a@h>;tag=1` }),
  backslashes: (bytes) => request({ to: `"${filled("\\", bytes)}" <sip:a@h>` }),
  "quoted NULs": (bytes) => request({ to: `"${filled("\\\0", bytes)}" <sip:a@h>` }),
  "bare NULs": (bytes) => request({ fields: `Subject: ${filled("\0", bytes)}\r\n` }),
  "carriage returns": (bytes) => request({ fields: `Subject: ${filled("\r", bytes)}\r\n` }),
  "empty lines first": (bytes) => Buffer.concat([Buffer.from(filled("\r\n", bytes)), request({})]),
  "angle brackets": (bytes) => request({ contact: filled("<", bytes) }),
  "brackets and colons": (bytes) => request({ uri: `sip:[${filled("1:", bytes)}` }),
  "semicolons in the Request-URI": (bytes) => request({ uri: `sip:b@h${filled(";a=b", bytes)}` }),
  escapes: (bytes) => request({ uri: `sip:${filled("%41", bytes)}@h`, contact: "<sip:%ff%fe@h>" }),
  "escapes that are no UTF-8": (bytes) => request({ uri: `sip:${filled("%ff", bytes)}@h` }),
  "headers of a URI": (bytes) => request({ uri: `sip:b@h?${filled("a=b&", bytes)}` }),
  "digits of a number": (bytes) => request({ uri: `tel:${filled("1-", bytes)}x` }),
  Require: (bytes) => request({ fields: `Require: ${filled("a,", bytes)}b\r\n` }),
  Routes: (bytes) => request({ fields: `Route: ${filled("<sip:h;lr>,", bytes)}<sip:h;lr>\r\n` }),
  "Record-Routes": (bytes) => request({ fields: `Record-Route: ${filled("<sip:h;lr>,", bytes)}<sip:h;lr>\r\n` }),
  "Contacts of REGISTER": (bytes) => request({ method: "REGISTER", contact: `${filled("<sip:a@h>,", bytes)}<sip:a@h>` }),
  credentials: (bytes) => request({ method: "REGISTER", fields: `Authorization: Digest realm="wire"${filled(",a=b", bytes)}\r\n` }),
  "a long method": (bytes) => request({ method: filled("A", bytes / 2) }),
  "a long tag": (bytes) => request({ from: `<sip:a@h>;tag=${filled("t", bytes)}` }),
  "UTF-8": (bytes) => request({ from: `"${filled("é", bytes / 2)}" <sip:a@h>;tag=1` }),
  "a body of no use": (bytes) => request({ method: "OPTIONS", body: filled("\0", bytes) }),
};

/** Least of three, in µs: others want the processor too. Each time a stack of its own. */
function costOf(bytes: Uint8Array): number {
  let least = Infinity;
  for (let turn = 0; turn < 3; turn++) {
    const stacks = Array.from({ length: 4 }, () => wireStack());
    const before = process.threadCpuUsage();
    for (const { take } of stacks) take(bytes);
    const { user, system } = process.threadCpuUsage(before);
    least = Math.min(least, user + system);
    for (const { stack, invited, errors, clock } of stacks) {
      expect(errors).toEqual([]);
      for (const { usage } of invited) usage.reject(486);
      clock.advance(100_000);
      expect(stack.counters()).toMatchObject({ live: 0, lingering: 0, usages: 0 });
    }
  }
  return least;
}

test.each(Object.entries(bombs))("%s", (_name, make) => {
  const [short, long] = [make(shortBytes), make(4 * shortBytes)];
  expect(long.length).toBeLessThan(66_000);
  costOf(short);
  // Four times the length: four times the work, sixteen when it grows with the square. Below 4 ms for four it is noise.
  expect(costOf(long)).toBeLessThan(10 * Math.max(costOf(short), 4_000));
});

/** Least of three, in µs. */
function costOfDripping(bytes: number): number {
  let least = Infinity;
  for (let turn = 0; turn < 3; turn++) {
    const parser = new StreamParser();
    const text = request({ fields: filled("X: y\r\n", bytes).slice(0, bytes) });
    const before = process.threadCpuUsage();
    for (let at = 0; at < bytes; at++) parser.feed(text.subarray(at, at + 1));
    const { user, system } = process.threadCpuUsage(before);
    expect(parser.pendingBytes).toBe(bytes);
    least = Math.min(least, user + system);
  }
  return least;
}

test("a sender of single bytes costs a stream parser work for each byte once, and holds no more than a head", () => {
  costOfDripping(shortBytes);
  expect(costOfDripping(4 * shortBytes)).toBeLessThan(10 * Math.max(costOfDripping(shortBytes), 4_000));
  const parser = new StreamParser();
  const line = Buffer.from("X: y\r\n");
  for (let sent = 0; sent < 70_000 && !parser.isBroken; sent += line.length) parser.feed(line);
  expect([parser.isBroken, parser.pendingBytes]).toEqual([true, 0]);
});
