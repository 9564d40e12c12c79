/** What a PATCH of a session asks of the call. */
import { type Call, type CallCommand, callRefusal } from "../../../../calls/index.ts";
import type { ValueOf } from "../format/shape.ts";
import { type FieldError, fieldRefusal } from "../error.ts";
import type { CallStateName, patchSession } from "./contracts.ts";
import { callStateOf, consoleDataKey, heldSeatOf } from "./view.ts";

type Patch = ValueOf<typeof patchSession>;

/**
 * The commands in the order in which they are sent: one that the call may refuse comes before the data, so that a refusal changes nothing,
 * and the end comes after it. Members that say what is so already ask for nothing. Throws API_MEMBER_INVALID for a state that nobody can
 * put a session into, CALL_STATE_FORBIDS for a reason without a hold and for a queue.
 */
export function commandsOf(patch: Patch, call: Call, by: string): readonly CallCommand[] {
  const { consoleData, callState, holdReason, queueState } = patch;
  if (callState === "Ringing" || callState === "Passive") throw fieldRefusal([notSettable(callState)]);
  if (queueState !== undefined && queueState !== "None") throw callRefusal("CALL_STATE_FORBIDS", { reason: "The session is in no queue." });
  refuseOtherReason(holdReason, callState ?? callStateOf(call), call);
  const data: CallCommand[] = consoleData === undefined ? [] : [{ kind: "set-data", by, set: { [consoleDataKey]: consoleData } }];
  switch (callState) {
    case "Hold":
      return [{ kind: "hold", by, ...(holdReason === undefined || holdReason === "None" ? {} : { reason: holdReason }) }, ...data];
    case "Connected":
      return [{ kind: "retrieve", by }, ...data];
    case "Disconnected":
      return [...data, { kind: "hang-up", by }];
    case undefined:
      return data;
  }
}

/** A reason is given with its hold; afterwards it can only be repeated. */
function refuseOtherReason(wanted: Patch["holdReason"], state: CallStateName, call: Call): void {
  const held = heldSeatOf(call);
  const isGivenNow = state === "Hold" && held === undefined;
  const present = state === "Hold" && held?.holdReason === "Transferring" ? "Transferring" : "None";
  if (wanted === undefined || isGivenNow || wanted === present) return;
  throw callRefusal("CALL_STATE_FORBIDS", { reason: "A hold reason is given together with the change to Hold." });
}

function notSettable(callState: "Ringing" | "Passive"): FieldError {
  const message = `A session cannot be put into the state ${callState}; Connected, Hold and Disconnected can be asked for.`;
  return { errorCode: "ArgumentException", fieldName: "CallState", message };
}
