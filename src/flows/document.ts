/**
 * A flow as its author keeps it: a JSON document of nodes joined by named exits. What a document must be is checked by
 * validate.ts; these are the types of one that passed.
 *
 * Texts marked "template" are Liquid (`Hello {{ caller.number }}`) over the variables and `call`, `caller`, `callee`, `party`.
 * An exit that leads nowhere ends the flow, and with it the party's part in the call.
 */
import type { Json } from "../calls/index.ts";

export type FlowDocument = {
  /** Name of the first node. */
  readonly start: string;
  readonly nodes: Readonly<Record<string, FlowNode>>;
  /** Values the variables begin with. */
  readonly variables?: Readonly<Record<string, Json>>;
  /** Belongs to whatever draws the flow; kept as it is. */
  readonly ui?: Json;
};

/** Exit name → node name. */
export type Exits = Readonly<Record<string, string>>;

/** One piece of a prompt. `say` and `play` are templates. */
export type PromptPart =
  | { readonly say: string; readonly voice?: string }
  /** URL or absolute path of a WAV file. */
  | { readonly play: string }
  | { readonly pauseMs: number }
  | { readonly toneHz: number; readonly durationMs: number };

type NodeOf<Verb extends string> = { readonly verb: Verb; readonly exits?: Exits; readonly ui?: Json };

/** Speaks a text. Exits: done, error. */
export type SayNode = NodeOf<"say"> & { readonly text: string; readonly voice?: string; readonly bargeIn?: boolean };

/** Plays a WAV file. Exits: done, error. */
export type PlayNode = NodeOf<"play"> & { readonly audio: string; readonly bargeIn?: boolean };

/** Waits. Exits: done. */
export type PauseNode = NodeOf<"pause"> & { readonly durationMs: number };

/**
 * Collects digits into a variable. Exits: digits; timeout when no digit came; no-match when too few came or they are not among
 * `options`; error. The digits are in `into` in each of the first three.
 */
export type CollectNode = NodeOf<"collect"> & {
  readonly prompt?: readonly PromptPart[];
  /** A digit ends the prompt and counts (default true). Otherwise digits during the prompt are not heard. */
  readonly bargeIn?: boolean;
  readonly maxDigits: number;
  /** Default 1. */
  readonly minDigits?: number;
  /** Digits that end the entry and are not part of it; default "#", "" for none. */
  readonly finishOn?: string;
  /** From the end of the prompt to the first digit; default 5000. */
  readonly timeoutMs?: number;
  /** From one digit to the next; default 3000. */
  readonly interDigitTimeoutMs?: number;
  /** The entries that are accepted; all when absent. */
  readonly options?: readonly string[];
  readonly into: string;
};

/** Calls a second party and bridges both. Exits: done when they have talked; busy, no-answer, failed; error. */
export type DialNode = NodeOf<"dial"> & {
  /** Template. */
  readonly to: string;
  /** Template; the account decides when absent. */
  readonly callerId?: string;
  /** Default 30000. */
  readonly ringMs?: number;
  /** Gets `{ result, answered, talkedMs, sipStatus }`. */
  readonly into?: string;
};

/** Records. Exits: done; silence (when not connected, done); error. */
export type RecordNode = NodeOf<"record"> & {
  readonly prompt?: readonly PromptPart[];
  /** A tone before the recording begins; default true. */
  readonly beep?: boolean;
  /** Default 60000. */
  readonly maxMs?: number;
  /** Ends after this much silence; default 5000, 0 for never. */
  readonly silenceMs?: number;
  /** Digits that end it; default "#". */
  readonly finishOn?: string;
  /** Default "peer". */
  readonly hears?: "peer" | "both";
  /** Gets `{ recordingId, durationMs, reason, digit }`. */
  readonly into?: string;
};

/** Changes variables. Exits: done, error. */
export type SetNode = NodeOf<"set"> & {
  /** Values as they are; texts in them are templates. */
  readonly values?: Readonly<Record<string, Json>>;
  /** Expressions (expression/), evaluated after `values`, in order. */
  readonly expressions?: Readonly<Record<string, string>>;
};

/** Takes the exit of the first branch whose expression is true. Exits: those named in the branches, else. */
export type BranchNode = NodeOf<"branch"> & { readonly branches: readonly { readonly when: string; readonly exit: string }[] };

export const requestMethods = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

/** Makes an HTTP request. Exits: ok (2xx), failed, timeout, error. */
export type RequestNode = NodeOf<"request"> & {
  /** Default GET. */
  readonly method?: (typeof requestMethods)[number];
  /** Template. */
  readonly url: string;
  /** Values are templates. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A text is a template sent as it is; anything else is sent as JSON, the texts in it being templates. */
  readonly body?: Json;
  /** Default 5000, at most 30000. */
  readonly timeoutMs?: number;
  /** Gets `{ status, body, error }`; status 0 when no answer came. */
  readonly into?: string;
};

/** Sends digits to the party (template). Exits: done, error. Never sent twice: in doubt after a crash it takes error. */
export type SendDigitsNode = NodeOf<"send-digits"> & { readonly digits: string };

/** Ends the flow. No exits. */
export type HangUpNode = NodeOf<"hang-up">;

export type FlowNode =
  | SayNode
  | PlayNode
  | PauseNode
  | CollectNode
  | DialNode
  | RecordNode
  | SetNode
  | BranchNode
  | RequestNode
  | SendDigitsNode
  | HangUpNode;
