import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { decodeSound } from "./decode-sound.ts";

/** A page of Ogg (RFC 3533 §6) whose packets are all alike; nobody here looks at its checksum. */
function page(sequence: number, flags: number, granule: number, packet: Uint8Array, packets: number): Buffer {
  const head = Buffer.alloc(27);
  head.write("OggS");
  head[5] = flags;
  head.writeBigUInt64LE(BigInt(granule), 6);
  head.writeUInt32LE(1, 14);
  head.writeUInt32LE(sequence, 18);
  head[26] = packets;
  return Buffer.concat([head, Buffer.alloc(packets, packet.length), ...Array.from({ length: packets }, () => packet)]);
}

/** Ogg Opus of pages of 30.6 s, each packet 120 ms of nothing in 2 bytes (RFC 6716 §3.2.5). */
function silence(pages: number): Buffer {
  const head = Buffer.from("OpusHead\u0001\u0001\0\0\u0080\u00bb\0\0\0\0\0", "latin1");
  const tags = Buffer.from("OpusTags\0\0\0\0\0\0\0\0", "latin1");
  const body = Array.from({ length: pages }, (_, index) =>
    page(index + 2, index === pages - 1 ? 4 : 0, (index + 1) * 255 * 5760, Uint8Array.of(0xfb, 6), 255),
  );
  return Buffer.concat([page(0, 2, 0, head, 1), page(1, 0, 0, tags, 1), ...body]);
}

test("a file of which far more comes out than it is long is refused in the middle, and nothing is left of it", async () => {
  using directory = temporaryDirectory();
  const decode = (pages: number) =>
    decodeSound({
      kind: "decode",
      directory: directory.path,
      hash: "a",
      isFetched: false,
      source: { kind: "bytes", bytes: silence(pages) },
      maxMs: 3_600_000,
    });
  expect((await decode(2)).master.samples).toBe(2 * 255 * 5760);
  const left = await readdir(directory.path);
  await expect(decode(6)).rejects.toMatchObject({ code: "PROMPT_TOO_LARGE", details: { reason: expect.stringContaining("256 times") } });
  expect(await readdir(directory.path)).toEqual(left);
});
