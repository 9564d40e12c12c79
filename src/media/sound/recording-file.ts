import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { ownWavFormat, unknownLength, type WavFormat, wavHeader, wavHeaderBytes } from "../codec/wav-writer.ts";
import { type KeyStream, Seal, sealHeaderBytes } from "./sealed-file.ts";

/**
 * A WAV file that grows, valid after each step. The header of a plain one follows the length; a sealed one says from the beginning that its length is
 * unknown, as what is sealed is not written twice. A file that is there already is continued.
 */
export class RecordingFile {
  /** Bytes of samples that were there before. */
  readonly earlierBytes: number;
  readonly #handle: FileHandle;
  readonly #format: WavFormat;
  readonly #seal: KeyStream | undefined;
  #at: number;

  private constructor(handle: FileHandle, format: WavFormat, at: number, earlierBytes: number, seal: KeyStream | undefined) {
    this.#handle = handle;
    this.#format = format;
    this.#at = at;
    this.earlierBytes = earlierBytes;
    this.#seal = seal;
  }

  /** Throws what the disk says, or when a file is there that this one cannot continue. */
  static async open(path: string, format: WavFormat, key: Uint8Array | undefined): Promise<RecordingFile> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    // "a" would write the header at the end, "r+" needs the file: make it first.
    await (await open(path, "a", 0o600)).close();
    const handle = await open(path, "r+");
    try {
      return await RecordingFile.#continue(handle, format, key);
    } catch (cause) {
      await handle.close();
      throw cause;
    }
  }

  static async #continue(handle: FileHandle, format: WavFormat, key: Uint8Array | undefined): Promise<RecordingFile> {
    const start = (key === undefined ? 0 : sealHeaderBytes) + wavHeaderBytes;
    const { size } = await handle.stat();
    const isNew = size < start;
    const seal = key === undefined ? undefined : isNew ? Seal.begin(key) : await sealOf(handle, key);
    if (isNew) await beginFile(handle, format, seal);
    else await checkFormat(handle, format, seal);
    const earlierBytes = Math.max(0, size - start);
    const file = new RecordingFile(handle, format, start + earlierBytes, earlierBytes, seal?.stream(wavHeaderBytes + earlierBytes));
    const torn = earlierBytes % (2 * format.channels);
    if (torn > 0) await file.append(new Uint8Array(2 * format.channels - torn));
    return file;
  }

  /** One at a time. */
  async append(bytes: Uint8Array): Promise<void> {
    await writeAll(this.#handle, this.#seal?.(bytes) ?? bytes, this.#at);
    this.#at += bytes.length;
    if (this.#seal === undefined) await writeAll(this.#handle, wavHeader(this.#at - wavHeaderBytes, this.#format), 0);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

async function beginFile(file: FileHandle, format: WavFormat, seal: Seal | undefined): Promise<void> {
  if (seal === undefined) await writeAll(file, wavHeader(0, format), 0);
  else await writeAll(file, Buffer.concat([seal.header, seal.stream(0)(wavHeader(unknownLength, format))]), 0);
}

async function checkFormat(file: FileHandle, format: WavFormat, seal: Seal | undefined): Promise<void> {
  const bytes = await readAt(file, seal === undefined ? 0 : sealHeaderBytes, wavHeaderBytes);
  const known = ownWavFormat(seal?.stream(0)(bytes) ?? bytes);
  if (known?.channels !== format.channels || known.sampleRateHz !== format.sampleRateHz)
    throw new Error("the file that is there is another recording");
}

async function sealOf(file: FileHandle, key: Uint8Array): Promise<Seal> {
  const seal = Seal.of(await readAt(file, 0, sealHeaderBytes), key);
  if (!seal.ok) throw new Error(seal.reason);
  return seal.value;
}

async function readAt(file: FileHandle, at: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  await file.read(bytes, 0, length, at);
  return bytes;
}

/** A disk that is nearly full takes a part of the bytes, and says so by the number only. */
async function writeAll(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}
