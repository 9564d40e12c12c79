import { type ErrorRegistry, refusals } from "../kernel/index.ts";

export const flowErrors = {
  SCRIPT_MISSING: { category: "internal", message: "The flow document that the call depends on is not in the data directory." },
  SCRIPT_MISMATCH: { category: "internal", message: "The flow document is not the one that its hash names." },
} as const satisfies ErrorRegistry;

export const flowRefusal = refusals(flowErrors);
