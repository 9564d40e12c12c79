import { type ErrorRegistry, refusals } from "../kernel/index.ts";

export const recordingErrors = {
  RECORDING_NOT_FOUND: { category: "not-found", message: "There is no such recording." },
  RECORDING_SILENT: { category: "not-found", message: "There is no sound of this recording: it failed, or has not begun yet." },
  RECORDING_UNDER_WAY: { category: "conflict", message: "The recording is not finished yet. Stop it, and try again in a moment." },
} as const satisfies ErrorRegistry;

export const recordingRefusal = refusals(recordingErrors);
