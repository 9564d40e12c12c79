import type { FileHandle } from "node:fs/promises";

/** Bytes to be decoded, on disk or in memory. */
export type ByteSource = {
  readonly sizeBytes: number;
  /** From `at` on, at most `length`; fewer at the end. Rejects with the error of the file system. */
  read(at: number, length: number): Promise<Uint8Array>;
};

export function memorySource(bytes: Uint8Array): ByteSource {
  return { sizeBytes: bytes.length, read: (at, length) => Promise.resolve(bytes.subarray(at, at + length)) };
}

/** The handle stays the caller's. What `read` gave is good until it is called again. */
export async function fileSource(file: FileHandle): Promise<ByteSource> {
  const { size } = await file.stat();
  let buffer = new Uint8Array();
  return {
    sizeBytes: size,
    async read(at, length) {
      if (buffer.length < length) buffer = new Uint8Array(length);
      const { bytesRead } = await file.read(buffer, 0, length, at);
      return buffer.subarray(0, bytesRead);
    },
  };
}
