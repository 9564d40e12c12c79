/** What the main thread and a media worker say to each other: batches of these, as structured clones. */
import type { MediaEvent, MediaPlan, NetworkTone, SoundFormat } from "./plan.ts";

/** A prompt item as a worker can play it: a file of raw sound in the order's format, or what it makes itself. */
export type PlayableItem =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "silence"; readonly durationMs: number }
  | { readonly kind: "tone"; readonly frequencyHz: number; readonly durationMs: number }
  | NetworkTone;

/**
 * The sound of a prompt that a plan named, as its source or its announcement, is ready, or will never be (`error`). Comes again when the
 * endpoint needs another format: the prompt then goes on where it is.
 */
export type PromptOrder = {
  readonly kind: "prompt";
  readonly callId: string;
  readonly endpointId: string;
  readonly promptId: string;
  readonly start: number;
  readonly format: SoundFormat;
  readonly items: readonly PlayableItem[];
  readonly error?: string;
};

export type MediaOrder = { readonly kind: "apply"; readonly callId: string; readonly plan: MediaPlan } | PromptOrder;

export type MediaReport = { readonly callId: string; readonly endpointId: string; readonly event: MediaEvent };
