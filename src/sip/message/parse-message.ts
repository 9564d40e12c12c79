/**
 * Bytes to messages, RFC 3261 §7 and §18.3. One pass over the bytes finds the lines; values stay text.
 * Reads more than §25 writes: bare LF as line end, folded lines, compact names, white space around the colon.
 */
import { isAscii } from "node:buffer";
import { parseCSeq, wholeNumber } from "./cseq.ts";
import { HeaderList, oneLine } from "./header-list.ts";
import { contentLengthBit, isToken, knownHeaderAt, requiredBits, viaBit } from "./header-name.ts";
import type { SipMessage, SipRequest } from "./message.ts";

/** A request that is wrong, but not so wrong that no answer can be built (§8.2.6 needs Via, From, To, Call-ID, CSeq). ACK is never answered. */
export type Refusable = { readonly request: SipRequest; readonly status: 400 | 505 | 513 };

export type MalformedMessage = { readonly ok: false; readonly reason: string; readonly at: number; readonly refusable?: Refusable };
export type ParsedMessage = { readonly ok: true; readonly value: SipMessage } | MalformedMessage;

/** Reads one datagram. Bytes after the body are dropped; without Content-Length the body goes to the end (§18.3). Never throws. */
export function parseMessage(bytes: Uint8Array): ParsedMessage {
  const buffer = asBuffer(bytes);
  const head = parseHead(buffer);
  const bodyEnd = head.bodyStart + (head.contentLength ?? buffer.length - head.bodyStart);
  return completed(bodyEnd > buffer.length ? faulty(head, "body shorter than Content-Length", 400, buffer.length) : head, buffer, bodyEnd);
}

/** The start line and header fields of a message whose body may not have arrived yet. */
export type Head = {
  readonly start: StartLine;
  readonly headers: HeaderList;
  /** The first thing that is wrong with it, when something is. */
  readonly fault: Fault | undefined;
  /** The five fields that an answer needs are there. */
  readonly isAnswerable: boolean;
  /** Undefined when missing or unreadable. */
  readonly contentLength: number | undefined;
  readonly bodyStart: number;
};

type StartLine =
  | { readonly kind: "request"; readonly method: string; readonly uri: string }
  | { readonly kind: "response"; readonly status: number; readonly reason: string };
type Fault = { readonly reason: string; readonly status: Refusable["status"]; readonly at: number };

/** The head with a fault that outweighs what was found before. */
export function faulty(head: Head, reason: string, status: Refusable["status"], at: number): Head {
  return { ...head, fault: { reason, status, at } };
}

/** The message of a head and the bytes from its bodyStart to `bodyEnd`. */
export function completed(head: Head, bytes: Buffer, bodyEnd: number): ParsedMessage {
  const message: SipMessage = { ...head.start, headers: head.headers, body: bytes.subarray(head.bodyStart, bodyEnd) };
  if (head.fault === undefined) return { ok: true, value: message };
  const { reason, at, status } = head.fault;
  if (message.kind !== "request" || message.method === "ACK" || !head.isAnswerable) return { ok: false, reason, at };
  return { ok: false, reason, at, refusable: { request: message, status } };
}

/** Reads up to and with the empty line, or all bytes when there is none. */
export function parseHead(bytes: Buffer): Head {
  // One character a byte, so offsets in the text are offsets in the message.
  const text = bytes.toString("latin1");
  const isPlain = isAscii(bytes);
  const reader = new HeadReader();
  let position = 0;
  while (bytes[position] === cr || bytes[position] === lf) position++; // §7.5: empty lines before the start line
  const hasNul = text.includes("\0");
  let nextCr = -1;
  let hasEnded = false;
  while (position < text.length && !hasEnded) {
    const start = position;
    const lineFeed = text.indexOf("\n", start);
    let end = lineFeed < 0 ? text.length : lineFeed;
    position = lineFeed < 0 ? end : end + 1;
    if (nextCr < start && nextCr !== none) nextCr = indexOrNone(text.indexOf("\r", start));
    if (nextCr === end - 1) end--;
    const isBroken = nextCr < end || (hasNul && hasBareNul(text.slice(start, end)));
    if (isBroken) reader.reject("CR or NUL within a line", start);
    hasEnded = end === start && lineFeed >= 0;
    if (isPlain && !isBroken) reader.take(text, start, end, start);
    else {
      const line = oneLine(bytes.toString("utf8", start, end));
      reader.take(line, 0, line.length, start);
    }
  }
  if (!hasEnded) reader.reject("no empty line after the header fields", bytes.length);
  return reader.head(position);
}

/** NUL that is not the second half of a quoted-pair, where §25.1 allows it. */
function hasBareNul(line: string): boolean {
  return line.includes("\0") && line.replace(/\\./gs, "").includes("\0");
}

