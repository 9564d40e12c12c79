/** What the parts of a leg driver see of their leg: always the latest, because the driver replaces it. */
import type { InviteUsage } from "../../sip/index.ts";
import type { LegSignal } from "../decide/inputs.ts";
import type { Call, Leg } from "../model.ts";
import type { SignalingContext } from "./context.ts";

export type LegView = { readonly call: Call; readonly leg: Leg; readonly usage: InviteUsage | undefined };

type WithoutLeg<T> = T extends LegSignal ? Omit<T, "legId"> : never;
export type LegSignalParts = WithoutLeg<LegSignal>;

export function signalOf(context: SignalingContext, leg: Leg, signal: LegSignalParts): Promise<Call | undefined> {
  return context.signal({ legId: leg.id, ...signal });
}
