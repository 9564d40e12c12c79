/** GSM 06.10 full rate (ETSI EN 300 961), decoded in the arithmetic of the standard, so that what comes out is so to the bit. */
import { type Parsed, parsed, unparsed } from "../../../kernel/index.ts";
import type { BlockCodec } from "./blocks.ts";

/** Two frames of 260 bits: WAV has them without a gap, lowest bit first. */
const pairBytes = 65;
const frameSamples = 160;
const partSamples = 40;
const pulses = 13;
/** How far back the long-term predictor looks. */
const history = 120;

/** Table 4.1: bits of the eight log area ratios, and what undoes their coding. */
const larBits = [6, 6, 5, 5, 4, 4, 3, 3] as const;
const larLeast = [-32, -32, -16, -16, -8, -8, -4, -4] as const;
const larOffset = [0, 0, 2048, -2560, 94, -1792, -341, -1144] as const;
const larInverse = [13_107, 13_107, 13_107, 13_107, 19_223, 17_476, 31_454, 29_708] as const;
/** Tables 4.3b and 4.6: gains of the long-term predictor, and the mantissas of a block's largest pulse. */
const ltpGains = [3277, 11_469, 21_299, 32_767] as const;
const mantissas = [18_431, 20_479, 22_527, 24_575, 26_623, 28_671, 30_719, 32_767] as const;
/** The de-emphasis filter (§5.3.5). */
const deemphasis = 28_180;
/** Which samples take which share of the ratios before and of those now, in quarters of the latter (§5.2.9.1). */
const segments = [
  { end: 13, quarters: 1 },
  { end: 27, quarters: 2 },
  { end: 40, quarters: 3 },
  { end: frameSamples, quarters: 4 },
] as const;

/** Microsoft's GSM 6.10: blocks of 65 bytes that are 320 samples, one channel. */
export function gsm610(channels: number, blockBytes: number): Parsed<BlockCodec> {
  if (channels !== 1 || blockBytes !== pairBytes) return unparsed(`blocks of ${blockBytes} bytes of GSM 6.10, with ${channels} channels`);
  const decoder = new GsmDecoder();
  return parsed({
    name: "GSM 6.10",
    blockBytes,
    blockSamples: 2 * frameSamples,
    decode(bytes, start, end, into, at) {
      if (end - start < pairBytes) return 0;
      decoder.decodePair(bytes, start, into, at);
      return 2 * frameSamples;
    },
  });
}

class GsmDecoder {
  #bytes: Uint8Array = new Uint8Array();
  #bit = 0;
  readonly #ratios = new Int32Array(8);
  readonly #ratiosBefore = new Int32Array(8);
  readonly #reflections = new Int32Array(8);
  /** What the long-term predictor said: the past, then the part at hand. */
  readonly #residual = new Int32Array(history + partSamples);
  readonly #excitation = new Int32Array(frameSamples);
  readonly #lattice = new Int32Array(9);
  #lag = partSamples;
  #emphasis = 0;

  decodePair(bytes: Uint8Array, start: number, into: Int16Array, at: number): void {
    this.#bytes = bytes;
    this.#bit = start * 8;
    this.#decodeFrame(into, at);
    this.#decodeFrame(into, at + frameSamples);
  }

  #decodeFrame(into: Int16Array, at: number): void {
    this.#ratiosBefore.set(this.#ratios);
    for (let index = 0; index < 8; index++) {
      const coded = this.#take(larBits[index] ?? 0) + (larLeast[index] ?? 0);
      const scaled = multiply(larInverse[index] ?? 0, clip((coded << 10) - 2 * (larOffset[index] ?? 0)));
      this.#ratios[index] = clip(2 * scaled);
    }
    for (let part = 0; part < frameSamples; part += partSamples) this.#decodePart(part);
    this.#synthesise();
    for (let index = 0; index < frameSamples; index++) {
      this.#emphasis = clip((this.#excitation[index] ?? 0) + multiply(this.#emphasis, deemphasis));
      into[at + index] = clip(2 * this.#emphasis) & ~7;
    }
  }

  /** §5.2.13 to §5.3.2: 40 samples, of which every third is a pulse, and what they are like in the past. */
  #decodePart(at: number): void {
    const residual = this.#residual;
    residual.copyWithin(0, partSamples);
    const lag = this.#take(7);
    if (lag >= partSamples && lag <= history) this.#lag = lag;
    const gain = ltpGains[this.#take(2)] ?? 0;
    const grid = this.#take(2);
    const largest = this.#take(6);
    let exponent = largest > 15 ? (largest >> 3) - 1 : 0;
    let mantissa = largest - (exponent << 3);
    if (mantissa === 0) {
      exponent = -4;
      mantissa = 7;
    } else {
      for (; mantissa <= 7; exponent--) mantissa = (mantissa << 1) | 1;
      mantissa -= 8;
    }
    const factor = mantissas[mantissa] ?? 0;
    const shift = 6 - exponent;
    residual.fill(0, history);
    for (let pulse = 0; pulse < pulses; pulse++) {
      const value = multiply(factor, (2 * this.#take(3) - 7) << 12);
      residual[history + grid + 3 * pulse] = clip(value + (1 << (shift - 1))) >> shift;
    }
    for (let index = history; index < residual.length; index++) {
      residual[index] = clip((residual[index] ?? 0) + multiply(gain, residual[index - this.#lag] ?? 0));
      this.#excitation[at + index - history] = residual[index] ?? 0;
    }
  }

  /** §5.3.4: through the lattice of the vocal tract, whose shape moves from that of the frame before. */
  #synthesise(): void {
    const reflections = this.#reflections;
    const lattice = this.#lattice;
    let at = 0;
    for (const { end, quarters } of segments) {
      for (let index = 0; index < 8; index++) {
        reflections[index] = reflection(between(this.#ratiosBefore[index] ?? 0, this.#ratios[index] ?? 0, quarters));
      }
      for (; at < end; at++) {
        let sample = this.#excitation[at] ?? 0;
        for (let stage = 7; stage >= 0; stage--) {
          const coefficient = reflections[stage] ?? 0;
          const past = lattice[stage] ?? 0;
          sample = clip(sample - multiply(coefficient, past));
          lattice[stage + 1] = clip(past + multiply(coefficient, sample));
        }
        lattice[0] = sample;
        this.#excitation[at] = sample;
      }
    }
  }

  #take(bits: number): number {
    let value = 0;
    for (let index = 0; index < bits; index++, this.#bit++) value |= (((this.#bytes[this.#bit >> 3] ?? 0) >> (this.#bit & 7)) & 1) << index;
    return value;
  }
}

/** The order of the shifts is the standard's: each cuts off for itself. */
function between(before: number, now: number, quarters: 1 | 2 | 3 | 4): number {
  if (quarters === 1) return clip(clip((before >> 2) + (now >> 2)) + (before >> 1));
  if (quarters === 2) return clip((before >> 1) + (now >> 1));
  return quarters === 3 ? clip(clip((before >> 2) + (now >> 2)) + (now >> 1)) : now;
}

/** §5.2.9.2. */
function reflection(ratio: number): number {
  const size = Math.min(32_767, Math.abs(ratio));
  const value = size < 11_059 ? size << 1 : size < 20_070 ? size + 11_059 : clip((size >> 2) + 26_112);
  return ratio < 0 ? -value : value;
}

/** Of two fractions of 15 bits, rounded. */
function multiply(one: number, other: number): number {
  return clip((one * other + 16_384) >> 15);
}

function clip(value: number): number {
  return value > 32_767 ? 32_767 : value < -32_768 ? -32_768 : value;
}
