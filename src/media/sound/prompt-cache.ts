import { open } from "node:fs/promises";
import { type Packets, walkPackets } from "./packets.ts";

/** A stretch of a file in memory, as bytes and as samples; shared by all who play it. */
export type Piece = { readonly start: number; readonly bytes: Uint8Array; readonly samples: Int16Array };

/** A larger file is read a piece at a time: an hour of sound would else take the place of everything that calls share. */
const wholeBytes = 8 * 1024 * 1024;
/** 2 min of a codec with a byte a sample, 11 s of samples at 48 kHz. */
const pieceBytes = 1024 * 1024;
/** Files whose size is remembered. */
const mostFiles = 10_000;

export type PromptCacheLimits = { readonly wholeBytes: number; readonly pieceBytes: number };

/** Raw sound in memory, the pieces used longest ago dropped first. One load at a time for each; players keep what they play. */
export class PromptCache {
  readonly #maxBytes: number;
  readonly #limits: PromptCacheLimits;
  readonly #files = new Map<string, Promise<SoundFile>>();
  readonly #pieces = new Map<string, Piece>();
  readonly #loading = new Map<string, Promise<Piece>>();
  #bytes = 0;

  constructor(maxBytes: number, limits: PromptCacheLimits = { wholeBytes, pieceBytes }) {
    this.#maxBytes = maxBytes;
    this.#limits = limits;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Rejects with the error of the file system. Files do not change: their names are made of what is in them. */
  open(path: string): Promise<SoundFile> {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const opening = this.#stat(path);
    this.#files.set(path, opening);
    opening.catch(() => this.#files.delete(path));
    for (const oldest of this.#files.keys()) {
      if (this.#files.size <= mostFiles) break;
      this.#files.delete(oldest);
    }
    return opening;
  }

  /** The piece when it is in memory, now the one used last. */
  find(key: string): Piece | undefined {
    const piece = this.#pieces.get(key);
    if (piece === undefined) return undefined;
    this.#pieces.delete(key);
    this.#pieces.set(key, piece);
    return piece;
  }

  async load(key: string, path: string, start: number, length: number): Promise<Piece> {
    const found = this.find(key) ?? this.#loading.get(key);
    if (found !== undefined) return found;
    const job = readPiece(path, start, length).finally(() => this.#loading.delete(key));
    this.#loading.set(key, job);
    const piece = await job;
    this.#keep(key, piece);
    return piece;
  }

  async #stat(path: string): Promise<SoundFile> {
    await using file = await open(path, "r");
    const { size } = await file.stat();
    return new SoundFile(this, path, size, size <= this.#limits.wholeBytes ? Math.max(1, size) : this.#limits.pieceBytes);
  }

  #keep(key: string, piece: Piece): void {
    this.#pieces.set(key, piece);
    this.#bytes += piece.bytes.length;
    for (const [oldest, dropped] of this.#pieces) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#pieces.delete(oldest);
      this.#bytes -= dropped.bytes.length;
    }
  }
}

/** A file of raw sound whose pieces are read as they are needed. */
export class SoundFile {
  readonly sizeBytes: number;
  readonly #cache: PromptCache;
  readonly #path: string;
  readonly #pieceBytes: number;
  #packets: Promise<Packets> | undefined;

  constructor(cache: PromptCache, path: string, sizeBytes: number, ofPieceBytes: number) {
    this.#cache = cache;
    this.#path = path;
    this.sizeBytes = sizeBytes;
    this.#pieceBytes = ofPieceBytes;
  }

  /** The piece that has byte `at`, when it is in memory. */
  find(at: number): Piece | undefined {
    return this.#cache.find(this.#keyOf(at));
  }

  /** The piece that has byte `at`. Rejects with the error of the file system. */
  load(at: number): Promise<Piece> {
    const start = at - (at % this.#pieceBytes);
    return this.#cache.load(this.#keyOf(at), this.#path, start, Math.min(this.#pieceBytes, this.sizeBytes - start));
  }

  /** Where its packets are; looked through once. */
  packets(): Promise<Packets> {
    this.#packets ??= walkPackets(this);
    return this.#packets;
  }

  #keyOf(at: number): string {
    return `${this.#path} ${Math.floor(at / this.#pieceBytes)}`;
  }
}

async function readPiece(path: string, start: number, length: number): Promise<Piece> {
  const buffer = new ArrayBuffer(length + (length % 2));
  const bytes = new Uint8Array(buffer, 0, length);
  await using file = await open(path, "r");
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(bytes, at, length - at, start + at);
    if (bytesRead === 0) throw new Error(`${path} ends at ${start + at}`);
    at += bytesRead;
  }
  return { start, bytes, samples: new Int16Array(buffer, 0, length >> 1) };
}