const cr = 13;
const lf = 10;
const tab = 9;
const space = 32;
const none = Number.MAX_SAFE_INTEGER;

function indexOrNone(index: number): number {
  return index < 0 ? none : index;
}

/** Far more than any phone or proxy chain writes; lookups in a HeaderList are linear. */
const maxHeaderLines = 500;

/** Collects lines. A line that cannot be read is a fault, and the others are kept so that an answer can still be built. */
class HeadReader {
  readonly #names: string[] = [];
  readonly #values: string[] = [];
  #start: string | undefined;
  #fault: Fault | undefined;
  #seen = 0;

  reject(reason: string, at: number, status: Refusable["status"] = 400): void {
    this.#fault ??= { reason, status, at };
  }

  /** One line: `text` from `start` to `end`, and its offset in the message for error reports. */
  take(text: string, start: number, end: number, at: number): void {
    if (start === end) return;
    if (this.#start === undefined) {
      this.#start = text.slice(start, end);
      return;
    }
    if (isSpace(text.charCodeAt(start))) return this.#unfold(text.slice(start, end).trim(), at);
    if (this.#names.length === maxHeaderLines) return this.reject("too many header fields", at);
    const colon = text.indexOf(":", start);
    if (colon < 0 || colon >= end) return this.reject("header line", at);
    let nameEnd = colon;
    while (nameEnd > start && isSpace(text.charCodeAt(nameEnd - 1))) nameEnd--;
    const entry = knownHeaderAt(text, start, nameEnd);
    const name = entry?.name ?? text.slice(start, nameEnd);
    if (entry === undefined && !isToken(name)) return this.reject("header line", at);
    let valueStart = colon + 1;
    while (valueStart < end && isSpace(text.charCodeAt(valueStart))) valueStart++;
    let valueEnd = end;
    while (valueEnd > valueStart && isSpace(text.charCodeAt(valueEnd - 1))) valueEnd--;
    const value = text.slice(valueStart, valueEnd);
    const bit = entry?.bit ?? 0;
    if (bit !== 0) {
      if ((this.#seen & bit) !== 0 && bit !== viaBit) {
        // The same Content-Length twice does no harm; anything else leaves open which one counts.
        if (bit !== contentLengthBit || value !== this.#values[this.#names.indexOf("Content-Length")]) this.reject(`${name} twice`, at);
        return;
      }
      this.#seen |= bit;
    }
    this.#names.push(name);
    this.#values.push(value);
  }

  #unfold(more: string, at: number): void {
    const last = this.#values.length - 1;
    if (last < 0) return this.reject("folded start line", at);
    // No trim of the whole: it would make many folds quadratic.
    if (more !== "") this.#values[last] = this.#values[last] === "" ? more : `${this.#values[last]} ${more}`;
  }

  head(bodyStart: number): Head {
    const start = this.#startLine();
    const isAnswerable = (this.#seen & requiredBits) === requiredBits;
    if (!isAnswerable) this.reject("Via, From, To, Call-ID or CSeq missing", bodyStart);
    const cseq = parseCSeq(this.#value("CSeq") ?? "");
    if (!cseq.ok || (start.kind === "request" && cseq.value.method !== start.method)) this.reject("CSeq", 0);
    const lengthText = this.#value("Content-Length");
    const contentLength = wholeNumber(lengthText);
    if (lengthText !== undefined && contentLength === undefined) this.reject("Content-Length", 0);
    const headers = HeaderList.ofParsed(this.#names, this.#values);
    return { start, headers, fault: this.#fault, isAnswerable, contentLength, bodyStart };
  }

  #value(name: string): string | undefined {
    const index = this.#names.indexOf(name);
    return index < 0 ? undefined : this.#values[index];
  }

  #startLine(): StartLine {
    const line = this.#start ?? "";
    if (/^SIP\//i.test(line)) {
      const match = /^SIP\/2\.0[ \t]+([1-6]\d\d)(?:[ \t]+(.*))?$/is.exec(line);
      if (match === null) this.reject("status line", 0);
      return { kind: "response", status: Number(match?.[1] ?? 0), reason: (match?.[2] ?? "").trim() };
    }
    const first = line.indexOf(" ");
    const last = line.lastIndexOf(" ");
    const method = line.slice(0, Math.max(0, first));
    const uri = line.slice(first + 1, Math.max(first + 1, last));
    const version = line.slice(last + 1);
    if (!isToken(method) || uri === "" || /\s/.test(uri)) this.reject("request line", 0);
    else if (version.toUpperCase() !== "SIP/2.0") this.reject("version", 0, /^SIP\/\d+\.\d+$/i.test(version) ? 505 : 400);
    return { kind: "request", method, uri };
  }
}

function isSpace(code: number): boolean {
  return code === space || code === tab;
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
