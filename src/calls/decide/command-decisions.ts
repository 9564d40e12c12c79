import type { CallCommand } from "../calls.ts";
import type { Step } from "./step.ts";

/** One function per command: emits what follows, or throws the refusal. */
export type CommandDecisions<K extends CallCommand["kind"]> = {
  readonly [P in K]: (step: Step, command: Extract<CallCommand, { kind: P }>) => void;
};
