import { type PacketView, PlayoutBuffer, type ReceivedRtpHeader } from "../../rtp/index.ts";
import type { AudioCodec, Decoder } from "../codec/audio-codec.ts";
import { audioCodecs } from "../codec/codecs.ts";
import { ComfortNoise } from "../codec/comfort-noise.ts";
import { frameMs } from "../codec/frame.ts";
import { StreamResampler } from "../codec/stream-resampler.ts";
import { TalkDetector } from "../detector/talk-detector.ts";
import type { EndpointPlan } from "../plan.ts";

/** RFC 7587 §4.2: no payload is longer. */
const longestPayloadMs = 120;

type OtherRate = { readonly resampler: StreamResampler; readonly frame: Int16Array; isDone: boolean };

/**
 * What the peer of an endpoint says, put in order, decoded and mended, 20 ms at a time: for a mix, a recording or a detector. Exists only while somebody
 * listens.
 */
export class Hearing {
  readonly codec: AudioCodec;
  /** Of `frame`. */
  readonly rateHz: number;
  /** The current 20 ms. */
  readonly frame: Int16Array;
  readonly talk: TalkDetector;
  readonly #buffer: PlayoutBuffer;
  /** The current frame, and behind it what was decoded already of those that follow. */
  readonly #decoded: Int16Array;
  #filled: number;
  /** Of timestamps. G.722 has one for two samples. */
  readonly #unitsPerSample: number;
  readonly #decoder: Decoder;
  /** Of what was heard last: it knows how that would go on. */
  #latest: Decoder;
  /** Of other codecs that the peer may send, by payload type. */
  #others: Map<number, Decoder> | undefined;
  #noise: ComfortNoise | undefined;
  #otherRates: Map<number, OtherRate> | undefined;
  #plan: EndpointPlan;

  constructor(codec: AudioCodec, rateHz: number, plan: EndpointPlan, onTalking: (isTalking: boolean) => void) {
    this.codec = codec;
    this.rateHz = rateHz;
    this.#plan = plan;
    this.talk = new TalkDetector(rateHz, onTalking);
    this.#buffer = new PlayoutBuffer(codec.clockRateHz);
    const frameSamples = (rateHz * frameMs) / 1000;
    this.#decoded = new Int16Array((rateHz * (frameMs + longestPayloadMs)) / 1000);
    this.frame = this.#decoded.subarray(0, frameSamples);
    this.#filled = frameSamples;
    this.#unitsPerSample = codec.clockRateHz / rateHz;
    this.#decoder = codec.createDecoder(rateHz);
    this.#latest = this.#decoder;
  }

  /** False when its time goes by another clock, so that it is another stream, or when it has no sound of this rate. */
  canHear({ clockRateHz, sampleRatesHz }: AudioCodec): boolean {
    return clockRateHz === this.codec.clockRateHz && sampleRatesHz.includes(this.rateHz);
  }

  /** Packets that came after their time. */
  get late(): number {
    return this.#buffer.late;
  }

  /** How long packets wait. */
  get delayMs(): number {
    return this.#buffer.delayMs;
  }

  get dropped(): number {
    return this.#buffer.dropped;
  }

  update(plan: EndpointPlan): void {
    this.#plan = plan;
  }

  put(header: ReceivedRtpHeader, bytes: Uint8Array, nowMs: number): void {
    this.#buffer.put(header, bytes, nowMs);
  }

  /** The peer began another stream. */
  reset(): void {
    this.#buffer.reset();
  }

  /** A packet came that is no sound, and has a number of the same stream. */
  pass(sequenceNumber: number): void {
    this.#buffer.pass(sequenceNumber);
  }

  /** Goes on to the next 20 ms. */
  advance(nowMs: number): void {
    const { length } = this.frame;
    this.#decoded.copyWithin(0, length, this.#filled);
    this.#filled -= length;
    while (this.#filled < length) this.#fill(nowMs);
    this.talk.write(this.frame);
    if (this.#otherRates !== undefined) for (const other of this.#otherRates.values()) other.isDone = false;
  }

  /** The current 20 ms at `rateHz`, for all who ask the same. */
  at(rateHz: number): Int16Array {
    if (rateHz === this.rateHz) return this.frame;
    this.#otherRates ??= new Map();
    let other = this.#otherRates.get(rateHz);
    if (other === undefined) {
      const frame = new Int16Array((rateHz * frameMs) / 1000);
      other = { resampler: new StreamResampler(this.rateHz, rateHz), frame, isDone: false };
      this.#otherRates.set(rateHz, other);
    }
    if (!other.isDone) other.resampler.process(this.frame, other.frame);
    other.isDone = true;
    return other.frame;
  }

  close(): void {
    this.talk.end();
    this.#decoder.close();
    for (const decoder of this.#others?.values() ?? []) decoder.close();
  }

  /** Puts what comes next, 10 to 120 ms of it, behind what is there. */
  #fill(nowMs: number): void {
    const due = this.#buffer.next(nowMs, !this.talk.isTalking);
    switch (due.kind) {
      case "packet":
        this.#take(due);
        return;
      case "lost": {
        const units = due.following === undefined ? due.units : due.missingUnits;
        this.#conceal(units / this.#unitsPerSample, due.following);
        this.#buffer.played(units);
        return;
      }
      case "stretch":
        this.#conceal(this.frame.length, undefined);
        return;
      case "empty":
        this.#rest(this.frame.length);
    }
  }

  #take({ payloadType, bytes, start, end }: PacketView): void {
    if (payloadType === this.#plan.comfortNoise) {
      (this.#noise ??= new ComfortNoise()).describe(bytes, start, end);
      this.#buffer.played(0);
      return;
    }
    this.#noise = undefined;
    this.#latest = this.#decoderOf(payloadType);
    const samples = this.#latest.decode(bytes, start, end, this.#room());
    if (samples === 0) this.#conceal(this.frame.length, undefined);
    else this.#filled += samples;
    this.#buffer.played((samples === 0 ? this.frame.length : samples) * this.#unitsPerSample);
  }

  #decoderOf(payloadType: number): Decoder {
    const known = this.#others?.get(payloadType);
    if (known !== undefined) return known;
    const { alsoReceives, codec } = this.#plan;
    const name = alsoReceives?.find((also) => also.payloadType === payloadType)?.codec ?? codec;
    const other = name && audioCodecs[name];
    if (other === undefined || other === this.codec || !other.sampleRatesHz.includes(this.rateHz)) return this.#decoder;
    const decoder = other.createDecoder(this.rateHz);
    this.#others = (this.#others ?? new Map<number, Decoder>()).set(payloadType, decoder);
    return decoder;
  }

  #conceal(samples: number, following: PacketView | undefined): void {
    const count = Math.min(samples, this.#decoded.length - this.#filled);
    this.#latest.conceal(this.#room(), count, following);
    this.#filled += count;
  }

  /** Nobody speaks: what is heard then is as the peer described it, or nothing. */
  #rest(samples: number): void {
    const room = this.#room();
    if (this.#noise === undefined) room.fill(0, 0, samples);
    else this.#noise.generate(room, samples);
    this.#filled += samples;
  }

  /** Where what comes next belongs. */
  #room(): Int16Array {
    return this.#filled === 0 ? this.#decoded : this.#decoded.subarray(this.#filled);
  }
}
