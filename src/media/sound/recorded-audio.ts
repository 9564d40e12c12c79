import { type FileHandle, open } from "node:fs/promises";
import { pipeline, Readable, Transform } from "node:stream";
import { ownWavFormat, type WavFormat, wavHeader, wavHeaderBytes } from "../codec/wav-writer.ts";
import { isSealed, type KeyStream, Seal, sealHeaderBytes } from "./sealed-file.ts";

/**
 * The file of a recording as its listeners get it: in the clear, and with a header that fits what is there. One that still grows is what it was when it
 * was opened.
 */
export class RecordedAudio {
  /** In bytes of the clear file. */
  readonly sizeBytes: number;
  /** Undefined when it is not a WAV file of ours. */
  readonly wav: WavFormat | undefined;
  readonly #handle: FileHandle;
  readonly #seal: Seal | undefined;
  readonly #header: Uint8Array;

  private constructor(handle: FileHandle, sizeBytes: number, seal: Seal | undefined, wav: WavFormat | undefined) {
    this.#handle = handle;
    this.#seal = seal;
    this.wav = wav;
    this.sizeBytes = wav === undefined ? sizeBytes : sizeBytes - ((sizeBytes - wavHeaderBytes) % (2 * wav.channels));
    this.#header = wav === undefined ? new Uint8Array() : wavHeader(this.sizeBytes - wavHeaderBytes, wav);
  }

  /** `key` is for a sealed one. Throws what the file system says, or that the key does not open it. */
  static async open(path: string, key?: Uint8Array): Promise<RecordedAudio> {
    const handle = await open(path, "r");
    try {
      const { size } = await handle.stat();
      const start = Buffer.alloc(sealHeaderBytes + wavHeaderBytes);
      const { bytesRead } = await handle.read(start, 0, start.length, 0);
      const first = start.subarray(0, bytesRead);
      if (!isSealed(first)) return new RecordedAudio(handle, size, undefined, ownWavFormat(first));
      const seal = Seal.of(first, key ?? new Uint8Array());
      if (!seal.ok) throw new Error(`${path}: ${seal.reason}`);
      const wav = ownWavFormat(seal.value.stream(0)(first.subarray(sealHeaderBytes)));
      return new RecordedAudio(handle, size - sealHeaderBytes, seal.value, wav);
    } catch (cause) {
      await handle.close();
      throw cause;
    }
  }

  get isSealed(): boolean {
    return this.#seal !== undefined;
  }

  /** Of a WAV file. */
  get durationMs(): number {
    if (this.wav === undefined) return 0;
    return Math.round(((this.sizeBytes - wavHeaderBytes) / (2 * this.wav.channels * this.wav.sampleRateHz)) * 1000);
  }

  /** The bytes from `first` to `last`, both included. The file is closed when the stream has ended or is destroyed. */
  read({ first, last }: { readonly first: number; readonly last: number }): Readable {
    if (last < first) {
      void this.#handle.close();
      return Readable.from([]);
    }
    const offset = this.#seal === undefined ? 0 : sealHeaderBytes;
    const source = this.#handle.createReadStream({ start: offset + first, end: offset + last });
    const stream = this.#seal?.stream(first);
    let at = first;
    const clear = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        const bytes = this.#withHeader(stream, chunk, at);
        at += bytes.length;
        done(null, bytes);
      },
    });
    pipeline(source, clear, () => undefined);
    return clear;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  #withHeader(stream: KeyStream | undefined, chunk: Buffer, at: number): Buffer {
    const bytes = stream?.(chunk) ?? chunk;
    if (at < this.#header.length) bytes.set(this.#header.subarray(at, at + bytes.length));
    return bytes;
  }
}
