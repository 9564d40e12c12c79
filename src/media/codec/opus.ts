import {
  Application,
  Bandwidth,
  createDecoder,
  createEncoder,
  loadLibopus,
  type OpusDecoderHandle,
  type OpusEncoderHandle,
} from "libopus-wasm";
import { type AudioCodec, checkRate, type Decoder, type Encoder, type EncoderOptions, type PayloadRange } from "./audio-codec.ts";

type OpusRateHz = 8000 | 16_000 | 24_000 | 48_000;

/** RFC 6716 and RFC 7587, by libopus as WebAssembly. One channel; what comes in two is mixed by the decoder. */
export const opus: AudioCodec = {
  name: "opus",
  clockRateHz: 48_000,
  sampleRatesHz: [48_000, 8000, 16_000, 24_000],
  silence: 0,
  createEncoder(sampleRateHz, options = {}) {
    checkRate(this, sampleRateHz);
    return new OpusEncoder(sampleRateHz as OpusRateHz, options);
  },
  createDecoder(sampleRateHz) {
    checkRate(this, sampleRateHz);
    return new OpusDecoder(sampleRateHz as OpusRateHz);
  },
};

/** Compiles the library, once per thread. */
export async function loadOpus(): Promise<void> {
  await loadLibopus();
}

/** The largest frame of RFC 6716 §3.4, for any bit rate we ask for; 40 and 60 ms fit too at what speech needs. */
const largestBytes = 1275;
const longestMs = 120;
/**
 * µs for 20 ms of speech with FEC at 8, 16 and 48 kHz: 0: 28, 42, 58; 1: 32, 52, 78; 2: 46, 79, 108; 5: 89, 124, 170. At 20 kbit/s the spectrum is off by
 * 4.9 dB at 0 and 3, 4.8 at 5, 4.6 at 9: little is bought with all that. Bits are cheaper: hence the rates below.
 */
const complexity = 1;
const usualLossPercent = 10;
/** A packet of so many bytes says only that there is nothing to say. */
const nothingBytes = 2;

/** Bits per second for speech of all that the rate holds: at the upper end of RFC 7587 §3.1.1, and above it where the encoder takes less trouble. */
const bitrates: Readonly<Record<OpusRateHz, number>> = { 8000: 20_000, 16_000: 28_000, 24_000: 32_000, 48_000: 40_000 };
const leastBitrate = 6000;
const mostBitrate = 510_000;

/** Gives nothing until the library has made its part, a few microtasks after the constructor, and for ever if it has no memory left. */
class OpusEncoder implements Encoder {
  #handle: OpusEncoderHandle | undefined;
  #isClosed = false;
  readonly #isDtx: boolean;
  /** One object and one pair of views for all calls: what the library is called with need not be made for each packet. */
  readonly #call = { frameSize: 0, maxPacketBytes: largestBytes };
  #samples = new Int16Array();
  #sampleBytes = new Uint8Array();

  constructor(sampleRate: OpusRateHz, options: EncoderOptions) {
    this.#isDtx = options.dtx ?? false;
    const fec = options.fec ?? false;
    const making = createEncoder({
      sampleRate,
      channels: 1,
      application: Application.Voip,
      bitrate: within(leastBitrate, mostBitrate, options.bitrate ?? bitrates[sampleRate]),
      complexity,
      dtx: this.#isDtx,
      fec,
      packetLossPercent: within(0, 100, options.packetLossPercent ?? (fec ? usualLossPercent : 0)),
      maxBandwidth: bandwidthOf(options.maxSampleRateHz ?? sampleRate),
    });
    making.then(
      (handle) => {
        if (this.#isClosed) handle.free();
        else this.#handle = handle;
      },
      () => {},
    );
  }

  encode(samples: Int16Array, into: Uint8Array, at: number): number {
    const handle = this.#handle;
    const room = Math.min(largestBytes, into.length - at);
    if (handle === undefined || room <= 0) return 0;
    if (this.#samples.length !== samples.length) {
      this.#samples = new Int16Array(samples.length);
      this.#sampleBytes = new Uint8Array(this.#samples.buffer);
    }
    this.#samples.set(samples);
    this.#call.frameSize = samples.length;
    this.#call.maxPacketBytes = room;
    const packet = handle.encode(this.#sampleBytes, this.#call);
    if (this.#isDtx && packet.length <= nothingBytes) return 0;
    into.set(packet, at);
    return packet.length;
  }

  close(): void {
    this.#isClosed = true;
    this.#handle?.free();
    this.#handle = undefined;
  }
}

/** Gives silence until the library has made its part, a few microtasks after the constructor, and for ever if it has no memory left. */
class OpusDecoder implements Decoder {
  #handle: OpusDecoderHandle | undefined;
  #isClosed = false;
  readonly #longest: number;
  /** One object for all calls of each kind: what the library is called with need not be made for each packet. */
  readonly #whole = { maxFrameSize: 0 };
  readonly #gap = { decodeFec: false, frameSize: 0 };

  constructor(sampleRate: OpusRateHz) {
    this.#longest = (sampleRate / 1000) * longestMs;
    createDecoder({ sampleRate, channels: 1 }).then(
      (handle) => {
        if (this.#isClosed) handle.free();
        else this.#handle = handle;
      },
      () => {},
    );
  }

  decode(bytes: Uint8Array, start: number, end: number, into: Int16Array): number {
    if (this.#handle === undefined || end <= start) return 0;
    this.#whole.maxFrameSize = Math.min(this.#longest, into.length);
    try {
      const samples = this.#handle.decode(bytes.subarray(start, end), this.#whole);
      into.set(samples);
      return samples.length;
    } catch {
      return 0;
    }
  }

  conceal(into: Int16Array, samples: number, next?: PayloadRange): void {
    this.#gap.decodeFec = next !== undefined;
    this.#gap.frameSize = samples;
    try {
      const found = this.#handle?.decode(next === undefined ? null : next.bytes.subarray(next.start, next.end), this.#gap);
      if (found === undefined) into.fill(0, 0, samples);
      else into.set(found);
    } catch {
      into.fill(0, 0, samples);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#handle?.free();
    this.#handle = undefined;
  }
}

/** The library refuses what a peer may well ask for: parts of a percent, a bit rate of 0. */
function within(least: number, most: number, value: number): number {
  return Math.max(least, Math.min(most, Math.round(value)));
}

/** The widest that a player at this rate can use. */
function bandwidthOf(sampleRateHz: number): Bandwidth {
  if (sampleRateHz < 12_000) return Bandwidth.Narrowband;
  if (sampleRateHz < 16_000) return Bandwidth.Mediumband;
  if (sampleRateHz < 24_000) return Bandwidth.Wideband;
  return sampleRateHz < 48_000 ? Bandwidth.Superwideband : Bandwidth.Fullband;
}
