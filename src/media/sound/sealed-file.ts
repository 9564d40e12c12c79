/**
 * Files that only the holder of a key can read: a header, then the bytes under AES-256-CTR. Each byte stands for itself, so a file grows without being
 * written again, and is read from anywhere. Nothing that was written is ever written over: two texts under one key stream would tell their difference.
 *
 *      0                   8        12                     24                    32
 *     +-------------------+--------+----------------------+---------------------+--------------
 *     | "cwsealed"        | version| nonce                | id of the key       | bytes...
 *     +-------------------+--------+----------------------+---------------------+--------------
 *
 * The counter block is the nonce and, big-endian in 4 bytes, the number of the block of 16 bytes: up to 64 GiB. Whether a file was changed is not told
 * by it; the digest of a finished one is kept elsewhere.
 */
import { createCipheriv, createSecretKey, hkdfSync, type KeyObject, randomBytes } from "node:crypto";
import { type Parsed, parsed, unparsed } from "../../kernel/index.ts";

export const sealHeaderBytes = 32;

const magic = Buffer.from("cwsealed");
const version = 1;
const nonceBytes = 12;
const blockBytes = 16;
const keyIdBytes = 8;

/** Takes the bytes of a file in order, and gives them under the key stream: sealed when they were plain, plain when they were sealed. */
export type KeyStream = (bytes: Uint8Array) => Buffer;

export class Seal {
  readonly header: Uint8Array;
  /** A KeyObject: as a Buffer it would cost four times as much to begin (Node 24). */
  readonly #key: KeyObject;
  readonly #nonce: Uint8Array;

  private constructor(header: Uint8Array, key: Uint8Array) {
    this.header = header;
    this.#key = createSecretKey(key);
    this.#nonce = header.subarray(12, 12 + nonceBytes);
  }

  /** For a new file. The key has 32 bytes. */
  static begin(key: Uint8Array): Seal {
    const versioned = Buffer.alloc(4);
    versioned.writeUInt32BE(version);
    return new Seal(Buffer.concat([magic, versioned, randomBytes(nonceBytes), keyIdOf(key)]), key);
  }

  /** Of a file that begins with these bytes. */
  static of(bytes: Uint8Array, key: Uint8Array): Parsed<Seal> {
    if (!isSealed(bytes)) return unparsed("not a sealed file");
    const header = Buffer.from(bytes.subarray(0, sealHeaderBytes));
    if (header.readUInt32BE(8) !== version) return unparsed(`sealed in version ${header.readUInt32BE(8)}; ${version} is read`);
    if (!header.subarray(24).equals(keyIdOf(key))) return unparsed("sealed with another key");
    return parsed(new Seal(header, key));
  }

  /** From `offset` of the plain bytes on. */
  stream(offset: number): KeyStream {
    const counter = Buffer.alloc(blockBytes);
    counter.set(this.#nonce);
    counter.writeUInt32BE(Math.floor(offset / blockBytes), nonceBytes);
    const cipher = createCipheriv("aes-256-ctr", this.#key, counter);
    cipher.update(Buffer.alloc(offset % blockBytes));
    return (bytes) => cipher.update(bytes);
  }
}

export function isSealed(bytes: Uint8Array): boolean {
  return bytes.length >= sealHeaderBytes && magic.equals(bytes.subarray(0, magic.length));
}

function keyIdOf(key: Uint8Array): Buffer {
  return Buffer.from(hkdfSync("sha256", key, new Uint8Array(), "sealed file key id", keyIdBytes));
}
