import { mkdir, open, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { frameMs, frameSamples, sampleRateHz } from "../codec/codec.ts";
import { wavHeader, wavHeaderBytes } from "../codec/wav-writer.ts";
import type { MediaEvent, RecordingPlan } from "../plan.ts";

export type RecordingEnd = Extract<MediaEvent, { kind: "recording-ended" }>["reason"];
export type RecorderListener = {
  /** Once, after the file was closed. */
  ended(recordingId: string, reason: RecordingEnd, durationMs: number, digit: string | undefined): void;
  failed(recordingId: string, cause: unknown): void;
};

/** Mean magnitude of a frame under which nobody speaks: about −42 dBFS, above the noise of a quiet line. */
const silenceLevel = 256;
/** Seconds of sound that may wait for a slow disk before the recording is given up. */
const maxWaiting = 10;

/**
 * Writes one recording. Sound goes to the file once a second, then the header says so: after a crash the file is valid and lacks at most that second. A file
 * that is there already is continued.
 */
export class Recorder {
  readonly plan: RecordingPlan;
  readonly #listener: RecorderListener;
  readonly #file: Promise<{ readonly handle: FileHandle; at: number }>;
  #second = new Int16Array(sampleRateHz);
  #filled = 0;
  #frames = 0;
  #silentMs = 0;
  #waiting = 0;
  #isEnded = false;
  #written: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(plan: RecordingPlan, listener: RecorderListener) {
    this.plan = plan;
    this.#listener = listener;
    this.#file = openForAppend(plan.path);
    this.#file.catch((cause: unknown) => this.#fail(cause));
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Takes a frame of what the peer said, and of what it heard when both are wanted. */
  write(said: Int16Array, heard: Int16Array | undefined): void {
    if (this.#isEnded) return;
    let magnitude = 0;
    for (let index = 0; index < frameSamples; index++) {
      const sample = said[index] ?? 0;
      magnitude += Math.abs(sample);
      const both = sample + (heard?.[index] ?? 0);
      this.#second[this.#filled + index] = both > 32_767 ? 32_767 : both < -32_768 ? -32_768 : both;
    }
    this.#filled += frameSamples;
    this.#frames += 1;
    this.#silentMs = magnitude < silenceLevel * frameSamples ? this.#silentMs + frameMs : 0;
    if (this.#filled === this.#second.length) this.#flush();
    if (this.#frames * frameMs >= this.plan.maxMs) this.#end("maximum");
    else if (this.plan.silenceMs > 0 && this.#silentMs >= this.plan.silenceMs) this.#end("silence");
  }

  digit(digit: string): void {
    if (this.plan.finishOn.includes(digit)) this.#end("digit", digit);
  }

  /** Ends it if it runs. Settles when the file is closed and its end was told. */
  async stop(): Promise<void> {
    this.#end("stopped");
    await this.#closed;
  }

  #end(reason: RecordingEnd, digit?: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#flush();
    this.#closed = this.#close(reason, digit);
  }

  async #close(reason: RecordingEnd, digit: string | undefined): Promise<void> {
    let outcome = reason;
    for (const step of [() => this.#written, async () => (await this.#file).handle.close()]) {
      try {
        await step();
      } catch (cause) {
        if (outcome !== "failed") this.#listener.failed(this.plan.recordingId, cause);
        outcome = "failed";
      }
    }
    this.#listener.ended(this.plan.recordingId, outcome, this.#frames * frameMs, digit);
  }

  #fail(cause: unknown): void {
    if (this.#isEnded) return;
    this.#listener.failed(this.plan.recordingId, cause);
    this.#filled = 0;
    this.#end("failed");
  }

  #flush(): void {
    if (this.#filled === 0) return;
    if (this.#waiting >= maxWaiting && !this.#isEnded) {
      this.#fail(new Error(`the disk is ${maxWaiting} s behind`));
      return;
    }
    const bytes = new Uint8Array(this.#second.buffer, 0, this.#filled * 2);
    this.#second = new Int16Array(this.#isEnded ? 0 : sampleRateHz);
    this.#filled = 0;
    this.#waiting += 1;
    this.#written = this.#append(this.#written, bytes);
    this.#written.catch((cause: unknown) => this.#fail(cause));
  }

  async #append(before: Promise<void>, bytes: Uint8Array): Promise<void> {
    await before;
    const file = await this.#file;
    await file.handle.write(bytes, 0, bytes.length, file.at);
    file.at += bytes.length;
    await file.handle.write(wavHeader(file.at - wavHeaderBytes), 0, wavHeaderBytes, 0);
    this.#waiting -= 1;
  }
}

async function openForAppend(path: string): Promise<{ handle: FileHandle; at: number }> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // "a" would write the header at the end, "r+" needs the file: make it first.
  await (await open(path, "a", 0o600)).close();
  const handle = await open(path, "r+");
  const { size } = await handle.stat();
  const at = Math.max(wavHeaderBytes, size - (size % 2));
  await handle.write(wavHeader(at - wavHeaderBytes), 0, wavHeaderBytes, 0);
  return { handle, at };
}
