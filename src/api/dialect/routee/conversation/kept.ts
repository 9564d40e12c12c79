/** What calls and parties keep for this API, as it was put there by request.ts and plan/compile.ts. */
import type { Call, Json, Party } from "../../../../calls/index.ts";
import type { KeptDial } from "../plan/compile.ts";
import type { Callback } from "../plan/plan.ts";
import type { Conversation } from "./request.ts";

/** Undefined for calls that were not asked for here. */
export function conversationOf({ callback }: Call): Conversation | undefined {
  return isOurs(callback) ? (callback["conversation"] as unknown as Conversation) : undefined;
}

/** Undefined for parties that no DIAL of ours called. */
export function dialOf({ callback }: Party): KeptDial | undefined {
  return isOurs(callback) ? (callback as unknown as KeptDial) : undefined;
}

/** Who is to be told of a party: of the first one whoever asked for the call, of others the DIAL. */
export function callbackOf(call: Call, party: Party): Callback | undefined {
  return isFirst(call, party) ? conversationOf(call)?.callback : dialOf(party)?.callback;
}

export function isFirst(call: Call, party: Party): boolean {
  return Object.keys(call.parties)[0] === party.id;
}

function isOurs(kept: Json | undefined): kept is { readonly [name: string]: Json } {
  return typeof kept === "object" && kept !== null && "api" in kept && kept["api"] === "routee";
}
