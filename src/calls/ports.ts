/** What the call layer needs of others and declares itself. */
import type { LegSignal } from "./decide/inputs.ts";
import type { Call, Json } from "./model.ts";

/** Makes the legs of a call be what its state says, over SIP. */
export type Signaling = {
  /**
   * Takes a durable state and does what the far ends are owed by it: INVITE, ring, answer, offer again, BYE, CANCEL, refusal. Applying
   * the same state twice does nothing.
   */
  apply(call: Call): void;
  /** After a restart that took `gapMs`: dialogs as they were in the state. What the state asks for is done at the next `apply`. */
  restore(call: Call, gapMs: number): void;
  /** Where leg signals go. The promise settles with the durable state after the signal, or undefined when nobody holds the leg any more. */
  onSignal(handler: (signal: LegSignal) => Promise<Call | undefined>): void;
};

export type HttpRequest = {
  /** The same after a restart: goes out as Idempotency-Key. */
  readonly key: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly deadlineAt: number;
};

/** status 0 when no answer came; `error` then says why. */
export type HttpResult = { readonly status: number; readonly body: Json; readonly error?: string };

/** The HTTP requests of scripts. */
export type HttpRequester = {
  /** Never rejects. */
  start(request: HttpRequest): Promise<HttpResult>;
  cancel(key: string): void;
};

/** RTP ports of this node. */
export type Ports = {
  acquire(): number | undefined;
  /** For a leg that had this port before a restart; false when it is taken. */
  acquireExact(port: number): boolean;
  release(port: number): void;
};
