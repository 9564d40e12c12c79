import type { Logger } from "../../kernel/index.ts";
import type { AudioCodec } from "../codec/audio-codec.ts";
import type { MediaEvent, RecordingPlan } from "../plan.ts";
import type { Hearing } from "./hearing.ts";
import { Recorder, type RecorderListener } from "../sound/recorder.ts";

/** At which a peer with this codec is recorded: what is above 8 kHz of a voice is not worth its place. */
export function recordingRateHz(codec: AudioCodec | undefined): number {
  return codec === undefined || codec.sampleRatesHz[0] === 8000 ? 8000 : 16_000;
}

/** The recordings of one endpoint, those that ended and are still planned too: they are not begun again. */
export class Recordings {
  readonly #listener: RecorderListener;
  readonly #recorders = new Map<string, Recorder>();
  /** Of recorders that left the plan. */
  readonly #stopping = new Set<Promise<void>>();

  constructor(logger: Logger, emit: (event: MediaEvent) => void) {
    this.#listener = {
      ended: (recordingId, reason, durationMs, digit) =>
        emit({ kind: "recording-ended", recordingId, reason, durationMs, ...(digit !== undefined && { digit }) }),
      failed: (recordingId, cause) => logger.error({ recordingId, cause }, "A recording could not be written."),
    };
  }

  get areRunning(): boolean {
    for (const recorder of this.#recorders.values()) if (!recorder.isEnded) return true;
    return false;
  }

  /** Some of them record what the peer hears too. */
  get hearBoth(): boolean {
    for (const recorder of this.#recorders.values()) if (recorder.hearsBoth && !recorder.isEnded) return true;
    return false;
  }

  /** The one whose beep the peer, and whoever talks with it, should hear now. */
  get beeping(): Recorder | undefined {
    for (const recorder of this.#recorders.values()) if (recorder.isBeeping) return recorder;
    return undefined;
  }

  /** Those that begin now get sound of this rate for as long as they last. */
  update(plans: readonly RecordingPlan[], sampleRateHz: number): void {
    for (const [recordingId, recorder] of this.#recorders) {
      if (plans.some((plan) => plan.recordingId === recordingId)) continue;
      this.#recorders.delete(recordingId);
      this.#stop(recorder);
    }
    for (const plan of plans) {
      const known = this.#recorders.get(plan.recordingId);
      if (known === undefined) this.#recorders.set(plan.recordingId, new Recorder(plan, sampleRateHz, this.#listener));
      else known.update(plan);
    }
  }

  /** 20 ms of what the peer said, and of what it heard: each at the rate at which it began, whatever the codec is now. */
  write(said: Hearing, heard: (rateHz: number) => Int16Array): void {
    for (const recorder of this.#recorders.values()) {
      if (recorder.isEnded) continue;
      const { sampleRateHz } = recorder;
      recorder.write(said.at(sampleRateHz), recorder.hearsBoth ? heard(sampleRateHz) : undefined);
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
}
