import type { CodecName } from "../../kernel/index.ts";
import type { CompandingTables } from "./g711.ts";

/** How sound of one channel becomes payloads of RTP and sound again. Sound is linear, signed 16-bit samples. */
export type AudioCodec = {
  /** As in SDP (RFC 4855), with the rate where one name has several. */
  readonly name: CodecName;
  /** Of RTP timestamps. G.722 says 8,000 and samples at 16,000 (RFC 3551 §4.5.2); Opus always says 48,000 (RFC 7587 §4.1). */
  readonly clockRateHz: number;
  /** Rates of sound that encoders and decoders can be made for; the first is the codec's own. */
  readonly sampleRatesHz: readonly number[];
  /** Bytes for a millisecond of sound; absent where that varies (Opus). */
  readonly bytesPerMs?: number;
  /** A payload full of this byte is silence to a fresh decoder. Of no meaning without `bytesPerMs`. */
  readonly silence: number;
  /** Of a codec with one byte a sample and no memory (G.711): bytes can be changed into another such codec's one by one. */
  readonly tables?: CompandingTables;
  /** Throws a RangeError for a rate that is not one of `sampleRatesHz`. */
  createEncoder(sampleRateHz: number, options?: EncoderOptions): Encoder;
  /** Throws a RangeError for a rate that is not one of `sampleRatesHz`. */
  createDecoder(sampleRateHz: number): Decoder;
};

/** For Opus; other codecs have nothing to choose. A number beyond its range is taken for the nearest within. */
export type EncoderOptions = {
  /** Each packet carries the one before again, more coarsely, as far as `packetLossPercent` makes it worth while (RFC 6716 §2.1.7). */
  readonly fec?: boolean;
  /** Nothing is sent while nobody speaks, but for a packet every 400 ms (RFC 6716 §2.1.9). */
  readonly dtx?: boolean;
  /** Bits per second, 6,000 to 510,000; chosen by the sample rate when left out. */
  readonly bitrate?: number;
  /** 0 to 100, what the peer says it loses; 10 when left out and `fec` is on, else 0. */
  readonly packetLossPercent?: number;
  /** The peer plays nothing above half of this (maxplaybackrate of RFC 7587 §6.1). */
  readonly maxSampleRateHz?: number;
};

export type Encoder = {
  /**
   * Encodes all of `samples` into `into` from `at` and returns the number of bytes; 0 when nothing needs to be sent. G.711, G.722 and L16
   * take any whole number of milliseconds; Opus takes 10, 20, 40 or 60, and throws a RangeError for others. What has no place in `into` is
   * left out; 1,275 bytes are enough for what Opus sends, and for 60 ms of the others but L16/16000 and L16/48000.
   */
  encode(samples: Int16Array, into: Uint8Array, at: number): number;
  /** Ends it; nothing may be encoded afterwards. */
  close(): void;
};

export type Decoder = {
  /**
   * Decodes bytes[start, end), a payload of up to 120 ms, into `into` and returns the number of samples; 0 when it cannot be decoded. Never
   * throws. Samples that have no place in `into` are left out (Opus then gives none at all).
   */
  decode(bytes: Uint8Array, start: number, end: number, into: Int16Array): number;
  /**
   * Writes `samples` samples of what was probably said in a gap, whole multiples of 2.5 ms and at most 120 ms. `next` is the payload right
   * behind them, if it is there already: Opus finds what was lost in it (RFC 7587 §3.3).
   */
  conceal(into: Int16Array, samples: number, next?: PayloadRange): void;
  /** Ends it; nothing may be decoded afterwards. */
  close(): void;
};

/** A payload as a part of a packet: bytes[start, end). */
export type PayloadRange = { readonly bytes: Uint8Array; readonly start: number; readonly end: number };

/** Refuses a rate that `codec` has not: a mistake of the caller, who has the list. */
export function checkRate(codec: AudioCodec, sampleRateHz: number): void {
  if (!codec.sampleRatesHz.includes(sampleRateHz)) throw new RangeError(`${codec.name} has no sound at ${sampleRateHz} Hz`);
}
