import type { EndpointPlan, MediaEvent, PromptPlan, SocketAddress, Source, StreamPosition } from "../plan.ts";
import { promptOf } from "../sound/sound-format.ts";
import { PromptTrack } from "./prompt-track.ts";

const noTracks: readonly PromptTrack[] = [];

/**
 * What the main thread remembers of one endpoint, so that another worker can go on with it: where its stream stands, to whom it is locked, and what was
 * done and is not done twice.
 */
export class EndpointRecord {
  #lockedTo: SocketAddress | undefined;
  #position: StreamPosition | undefined;
  /** Of the prompts that its last plan names, which most have not. */
  #tracks: readonly PromptTrack[] = noTracks;
  readonly #promptsEnded = new Set<string>();
  readonly #recordingsEnded = new Set<string>();
  readonly #digitsDone = new Set<string>();
  #detected: string | undefined;
  #isTimedOut = false;

  observe(event: MediaEvent): void {
    switch (event.kind) {
      case "locked":
        this.#lockedTo = event.remote;
        return;
      case "stream":
        this.#position = event.position;
        return;
      case "prompt-ended":
        // One that was stopped may be wanted again: after a hold it goes on.
        if (event.reason !== "stopped") this.#promptsEnded.add(event.promptId);
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
      case "prompt-paused":
        this.#track(event.promptId)?.stoodStillAt(event.playedMs);
        return;
      case "media-timeout":
        this.#isTimedOut = true;
        return;
      case "media-resumed":
        this.#isTimedOut = false;
        return;
      case "digit":
      case "talking":
      case "quality":
      case "port-taken":
      case "closed":
    }
  }

  /** What is wanted of it from now on. */
  planned({ source, announcement }: EndpointPlan, now: number): void {
    const named = promptOf(source);
    if (named === undefined && announcement === undefined) {
      this.#tracks = noTracks;
      return;
    }
    const prompts = [named, announcement].filter((one) => one !== undefined);
    this.#tracks = prompts.map((prompt) => this.#trackOf(prompt, now));
  }

  soundProvided(promptId: string, start: number, now: number): void {
    const track = this.#track(promptId);
    if (track?.start === start) track.begin(now);
  }

  /** The digits of `plan` that a lost worker may have sent, or not: they count as sent. Returned once. */
  doubtful(plan: EndpointPlan): readonly string[] {
    const ids = plan.digits.map(({ digitsId }) => digitsId).filter((digitsId) => !this.#digitsDone.has(digitsId));
    for (const digitsId of ids) this.#digitsDone.add(digitsId);
    return ids;
  }

  /** The lost worker said that no media come. The next one begins to wait anew. Returned once. */
  takeTimeout(): boolean {
    const isTimedOut = this.#isTimedOut;
    this.#isTimedOut = false;
    return isTimedOut;
  }

  /** `plan` for a worker that knows nothing of this endpoint. */
  resumed(plan: EndpointPlan, now: number): EndpointPlan {
    const resume = this.#position ?? plan.resume;
    const lockedTo = this.#lockedTo ?? plan.lockedTo;
    const { detect, announcement, ...rest } = plan;
    const announced = announcement === undefined ? undefined : this.#resumedPrompt(announcement, now);
    return {
      ...rest,
      ...(detect !== undefined && detect.detectId !== this.#detected && { detect }),
      source: this.#resumedSource(plan.source, now),
      ...(announced !== undefined && { announcement: announced }),
      digits: plan.digits.filter(({ digitsId }) => !this.#digitsDone.has(digitsId)),
      recordings: plan.recordings.filter(({ recordingId }) => !this.#recordingsEnded.has(recordingId)),
      ...(resume !== undefined && { resume }),
      ...(lockedTo !== undefined && { lockedTo }),
    };
  }

  #resumedSource(source: Source, now: number): Source {
    const named = promptOf(source);
    if (named === undefined) return source;
    const prompt = this.#resumedPrompt(named, now);
    if (source.kind === "hold-music") return { kind: "hold-music", ...(prompt !== undefined && { prompt }) };
    return prompt === undefined ? { kind: "silence" } : { kind: "prompt", prompt };
  }

  #resumedPrompt(prompt: PromptPlan, now: number): PromptPlan | undefined {
    if (this.#promptsEnded.has(prompt.promptId)) return undefined;
    return { ...prompt, offsetMs: this.#track(prompt.promptId)?.positionMs(now) ?? prompt.offsetMs };
  }

  #track(promptId: string): PromptTrack | undefined {
    return this.#tracks.find((track) => track.promptId === promptId);
  }

  #trackOf(prompt: PromptPlan, now: number): PromptTrack {
    const known = this.#track(prompt.promptId);
    if (known?.start !== prompt.start) return new PromptTrack(prompt);
    known.update(prompt, now);
    return known;
  }
}
