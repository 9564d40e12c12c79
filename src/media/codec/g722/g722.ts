import { type AudioCodec, checkRate, type Encoder } from "../audio-codec.ts";
import { ConcealingDecoder, type PayloadDecoder } from "../concealing-decoder.ts";
import { blockPairs, MirrorFilter } from "./mirror-filter.ts";
import { SubBand } from "./sub-band.ts";
import { highBand, lowBand } from "./tables.ts";

const sampleRateHz = 16_000;

export const g722: AudioCodec = {
  name: "G722",
  clockRateHz: 8000,
  sampleRatesHz: [sampleRateHz],
  bytesPerMs: 8,
  // The smallest difference in both bands: at most 3 of 32,768 from a fresh decoder. What an encoder gives for silence changes from byte
  // to byte, and any one of these for ever becomes a level of some hundred.
  silence: 0xff,
  createEncoder(rateHz) {
    checkRate(this, rateHz);
    return new G722Encoder();
  },
  createDecoder(rateHz) {
    checkRate(this, rateHz);
    return new ConcealingDecoder(new G722Decoder(), rateHz);
  },
};

/**
 * ITU-T G.722 at 64 kbit/s: two samples at 16 kHz are one byte.
 *
 *      0   1   2   3   4   5   6   7
 *    +---+---+---+---+---+---+---+---+
 *    | higher|      lower band       |
 *    +---+---+---+---+---+---+---+---+
 */
const lowBits = 6;
const lowMask = 0x3f;

/** Between split and code; filled and read within one call, so one for all is enough. */
const low = new Int32Array(blockPairs);
const high = new Int32Array(blockPairs);

class G722Encoder implements Encoder {
  readonly #filter = new MirrorFilter();
  readonly #low = new SubBand(lowBand);
  readonly #high = new SubBand(highBand);

  /** Of an odd number of samples, the last is dropped. Returns the number of bytes. */
  encode(samples: Int16Array, into: Uint8Array, at: number): number {
    const bytes = Math.min(samples.length >> 1, into.length - at);
    for (let done = 0; done < bytes; done += blockPairs) {
      const pairs = Math.min(blockPairs, bytes - done);
      this.#filter.split(samples, 2 * done, pairs, low, high);
      for (let pair = 0; pair < pairs; pair++) {
        into[at + done + pair] = (this.#high.encode(high[pair] ?? 0) << lowBits) | this.#low.encode(low[pair] ?? 0);
      }
    }
    return bytes;
  }

  close(): void {}
}

class G722Decoder implements PayloadDecoder {
  readonly #filter = new MirrorFilter();
  readonly #low = new SubBand(lowBand);
  readonly #high = new SubBand(highBand);

  /** Bytes that have no place in `into` are not read. Returns the number of samples. */
  decode(bytes: Uint8Array, start: number, end: number, into: Int16Array): number {
    const count = Math.min(end - start, into.length >> 1);
    for (let done = 0; done < count; done += blockPairs) {
      const pairs = Math.min(blockPairs, count - done);
      for (let pair = 0; pair < pairs; pair++) {
        const byte = bytes[start + done + pair] ?? 0;
        low[pair] = this.#low.decode(byte & lowMask);
        high[pair] = this.#high.decode(byte >> lowBits);
      }
      this.#filter.join(low, high, pairs, into, 2 * done);
    }
    return 2 * count;
  }
}
