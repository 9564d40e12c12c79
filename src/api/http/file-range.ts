/** Files as answers, whole or in part (RFC 9110 §14), for players that seek and downloads that go on. */
import { open } from "node:fs/promises";
import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { apiRefusal } from "./errors.ts";

/** First and last byte, both included. */
export type ByteRange = { readonly first: number; readonly last: number };

/** What is sent: the bytes of a file, or of something that reads like one. */
export type RangeSource = {
  readonly sizeBytes: number;
  /** These bytes and no others; the stream closes what it opened, also when it is destroyed. */
  read(range: ByteRange): Readable;
  /** Closes what no stream was asked of. */
  close(): Promise<void>;
};

export type FileAnswer = {
  readonly contentType: string;
  /** A strong validator with its quotes (§8.8.3): other bytes have another one. */
  readonly etag: string;
};

/**
 * The part of `sizeBytes` that a Range field asks for. Another unit, several ranges and nonsense are answered with the whole, as §14.2 allows;
 * a range that begins behind the end cannot be satisfied.
 */
export function parseRange(field: string | undefined, sizeBytes: number): ByteRange | "whole" | "unsatisfiable" {
  const [, from = "", to = ""] = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(field ?? "") ?? [];
  if (from === "" && to === "") return "whole";
  if (from === "") {
    const last = Math.min(Number(to), sizeBytes);
    return last === 0 ? "unsatisfiable" : { first: sizeBytes - last, last: sizeBytes - 1 };
  }
  const first = Number(from);
  if (to !== "" && Number(to) < first) return "whole";
  if (first >= sizeBytes) return "unsatisfiable";
  return { first, last: to === "" ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1) };
}

/** Rejects with the error of the file system. */
export async function openFile(path: string): Promise<RangeSource> {
  const file = await open(path, "r");
  const { size } = await file.stat();
  return {
    sizeBytes: size,
    // An empty file has no range; its handle is closed by the stream all the same.
    read: ({ first, last }) => (last < first ? file.createReadStream({ end: 0 }) : file.createReadStream({ start: first, end: last })),
    close: () => file.close(),
  };
}

/** Answers with `source`: 200, 206 or 304. Throws API_RANGE_UNSATISFIABLE. The source is closed in each case. */
export async function sendRange(
  request: FastifyRequest,
  reply: FastifyReply,
  source: RangeSource,
  { contentType, etag }: FileAnswer,
): Promise<FastifyReply> {
  const { sizeBytes } = source;
  reply.headers({ etag, "accept-ranges": "bytes" });
  if (namesEtag(request.headers["if-none-match"], etag)) {
    await source.close();
    return reply.code(304).send();
  }
  const condition = request.headers["if-range"];
  // §13.1.5: a date never matches here, for nothing says Last-Modified. §14.2: only GET knows ranges.
  const isPartial = request.method === "GET" && (condition === undefined || condition === etag);
  const range = isPartial ? parseRange(request.headers.range, sizeBytes) : "whole";
  if (range === "unsatisfiable") {
    await source.close();
    reply.header("content-range", `bytes */${sizeBytes}`);
    throw apiRefusal("API_RANGE_UNSATISFIABLE", { sizeBytes });
  }
  const { first, last } = range === "whole" ? { first: 0, last: sizeBytes - 1 } : range;
  reply.type(contentType).header("content-length", last - first + 1);
  if (range !== "whole") reply.code(206).header("content-range", `bytes ${first}-${last}/${sizeBytes}`);
  if (request.method === "HEAD") {
    await source.close();
    return reply.send(Readable.from([]));
  }
  return reply.send(source.read({ first, last }));
}

/** Weak comparison (§8.8.3.2), as If-None-Match asks for (§13.1.2). */
function namesEtag(field: string | undefined, etag: string): boolean {
  if (field === undefined) return false;
  return field.split(",").some((name) => name.trim() === "*" || name.trim().replace(/^W\//, "") === etag);
}
