import { type ErrorRegistry, refusals } from "../kernel/index.ts";

export const mediaErrors = {
  PROMPT_UNREADABLE: {
    category: "invalid",
    message:
      "The audio cannot be read. Use WAV (PCM, float, mu-law, A-law, IMA or MS ADPCM, GSM 6.10), AU, MP3 or Ogg Opus, with up to 8 channels and 6 to 192 kHz.",
  },
  PROMPT_UNREACHABLE: {
    category: "unavailable",
    message: "The audio could not be fetched. Check its address, and that this server may reach it.",
  },
  PROMPT_TOO_LARGE: { category: "limit", message: "The audio is larger than allowed. Make it shorter, or store it at a lower rate." },
  PROMPT_TIMEOUT: { category: "unavailable", message: "The audio was not ready in time. It is still being prepared; try again later." },
  PROMPT_UNKNOWN: { category: "not-found", message: "There is no such sound or recording in the account." },
} as const satisfies ErrorRegistry;

export type MediaErrorCode = keyof typeof mediaErrors;
export const refusal = refusals(mediaErrors);
