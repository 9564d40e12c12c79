/** What the main thread and a media worker say to each other: batches of these, as structured clones. */
import type { CodecName, MediaEvent, MediaPlan } from "./plan.ts";

/** A prompt item as a worker can play it: raw sound per codec, or what it makes itself. */
export type PlayableItem =
  | { readonly kind: "file"; readonly files: Readonly<Record<CodecName, string>> }
  | { readonly kind: "silence"; readonly durationMs: number }
  | { readonly kind: "tone"; readonly frequencyHz: number; readonly durationMs: number };

export type MediaOrder =
  | { readonly kind: "apply"; readonly callId: string; readonly plan: MediaPlan }
  /** The sound of a prompt that a plan named is ready, or will never be (`error`). */
  | {
      readonly kind: "prompt";
      readonly callId: string;
      readonly endpointId: string;
      readonly promptId: string;
      readonly start: number;
      readonly items: readonly PlayableItem[];
      readonly error?: string;
    };

export type MediaReport = { readonly callId: string; readonly endpointId: string; readonly event: MediaEvent };
