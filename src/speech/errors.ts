import { type ErrorRegistry, refusals } from "../kernel/index.ts";

export const speechErrors = {
  SPEECH_FAILED: { category: "internal", message: "The text could not be spoken." },
  SPEECH_TEXT_UNSPEAKABLE: { category: "invalid", message: "The text is too long, or nothing in it can be spoken." },
  SPEECH_VOICE_UNKNOWN: { category: "invalid", message: "There is no such voice." },
  SPEECH_BUSY: { category: "unavailable", message: "Too many texts wait to be spoken. Try again in a moment." },
} as const satisfies ErrorRegistry;

export const speechRefusal = refusals(speechErrors);
