import { frameMs } from "../codec/frame.ts";
import type { MediaEvent, RecordingPlan } from "../plan.ts";
import { RecordingFile } from "./recording-file.ts";

export type RecordingEnd = Extract<MediaEvent, { kind: "recording-ended" }>["reason"];
export type RecorderListener = {
  /** Once: after the file was closed or, when it failed, at once, for a disk that stands still may do so for ever. `durationMs` is of the whole file. */
  ended(recordingId: string, reason: RecordingEnd, durationMs: number, digit: string | undefined): void;
  failed(recordingId: string, cause: unknown): void;
};

/** Mean magnitude of a frame under which nobody speaks: about −42 dBFS, above the noise of a quiet line. */
const silenceLevel = 256;
/** Seconds of sound that may wait for a slow disk before the recording is given up. */
const maxWaiting = 10;

const beepHz = 1200;
const beepFrames = 13;
/** −12 dBFS, and a ramp of 10 ms at both ends: without it the tone clicks. */
const beepAmplitude = 8192;
const beepRampMs = 10;

/**
 * Seconds that were written, to be filled again by any recording of the thread: new ones would be 16 to 64 MB/s for the garbage collector at 1,000 recordings, and
 * one for each of them 32 kB a stereo call.
 */
const spares: Int16Array[] = [];
const mostSpares = 64;
const nothing = new Int16Array();

function takeSpare(samples: number): Int16Array {
  const index = spares.findLastIndex(({ length }) => length === samples);
  return (index < 0 ? undefined : spares.splice(index, 1)[0]) ?? new Int16Array(samples);
}

function keepSpare(second: Int16Array): void {
  if (spares.length < mostSpares) spares.push(second);
}

/**
 * Writes one recording, linear and at one rate from beginning to end. Sound goes to the file once a second: after a crash the file is valid and lacks at
 * most that second. A file that is there already is continued. Nothing is written while the beep lasts.
 */
export class Recorder {
  readonly #listener: RecorderListener;
  /** Of all that it takes and gives. */
  readonly sampleRateHz: number;
  readonly #channels: 1 | 2;
  readonly #frameSamples: number;
  readonly #file: Promise<RecordingFile>;
  #plan: RecordingPlan;
  #second: Int16Array;
  #filled = 0;
  #frames = 0;
  #beepFrame: number;
  #silentMs = 0;
  #waiting = 0;
  #isEnded = false;
  #hasFailed = false;
  #written: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(plan: RecordingPlan, sampleRateHz: number, listener: RecorderListener) {
    this.#plan = plan;
    this.#listener = listener;
    this.sampleRateHz = sampleRateHz;
    this.#channels = plan.hears === "both" ? (plan.channels ?? 1) : 1;
    this.#frameSamples = (sampleRateHz * frameMs) / 1000;
    this.#second = takeSpare(sampleRateHz * this.#channels);
    this.#beepFrame = plan.beep === true ? 0 : beepFrames;
    this.#file = this.#open();
    this.#file.catch((cause: unknown) => this.#fail(cause));
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** What it hears beside the peer has to be given to `write`. */
  get hearsBoth(): boolean {
    return this.#plan.hears === "both";
  }

  /** The peer and those it talks with hear `readBeep` instead of each other. */
  get isBeeping(): boolean {
    return this.#beepFrame < beepFrames && !this.#isEnded;
  }

  /** It pauses, goes on, or has other limits; the sound that is recorded, and its file, stay what they were. */
  update(plan: RecordingPlan): void {
    this.#plan = plan;
  }

  /** The frame of the beep that is due, over what was there. `write` goes on to the next one. */
  readBeep(into: Int16Array): void {
    const start = this.#beepFrame * this.#frameSamples;
    const end = beepFrames * this.#frameSamples;
    const ramp = (beepRampMs * this.sampleRateHz) / 1000;
    for (let index = 0; index < into.length; index++) {
      const at = start + index;
      const level = Math.max(0, Math.min(1, at / ramp, (end - at) / ramp));
      into[index] = Math.round(beepAmplitude * level * Math.sin((2 * Math.PI * beepHz * at) / this.sampleRateHz));
    }
  }

