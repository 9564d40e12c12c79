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
  CONFIG_CERTIFICATE_UNUSABLE: {
    category: "invalid",
    message:
      "A certificate, its key or the CA file for SIP over TLS is missing or cannot be used. The message names the file and its setting.",
  },
} as const satisfies ErrorRegistry;

export const refusal = refusals(configErrors);
