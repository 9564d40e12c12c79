/**
 * How a flow takes part in a call. The script is inside the call's state: the same input gives call events and script events in
 * one record, and there is no runner with a memory of its own. flows/ implements it.
 */
import type { PromptItem } from "../media/index.ts";
import type { RecordingChoice } from "./calls.ts";
import type { Gathered, GatherOrder, Json, Outcome, ScriptPin, ScriptState, ScriptWait } from "./model.ts";

/** What a script may know of its call, for templates and expressions. Values only. */
export type ScriptContext = {
  readonly call: {
    readonly id: string;
    readonly accountId: string;
    readonly direction: "inbound" | "outbound";
    readonly from: string;
    readonly to: string;
    readonly createdAt: number;
    readonly data: Readonly<Record<string, string>>;
    /** What was kept of the header fields of the INVITE that came in, by lower-case name. */
    readonly headers: Readonly<Record<string, string>>;
    /** Who passed the call on, the latest first; without those that are not to be shown. */
    readonly diversions: readonly { readonly number: string; readonly reason: string; readonly count: number }[];
  };
  /** The caller and the callee of the call as the script's author sees them. */
  readonly caller: { readonly number: string; readonly name: string; readonly isAnonymous: boolean };
  readonly callee: { readonly number: string };
  readonly party: { readonly id: string; readonly role: string };
};

export type ScriptEvent =
  /** The party is answered, or the document is a new one: run from the first node. */
  | { readonly kind: "started" }
  | { readonly kind: "prompt-ended"; readonly promptId: string; readonly reason: "finished" | "digit" | "failed" | "stopped" }
  | { readonly kind: "digit"; readonly digit: string }
  /** `wait.deadlineAt` has come. */
  | { readonly kind: "deadline" }
  | { readonly kind: "dial-answered"; readonly dialId: string }
  /** The dialled party left, or never came. `talkedMs` is 0 when it was not answered. */
  | {
      readonly kind: "dial-ended";
      readonly dialId: string;
      readonly outcome: Outcome;
      readonly answered: boolean;
      readonly talkedMs: number;
      /** What was kept of the header fields of the far end's answers. */
      readonly headers?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: "recording-ended";
      readonly recordingId: string;
      /** Under which it is found later. */
      readonly storedAs: string;
      readonly reason: string;
      readonly durationMs: number;
      readonly digit?: string;
    }
  /** `accepted`: the far end has called the other URI; `status` is what that call got, or what refused it. */
  | { readonly kind: "refer-ended"; readonly referId: string; readonly accepted: boolean; readonly status: number }
  | { readonly kind: "digits-sent"; readonly digitsId: string; readonly sent: boolean }
  /** status 0: no answer came, `error` says why (timeout, refused, …). `body` is what JSON.parse gave, or text. */
  | { readonly kind: "request-ended"; readonly requestId: string; readonly status: number; readonly body: Json; readonly error?: string };

/** What a script wants done. Ids must be unique in the party: take the visit number into them. */
export type ScriptAction =
  | {
      readonly kind: "play";
      readonly promptId: string;
      readonly items: readonly PromptItem[];
      readonly bargeIn: boolean;
      readonly repeat?: number;
    }
  | { readonly kind: "stop-prompt"; readonly promptId: string }
  | {
      readonly kind: "dial";
      readonly dialId: string;
      readonly to: string;
      readonly callerId?: string;
      readonly ringMs: number;
      /** Header fields of its INVITEs, checked. */
      readonly headers?: Readonly<Record<string, string>>;
      /** Kept in the party that is dialled. */
      readonly callback?: Json;
    }
  /** Whoever was dialled leaves; the script hears `dial-ended`. */
  | { readonly kind: "end-dial"; readonly dialId: string }
  | ({ readonly kind: "record"; readonly recordingId: string; readonly silenceMs: number; readonly finishOn: string } & RecordingChoice)
  | { readonly kind: "stop-recording"; readonly recordingId: string }
  | { readonly kind: "send-digits"; readonly digitsId: string; readonly digits: string }
  /** The party's far end is asked to call `to` instead of us (RFC 3515). */
  | { readonly kind: "refer"; readonly referId: string; readonly to: string }
  | {
      readonly kind: "request";
      readonly requestId: string;
      readonly method: string;
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body?: string;
      readonly timeoutMs: number;
    };

/** One step: where the script stands now and what it wants. node null ends it, with `exit`; the party is then hung up. */
export type ScriptStep = {
  readonly node: string | null;
  readonly visit: number;
  readonly wait: ScriptWait | null;
  /** Variables that changed. */
  readonly set?: Readonly<Record<string, Json>>;
  /** From now on tones are gathered like this. */
  readonly gather?: GatherOrder;
  readonly gathered?: Gathered;
  /** Tones that were kept back and are now given to the script once more, in order. */
  readonly tones?: string;
  readonly exit?: string;
  readonly actions: readonly ScriptAction[];
};

/** This document runs from now on, from its first node, and what the one before had begun ends. Its variables are gone. */
export type ScriptReplacement = {
  readonly replace: { readonly pin: ScriptPin; readonly document: unknown };
  readonly gathered?: Gathered;
  readonly tones?: string;
};

export type Script = {
  /**
   * The next step for `event`, or undefined when the event means nothing to the node the script is in. Pure: the same arguments give
   * the same step. Throws SCRIPT_MISSING when the pinned document is not known; the call then ends with that reason.
   */
  next(state: ScriptState, event: ScriptEvent, context: ScriptContext, now: number): ScriptStep | ScriptReplacement | undefined;
};

/** Finds and pins flow documents. flows implements it. */
export type ScriptLibrary = Script & {
  /** Makes the document of this pin known for as long as the data directory lives, before a call depends on it. */
  keep(pin: ScriptPin, document: unknown): void;
};
