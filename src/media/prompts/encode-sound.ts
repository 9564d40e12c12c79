import { open, rm } from "node:fs/promises";
import { audioCodecs, loadCodecs } from "../codec/codecs.ts";
import type { Encoder } from "../codec/audio-codec.ts";
import { refusal } from "../errors.ts";
import type { SoundFormat } from "../plan.ts";
import { lengthBytes } from "../sound/packets.ts";
import { isLinear, shapeOf } from "../sound/sound-format.ts";
import { fileSource } from "./decode/byte-source.ts";
import { finish, type Master, masterPath, partPath, sampleBytes, samplesPerUnit, variantPath } from "./sound-files.ts";
import { SoundResampler } from "../codec/sound-resampler.ts";

/** Makes of a decoded sound one in another format, beside it. */
export type EncodeJob = { readonly kind: "encode"; readonly directory: string; readonly master: Master; readonly format: SoundFormat };

export type Encoded = { readonly sizeBytes: number };

/** 0.7 s at 48 kHz, which takes some 10 ms to be encoded. */
const sliceBytes = 64 * 1024;
const packetBytes = 1275;

/** Rejects with PROMPT_UNREADABLE when a file cannot be read or written. */
export async function encodeSound({ directory, master, format }: EncodeJob): Promise<Encoded> {
  const path = variantPath(directory, master, format);
  const part = partPath(path);
  const units = await UnitEncoder.open(format);
  try {
    await using file = await open(masterPath(directory, master), "r");
    await using to = await open(part, "w", 0o600);
    const source = await fileSource(file);
    const resampler = new SoundResampler(master.sampleRateHz, shapeOf(format).sampleRateHz);
    let sizeBytes = 0;
    const write = async (bytes: Uint8Array) => {
      sizeBytes += bytes.length;
      if (bytes.length > 0) await to.writeFile(bytes);
    };
    for (let at = 0; at < source.sizeBytes; at += sliceBytes) {
      const slice = await source.read(at, sliceBytes);
      if (slice.length === 0) break;
      await write(units.encode(resampler.process(samplesOf(slice))));
    }
    await write(units.encode(resampler.end()));
    await write(units.end());
    await finish(path);
    return { sizeBytes };
  } catch (cause) {
    await rm(part, { force: true });
    throw refusal("PROMPT_UNREADABLE", { reason: String(cause) }, { cause });
  } finally {
    units.close();
  }
}

/** Encodes whole units, and keeps what is left for the next time. */
class UnitEncoder {
  readonly #format: SoundFormat;
  readonly #encoder: Encoder | undefined;
  readonly #unit: number;
  readonly #packets: boolean;
  #rest = new Int16Array();

  private constructor(format: SoundFormat, encoder: Encoder | undefined) {
    this.#format = format;
    this.#encoder = encoder;
    this.#unit = samplesPerUnit(format);
    this.#packets = shapeOf(format).unitBytes === 0;
  }

  static async open(format: SoundFormat): Promise<UnitEncoder> {
    if (isLinear(format)) return new UnitEncoder(format, undefined);
    await loadCodecs();
    const encoder = audioCodecs[format].createEncoder(shapeOf(format).sampleRateHz);
    return new UnitEncoder(format, encoder);
  }

  encode(samples: Int16Array): Uint8Array {
    const all = this.#rest.length === 0 ? samples : joined(this.#rest, samples);
    const whole = all.length - (all.length % this.#unit);
    this.#rest = all.slice(whole);
    return this.#encode(all.subarray(0, whole));
  }

  /** What is left, filled up with silence. */
  end(): Uint8Array {
    if (this.#rest.length === 0) return new Uint8Array();
    const last = new Int16Array(this.#unit);
    last.set(this.#rest);
    this.#rest = new Int16Array();
    return this.#encode(last);
  }

  close(): void {
    this.#encoder?.close();
  }

  #encode(samples: Int16Array): Uint8Array {
    if (this.#encoder === undefined) return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
    if (this.#packets) return this.#encodePackets(this.#encoder, samples);
    const { unitBytes } = shapeOf(this.#format);
    const bytes = new Uint8Array((samples.length / this.#unit) * unitBytes);
    this.#encoder.encode(samples, bytes, 0);
    return bytes;
  }

  #encodePackets(encoder: Encoder, samples: Int16Array): Uint8Array {
    const bytes = new Uint8Array((samples.length / this.#unit) * (lengthBytes + packetBytes));
    let at = 0;
    for (let first = 0; first < samples.length; first += this.#unit) {
      const length = encoder.encode(samples.subarray(first, first + this.#unit), bytes, at + lengthBytes);
      bytes[at] = length & 0xff;
      bytes[at + 1] = length >> 8;
      at += lengthBytes + length;
    }
    return bytes.subarray(0, at);
  }
}

function samplesOf(bytes: Uint8Array): Int16Array {
  return new Int16Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / sampleBytes));
}

function joined(one: Int16Array, other: Int16Array): Int16Array {
  const all = new Int16Array(one.length + other.length);
  all.set(one);
  all.set(other, one.length);
  return all;
}
