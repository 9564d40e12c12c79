import type { EndpointPlan, MediaEvent } from "../plan.ts";

const failure = "MEDIA_NOT_DECODED";

/** What a plan wants of an endpoint whose codec nobody here decodes, and that cannot be: told as failed, once each. */
export class Undecoded {
  readonly #emit: (event: MediaEvent) => void;
  readonly #told = new Set<string>();

  constructor(emit: (event: MediaEvent) => void) {
    this.#emit = emit;
  }

  /** What is left of `plan`: it listens to nobody, and says at most what is relayed. */
  refuse(plan: EndpointPlan): EndpointPlan {
    const { codec: _codec, source, announcement, recordings, detect, ...rest } = plan;
    for (const prompt of [source.kind === "prompt" ? source.prompt : undefined, announcement]) {
      if (prompt === undefined) continue;
      const { promptId, offsetMs } = prompt;
      this.#tell(`prompt ${promptId}`, { kind: "prompt-ended", promptId, reason: "failed", playedMs: offsetMs, error: failure });
    }
    for (const { recordingId } of recordings) {
      this.#tell(`recording ${recordingId}`, { kind: "recording-ended", recordingId, reason: "failed", durationMs: 0 });
    }
    if (detect !== undefined)
      this.#tell(`detect ${detect.detectId}`, { kind: "answered-by", detectId: detect.detectId, result: "unknown" });
    return { ...rest, recordings: [], source: source.kind === "relay" ? source : { kind: "silence" } };
  }

  #tell(what: string, event: MediaEvent): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    this.#emit(event);
  }
}
