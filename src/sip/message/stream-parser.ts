/** Messages from a byte stream: framing by Content-Length, RFC 3261 §18.3, and the keep-alive of RFC 5626 §4.4.1. */
import { asBuffer, completed, faulty, type Head, type ParsedMessage, parseHead } from "./parse-message.ts";

export type StreamItem =
  | { readonly kind: "message"; readonly message: ParsedMessage; readonly bytes: Uint8Array }
  /** A double CRLF between messages: to be answered with one CRLF. */
  | { readonly kind: "ping" };

/** Head and body together: as much as fits into a datagram. */
export const maxMessageBytes = 64 * 1024;

/** What is found depends on the bytes alone, never on how they were cut into chunks. */
export class StreamParser {
  #buffer: Buffer = noBytes;
  /** Bytes held: #buffer[#start, #end). */
  #start = 0;
  #end = 0;
  /** How far the search for the empty line has come, and where its current line began. */
  #searched = 0;
  #lineStart = 0;
  /** Line ends seen between messages that are not yet part of a ping. */
  #lineEnds = 0;
  /** Set once the empty line was found, until the body is complete. Its offsets count from #start. */
  #head: Head | undefined;
  #isBroken = false;

  /** True once it is unknown where the next message begins: the connection must be closed. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Bytes waiting for the rest of their message. */
  get pendingBytes(): number {
    return this.#end - this.#start;
  }

  feed(chunk: Uint8Array): StreamItem[] {
    if (this.#isBroken) return [];
    this.#append(chunk);
    const items: StreamItem[] = [];
    while (this.#next(items));
    if (this.#start === this.#end || this.#isBroken) this.#release();
    return items;
  }

  /** Takes one item off the buffer. False when more bytes are needed. */
  #next(items: StreamItem[]): boolean {
    if (this.#head === undefined) {
      if (this.#searched === this.#start && !this.#skipLineEnds(items)) return false;
      const isFound = this.#findEmptyLine();
      if (this.#searched - this.#start > maxMessageBytes)
        return this.#break(items, parseHead(this.#buffer.subarray(this.#start, this.#start + maxMessageBytes)), 513, "head too large");
      if (!isFound) return false;
      this.#head = parseHead(this.#buffer.subarray(this.#start, this.#searched));
      if (this.#head.contentLength === undefined) return this.#break(items, this.#head, 400, "no readable Content-Length");
      if (this.#head.bodyStart + this.#head.contentLength > maxMessageBytes) return this.#break(items, this.#head, 513, "body too large");
    }
    const head = this.#head;
    const messageBytes = head.bodyStart + (head.contentLength ?? 0);
    if (this.pendingBytes < messageBytes) return false;
    // No copy: bytes of the buffer are written once.
    const bytes = this.#buffer.subarray(this.#start, this.#start + messageBytes);
    items.push({ kind: "message", message: completed(head, bytes, messageBytes), bytes });
    this.#head = undefined;
    this.#start += messageBytes;
    this.#searched = this.#lineStart = this.#start;
    return this.#start < this.#end;
  }

  /** False when nothing but line ends is there. */
  #skipLineEnds(items: StreamItem[]): boolean {
    for (; this.#start < this.#end; this.#start++) {
      const byte = this.#buffer[this.#start];
      if (byte === lf && ++this.#lineEnds === 2) {
        items.push({ kind: "ping" });
        this.#lineEnds = 0;
      } else if (byte !== cr && byte !== lf) break;
    }
    this.#searched = this.#lineStart = this.#start;
    if (this.#start === this.#end) return false;
    this.#lineEnds = 0;
    return true;
  }

  /** Leaves #searched behind the empty line when there is one. */
  #findEmptyLine(): boolean {
    const limit = Math.min(this.#end, this.#start + maxMessageBytes + 1);
    while (this.#searched < limit) {
      const byte = this.#buffer[this.#searched++];
      if (byte !== lf) continue;
      const lineBytes = this.#searched - 1 - this.#lineStart;
      const isEmpty = lineBytes === 0 || (lineBytes === 1 && this.#buffer[this.#lineStart] === cr);
      this.#lineStart = this.#searched;
      if (isEmpty) return true;
    }
    return false;
  }

  #break(items: StreamItem[], head: Head, status: 400 | 513, reason: string): false {
    const bytes = this.#buffer.subarray(this.#start, this.#searched);
    items.push({ kind: "message", message: completed(faulty(head, reason, status, 0), noBytes, 0), bytes });
    this.#isBroken = true;
    return false;
  }

  #append(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#buffer.length) {
      const needed = this.pendingBytes + chunk.length;
      const larger = Buffer.allocUnsafe(Math.max(needed * 2, 4096));
      this.#buffer.copy(larger, 0, this.#start, this.#end);
      this.#buffer = larger;
      this.#searched -= this.#start;
      this.#lineStart -= this.#start;
      this.#end -= this.#start;
      this.#start = 0;
    }
    asBuffer(chunk).copy(this.#buffer, this.#end);
    this.#end += chunk.length;
  }

  /** A connection with nothing half read holds no memory. */
  #release(): void {
    this.#buffer = noBytes;
    this.#start = this.#end = this.#searched = this.#lineStart = 0;
  }
}

const noBytes = Buffer.alloc(0);
const cr = 13;
const lf = 10;
