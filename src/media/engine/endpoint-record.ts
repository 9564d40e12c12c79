import type { EndpointPlan, MediaEvent, SocketAddress, Source, StreamPosition } from "../plan.ts";

/**
 * What the main thread remembers of one endpoint, so that another worker can go on with it: where its stream stands, to whom it is locked, and what was
 * done and is not done twice.
 */
export class EndpointRecord {
  #lockedTo: SocketAddress | undefined;
  #position: StreamPosition | undefined;
  /** Epoch milliseconds since when the current prompt has had its sound. */
  #soundSince: number | undefined;
  readonly #promptsEnded = new Set<string>();
  readonly #recordingsEnded = new Set<string>();
  readonly #digitsDone = new Set<string>();
  #detected: string | undefined;

  observe(event: MediaEvent): void {
    switch (event.kind) {
      case "locked":
        this.#lockedTo = event.remote;
        return;
      case "stream":
        this.#position = event.position;
        return;
      case "prompt-ended":
        this.#promptsEnded.add(event.promptId);
        return;
      case "recording-ended":
        this.#recordingsEnded.add(event.recordingId);
        return;
      case "digits-sent":
        this.#digitsDone.add(event.digitsId);
        return;
      case "answered-by":
        this.#detected = event.detectId;
        return;
      case "digit":
      case "port-taken":
      case "closed":
    }
  }

  soundProvided(now: number): void {
    this.#soundSince = now;
  }

  /** The digits of `plan` that a lost worker may have sent, or not: they count as sent. Returned once. */
  doubtful(plan: EndpointPlan): readonly string[] {
    const ids = plan.digits.map(({ digitsId }) => digitsId).filter((digitsId) => !this.#digitsDone.has(digitsId));
    for (const digitsId of ids) this.#digitsDone.add(digitsId);
    return ids;
  }

  /** `plan` for a worker that knows nothing of this endpoint. */
  resumed(plan: EndpointPlan, now: number): EndpointPlan {
    const resume = this.#position ?? plan.resume;
    const lockedTo = this.#lockedTo ?? plan.lockedTo;
    const { detect, ...rest } = plan;
    return {
      ...rest,
      ...(detect !== undefined && detect.detectId !== this.#detected && { detect }),
      source: this.#resumedSource(plan.source, now),
      digits: plan.digits.filter(({ digitsId }) => !this.#digitsDone.has(digitsId)),
      recordings: plan.recordings.filter(({ recordingId }) => !this.#recordingsEnded.has(recordingId)),
      ...(resume !== undefined && { resume }),
      ...(lockedTo !== undefined && { lockedTo }),
    };
  }

  #resumedSource(source: Source, now: number): Source {
    if (source.kind !== "prompt") return source;
    if (this.#promptsEnded.has(source.prompt.promptId)) return { kind: "silence" };
    const playedMs = this.#soundSince === undefined ? 0 : now - this.#soundSince;
    return { kind: "prompt", prompt: { ...source.prompt, offsetMs: source.prompt.offsetMs + playedMs } };
  }
}
