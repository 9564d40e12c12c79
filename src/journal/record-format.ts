/**
 * One journal record on disk.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-------------------------------+-------------------------------+
 *     |          length of what follows the check (LE)                |
 *     +-------------------------------+-------------------------------+
 *     |          CRC-32 of what follows (LE)                          |
 *     +-------------------------------+-------------------------------+
 *     |  head: JSON  | 0x0A |  body: JSON                             |
 *     +---------------------------------------------------------------+
 *
 * The body is the list of streams; since version 2 it may be an object with the streams and the outbox. A record without an outbox is
 * written as version 1, so that an earlier release reads it.
 *
 * The head says which calls a record is about, so that opening a journal reads the bodies of live calls only. `v` counts released
 * shapes: this file reads every one of them and writes the latest.
 */
import { crc32 } from "node:zlib";
import { type Parsed, parsed, unparsed } from "../kernel/index.ts";
import type { JournalRecord, StreamPart } from "../calls/index.ts";

/** Released shapes of a record. A new one gets a fixture in test/fixtures/journal. */
const version = 2;

const frameHeaderBytes = 8;
/** No single step comes near it; a larger length is damage. */
const largestFrameBytes = 64 * 1024 * 1024;
const lineFeed = 0x0a;

export type RecordHead = {
  readonly v: number;
  readonly position: number;
  readonly epoch: number;
  readonly at: number;
  readonly commandId?: string;
  readonly calls: readonly string[];
  readonly ended?: readonly string[];
};

/**
 * Not a record and without a position: the calls named in it ended in a segment that is gone, but older records of them are still
 * there. Without it those calls would come back to life.
 */
export type EndNote = { readonly v: number; readonly endedBefore: readonly string[] };

export type Frame =
  | { readonly kind: "record"; readonly head: RecordHead; readonly body: Buffer }
  | { readonly kind: "end-note"; readonly callIds: readonly string[] };

/** The payload of a record; `encodeFrame` puts it into bytes. */
export function recordPayload(record: JournalRecord): string {
  const head: RecordHead = {
    v: record.outbox === undefined ? 1 : version,
    position: record.position,
    epoch: record.epoch,
    at: record.at,
    ...(record.commandId === undefined ? {} : { commandId: record.commandId }),
    calls: record.streams.map(({ callId }) => callId),
    ...(record.ended === undefined ? {} : { ended: record.ended }),
  };
  const { streams, outbox } = record;
  const payload = `${JSON.stringify(head)}\n${JSON.stringify(outbox === undefined ? streams : { streams, outbox })}`;
  if (payload.length * 3 > largestFrameBytes) throw new RangeError(`A record of ${payload.length} characters is no single step of a call`);
  return payload;
}

export function endNotePayload(callIds: readonly string[]): string {
  const note: EndNote = { v: 1, endedBefore: callIds };
  return `${JSON.stringify(note)}\n`;
}

/** An upper bound of the bytes that `encodeFrame` needs for this payload. */
export function frameBound(payload: string): number {
  return frameHeaderBytes + payload.length * 3;
}

/** Writes the frame at `offset`, where `frameBound` bytes must be free, and returns the offset after it. */
export function encodeFrame(payload: string, into: Buffer, offset: number): number {
  const start = offset + frameHeaderBytes;
  const length = into.write(payload, start, "utf8");
  into.writeUInt32LE(length, offset);
  into.writeUInt32LE(crc32(into.subarray(start, start + length)), offset + 4);
  return start + length;
}

/**
 * Reads the frame at `offset`. `reason: "more"` means that the bytes end within it. The body is left as bytes; `decodeRecord` reads it.
 */
export function decodeFrame(bytes: Buffer, offset: number): Parsed<{ readonly frame: Frame; readonly next: number }> {
  if (bytes.length - offset < frameHeaderBytes) return unparsed("more", offset);
  const length = bytes.readUInt32LE(offset);
  if (length < 2 || length > largestFrameBytes) return unparsed("impossible length", offset);
  const start = offset + frameHeaderBytes;
  const next = start + length;
  if (bytes.length < next) return unparsed("more", offset);
  const payload = bytes.subarray(start, next);
  if (crc32(payload) !== bytes.readUInt32LE(offset + 4)) return unparsed("checksum differs", offset);
  const headEnd = payload.indexOf(lineFeed);
  if (headEnd < 0) return unparsed("no head", offset);
  const head = parseHead(payload.subarray(0, headEnd));
  if (head === undefined) return unparsed("head is not JSON", offset);
  if (head.v > version) return unparsed(`written by a later release (version ${head.v})`, offset);
  const frame: Frame =
    "endedBefore" in head ? { kind: "end-note", callIds: head.endedBefore } : { kind: "record", head, body: payload.subarray(headEnd + 1) };
  return parsed({ frame, next });
}

/** The whole record. Throws SyntaxError when the body, whose checksum was right, is not JSON: then it was not written by us. */
export function decodeRecord(head: RecordHead, body: Buffer): JournalRecord {
  const { v: _version, calls: _calls, ...rest } = head;
  const content = JSON.parse(body.toString("utf8")) as readonly StreamPart[] | Pick<JournalRecord, "streams" | "outbox">;
  return { ...rest, ...("streams" in content ? content : { streams: content }) };
}

function parseHead(bytes: Buffer): RecordHead | EndNote | undefined {
  try {
    return JSON.parse(bytes.toString("utf8")) as RecordHead | EndNote;
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}
