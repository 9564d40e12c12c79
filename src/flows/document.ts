/**
 * A flow as its author keeps it: a JSON document of nodes joined by named exits. What a document must be is checked by
 * validate.ts; these are the types of one that passed.
 *
 * Texts marked "template" are Liquid (`Hello {{ caller.number }}`) over the variables and `call`, `caller`, `callee`, `party`.
 * An exit that leads nowhere ends the flow, and with it the party's part in the call.
 */
import type { Json } from "../calls/index.ts";
import type { CallProgressTone } from "../media/index.ts";

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
  | { readonly toneHz: number; readonly durationMs: number }
  /** As the network of `country` gives it, the server's when left out. */
  | { readonly networkTone: CallProgressTone; readonly country?: string; readonly durationMs: number };

type NodeOf<Verb extends string> = { readonly verb: Verb; readonly exits?: Exits; readonly ui?: Json };

type Played = {
  /** A digit ends it; default false. */
  readonly bargeIn?: boolean;
  /** How often it is played again after the first time; -1 for ever, default 0. */
  readonly repeat?: number;
};

/** Speaks a text. Exits: done, error. */
export type SayNode = NodeOf<"say"> & { readonly text: string; readonly voice?: string } & Played;

/** Plays a WAV file. Exits: done, error. */
export type PlayNode = NodeOf<"play"> & { readonly audio: string } & Played;

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
  /** Template; `anonymous` tells nobody who calls. The account decides when absent. */
  readonly callerId?: string;
  /** Header fields of the INVITE; values are templates. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default 30000. */
  readonly ringMs?: number;
  /** How long they may talk; as long as the call when absent. */
  readonly maxMs?: number;
  /** Both are recorded while they talk; default false, true for the usual file. */
  readonly record?: boolean | RecordedFile;
  /** Any JSON that is kept with the party that is dialled, for whoever wrote the flow. */
  readonly callback?: Json;
  /** Gets `{ result, answered, talkedMs, sipStatus, q850, headers }`. */
  readonly into?: string;
};

export type RecordedFile = {
  /** Of both sides: 2 has the party on the left and what it hears on the right; default 1, both in one. */
  readonly channels?: 1 | 2;
  /** Default "wav". */
  readonly format?: "wav" | "mp3";
};

/** Records. Exits: done; silence (when not connected, done); error. */
export type RecordNode = NodeOf<"record"> &
  RecordedFile & {
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

/**
 * Asks the party's far end to call somebody else instead of us (REFER), for carriers that take it. `to` (template) is a number in E.164 or a SIP
 * URI. Exits: accepted, failed (it would not, or could not; the party is still there), error. When no node follows `accepted`, the flow's end
 * hangs up.
 */
export type ReferNode = NodeOf<"refer"> & {
  readonly to: string;
  /** Gets `{ status }`: the SIP status of the other call, or of the refusal. */
  readonly into?: string;
};

/**
 * From here on tones of the party are gathered in the background until it leaves, other flows that take over included. They are posted,
 * and an answer that is a plan takes the place of this document: when `#` or the last of `maxDigits` completes an entry, and when a tone
 * cuts a verb with barge-in short. A verb that collects digits itself keeps its own. Takes no time. Exits: done, error.
 */
export type GatherNode = NodeOf<"gather"> & {
  /** Template. */
  readonly url: string;
  /** Sent as JSON; its texts are templates. */
  readonly body: Readonly<Record<string, Json>>;
  /** The member of the body that has the tones. */
  readonly tonesAs: string;
  readonly maxDigits: number;
  /** `#` completes an entry and is no part of it; default false. */
  readonly submitOnHash?: boolean;
  /** How long an answer is waited for; default 3000. */
  readonly timeoutMs?: number;
  /** The language of plans in answers: one that this server reads. */
  readonly format: string;
  /** What is posted when the party has left; default nothing. */
  readonly atEnd?: "nothing" | "digits" | "empty";
};

/** Posts to a URL; the plan in the answer takes the place of this document. Exits: failed when none comes, error. */
export type FetchPlanNode = NodeOf<"fetch-plan"> & {
  /** Template. */
  readonly url: string;
  /** Sent as JSON; its texts are templates. */
  readonly body: Readonly<Record<string, Json>>;
  readonly format: string;
  /** Default 3000. */
  readonly timeoutMs?: number;
};

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
  | ReferNode
  | GatherNode
  | FetchPlanNode
  | HangUpNode;
