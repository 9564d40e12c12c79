import type { Logger } from "../../kernel/index.ts";
import { type Codec, decode, frameSamples } from "../codec/codec.ts";
import type { MediaEvent, RecordingPlan } from "../plan.ts";
import { Recorder, type RecorderListener } from "../sound/recorder.ts";

/** The recordings of one endpoint, those that ended and are still planned too: they are not begun again. */
export class Recordings {
  readonly #listener: RecorderListener;
  readonly #recorders = new Map<string, Recorder>();
  /** Of recorders that left the plan. */
  readonly #stopping = new Set<Promise<void>>();
  #linear: Int16Array | undefined;

  constructor(logger: Logger, emit: (event: MediaEvent) => void) {
    this.#listener = {
      ended: (recordingId, reason, durationMs, digit) =>
        emit({ kind: "recording-ended", recordingId, reason, durationMs, ...(digit !== undefined && { digit }) }),
      failed: (recordingId, cause) => logger.error({ recordingId, cause }, "A recording could not be written."),
    };
  }

  get areRunning(): boolean {
    return [...this.#recorders.values()].some((recorder) => !recorder.isEnded);
  }

  update(plans: readonly RecordingPlan[]): void {
    for (const [recordingId, recorder] of this.#recorders) {
      if (plans.some((plan) => plan.recordingId === recordingId)) continue;
      this.#recorders.delete(recordingId);
      this.#stop(recorder);
    }
    for (const plan of plans) {
      if (!this.#recorders.has(plan.recordingId)) this.#recorders.set(plan.recordingId, new Recorder(plan, this.#listener));
    }
  }

  /** A frame of what the peer said, and of what it heard in its codec. */
  write(said: Int16Array, heard: Uint8Array, codec: Codec): void {
    for (const recorder of this.#recorders.values()) {
      if (recorder.isEnded) continue;
      recorder.write(said, recorder.plan.hears === "both" ? this.#decoded(heard, codec) : undefined);
    }
  }

  digit(digit: string): void {
    for (const recorder of this.#recorders.values()) recorder.digit(digit);
  }

  /** Settles when all are written. */
  async close(): Promise<void> {
    for (const recorder of this.#recorders.values()) this.#stop(recorder);
    await Promise.all(this.#stopping);
  }

  #stop(recorder: Recorder): void {
    const stopping = recorder.stop();
    this.#stopping.add(stopping);
    void stopping.finally(() => this.#stopping.delete(stopping));
  }

  #decoded(heard: Uint8Array, codec: Codec): Int16Array {
    this.#linear ??= new Int16Array(frameSamples);
    decode(codec, heard, this.#linear);
    return this.#linear;
  }
}
