import { type ErrorRegistry, refusals } from "../kernel/index.ts";

export const configErrors = {
  CONFIG_INVALID: {
    category: "invalid",
    message: "Some settings are wrong. The message lists each with its name, its value and what is allowed; correct them and start again.",
  },
  CONFIG_ADDRESS_UNUSABLE: {
    category: "invalid",
    message: "The system refuses an address or port on which the server should listen. The message names the setting that changes it.",
  },
} as const satisfies ErrorRegistry;

export const refusal = refusals(configErrors);
