/** The write side of calls: the only door by which dialects reach a live call. */
import type { Call } from "./model.ts";

export type Originate = {
  /** User id of who asks. */
  readonly by: string;
  /** E.164. */
  readonly to: string;
  /** E.164 of a number the account owns. */
  readonly callerId: string;
  readonly flowId: string;
  readonly ringMs?: number;
  readonly totalMs?: number;
  readonly data?: Readonly<Record<string, string>>;
};

/** Who sends it is a user id; it shows in the call as `heldBy` and the like. */
export type CallCommand =
  | { readonly kind: "hold"; readonly by: string; readonly reason?: string }
  | { readonly kind: "retrieve"; readonly by: string }
  | { readonly kind: "hang-up"; readonly by: string }
  /** null removes a key. */
  | { readonly kind: "set-data"; readonly by: string; readonly set: Readonly<Record<string, string | null>> };

export type Calls = {
  /**
   * Starts a call and resolves with it when that is durable; the far end has not answered then. A number no trunk takes gives a call that
   * has ended with the outcome no-route. The same `commandId` gives the same call. Throws CALL_FLOW_UNKNOWN, CALL_NUMBER_INVALID,
   * CALL_CALLER_ID_NOT_OWNED, CALL_NO_CALLER_ID, CALLS_UNAVAILABLE.
   */
  originate(accountId: string, request: Originate, commandId?: string): Promise<Call>;
  /**
   * Sends a command to a live call and resolves with the call's durable state after it. Throws CALL_NOT_FOUND, CALL_ENDED, or
   * CALL_STATE_FORBIDS (details.reason) when the call's state does not allow it.
   */
  send(accountId: string, callId: string, command: CallCommand, commandId?: string): Promise<Call>;
};