  /** Takes 20 ms of what the peer said, and of what it heard when both are wanted. */
  write(said: Int16Array, heard: Int16Array | undefined): void {
    if (this.#isEnded) return;
    if (this.#beepFrame < beepFrames) {
      this.#beepFrame += 1;
      return;
    }
    if (this.#plan.isPaused === true) this.#putSilence();
    else if (this.#channels === 2) this.#putBoth(said, heard);
    else this.#putMixed(said, heard);
    this.#filled += this.#frameSamples * this.#channels;
    this.#frames += 1;
    if (this.#filled === this.#second.length) this.#flush();
    if (this.#frames * frameMs >= this.#plan.maxMs) this.#end("maximum");
    else if (this.#plan.silenceMs > 0 && this.#silentMs >= this.#plan.silenceMs) this.#end("silence");
  }

  digit(digit: string): void {
    if (this.#plan.finishOn.includes(digit)) this.#end("digit", digit);
  }

  /** Ends it if it runs. Settles when the file is closed and its end was told. */
  async stop(): Promise<void> {
    this.#end("stopped");
    await this.#closed;
  }

  #putSilence(): void {
    this.#second.fill(0, this.#filled, this.#filled + this.#frameSamples * this.#channels);
    this.#silentMs = 0;
  }

  #putMixed(said: Int16Array, heard: Int16Array | undefined): void {
    let magnitude = 0;
    for (let index = 0; index < this.#frameSamples; index++) {
      const sample = said[index] ?? 0;
      magnitude += Math.abs(sample);
      const both = sample + (heard?.[index] ?? 0);
      this.#second[this.#filled + index] = both > 32_767 ? 32_767 : both < -32_768 ? -32_768 : both;
    }
    this.#judge(magnitude);
  }

  #putBoth(said: Int16Array, heard: Int16Array | undefined): void {
    let magnitude = 0;
    for (let index = 0; index < this.#frameSamples; index++) {
      const sample = said[index] ?? 0;
      magnitude += Math.abs(sample);
      this.#second[this.#filled + 2 * index] = sample;
      this.#second[this.#filled + 2 * index + 1] = heard?.[index] ?? 0;
    }
    this.#judge(magnitude);
  }

  #judge(magnitude: number): void {
    this.#silentMs = magnitude < silenceLevel * this.#frameSamples ? this.#silentMs + frameMs : 0;
  }

  async #open(): Promise<RecordingFile> {
    const key = this.#plan.key === undefined ? undefined : Buffer.from(this.#plan.key, "base64");
    const file = await RecordingFile.open(this.#plan.path, { sampleRateHz: this.sampleRateHz, channels: this.#channels }, key);
    this.#frames += Math.floor(file.earlierBytes / (2 * this.#channels * this.#frameSamples));
    return file;
  }

  #end(reason: RecordingEnd, digit?: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#flush();
    this.#closed = this.#close(reason, digit);
  }

  async #close(reason: RecordingEnd, digit: string | undefined): Promise<void> {
    let outcome = reason;
    if (reason === "failed") this.#tell(reason, digit);
    for (const step of [() => this.#written, async () => (await this.#file).close()]) {
      try {
        await step();
      } catch (cause) {
        if (outcome !== "failed") this.#listener.failed(this.#plan.recordingId, cause);
        outcome = "failed";
      }
    }
    if (reason !== "failed") this.#tell(outcome, digit);
  }

  #tell(reason: RecordingEnd, digit: string | undefined): void {
    this.#listener.ended(this.#plan.recordingId, reason, this.#frames * frameMs, digit);
  }

  #fail(cause: unknown): void {
    if (this.#isEnded) return;
    this.#hasFailed = true;
    this.#listener.failed(this.#plan.recordingId, cause);
    this.#filled = 0;
    this.#end("failed");
  }

  #flush(): void {
    if (this.#filled === 0) return;
    if (this.#waiting >= maxWaiting && !this.#isEnded) {
      this.#fail(new Error(`the disk is ${maxWaiting} s behind`));
      return;
    }
    const second = this.#second;
    const bytes = new Uint8Array(second.buffer, 0, this.#filled * 2);
    this.#second = this.#isEnded ? nothing : takeSpare(second.length);
    this.#filled = 0;
    this.#waiting += 1;
    this.#written = this.#append(this.#written, second, bytes);
    this.#written.catch((cause: unknown) => this.#fail(cause));
  }

  async #append(before: Promise<void>, second: Int16Array, bytes: Uint8Array): Promise<void> {
    await before;
    const file = await this.#file;
    if (this.#hasFailed) return;
    await file.append(bytes);
    keepSpare(second);
    this.#waiting -= 1;
  }
}
