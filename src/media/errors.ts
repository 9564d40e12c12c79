import { type ErrorRegistry, refusals } from "../kernel/index.ts";

export const mediaErrors = {
  PROMPT_UNREADABLE: {
    category: "invalid",
    message: "The audio cannot be read. Use a WAV file with 8, 16 or 24-bit PCM, mu-law or A-law, mono or stereo, 8 to 48 kHz.",
  },
  PROMPT_UNREACHABLE: {
    category: "unavailable",
    message: "The audio could not be fetched. Check its address, and that this server may reach it.",
  },
  PROMPT_TOO_LARGE: { category: "limit", message: "The audio is larger than allowed. Make it shorter, or store it at a lower rate." },
} as const satisfies ErrorRegistry;

export type MediaErrorCode = keyof typeof mediaErrors;
export const refusal = refusals(mediaErrors);
