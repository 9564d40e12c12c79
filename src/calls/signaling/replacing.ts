/**
 * INVITE with Replaces (RFC 3891 §3): what it names must be a dialog of ours, in a call that its sender may enter.
 *
 *   what it names                             answer
 *   nothing that can be read, or two dialogs  400
 *   no dialog, or one the peer began that     481
 *   is still early
 *   one that is being ended                   603
 *   a confirmed one, with early-only          486
 *   one in a call of somebody else's          403
 */
import { type InviteServerTransaction, type InviteUsage, type Replaces, replacesOf, responseTo, type SipRequest } from "../../sip/index.ts";
import { replacementRefusal } from "../decide/transfer/replace.ts";
import type { ReplacingLeg } from "../decide/inputs.ts";
import type { Sender } from "./incoming.ts";
import type { LegView } from "./leg-view.ts";

type Found = { readonly ok: true; readonly view: LegView } | { readonly ok: false; readonly status: number };

/** The leg that an INVITE with Replaces may take the place of, or the status that refuses it. */
export function replacedLeg(
  invite: SipRequest,
  from: Sender,
  by: Pick<ReplacingLeg, "caller" | "media" | "relayable">,
  viewOf: (dialog: Replaces) => LegView | undefined,
): Found {
  const replaces = replacesOf(invite);
  if (replaces?.ok !== true) return { ok: false, status: 400 };
  const view = viewOf(replaces.value);
  if (view?.usage === undefined) return { ok: false, status: 481 };
  if (!mayReplace(from, view)) return { ok: false, status: 403 };
  const status = phaseRefusal(view.usage, replaces.value.earlyOnly) ?? replacementRefusal(view.call, view.leg, by);
  return status === undefined ? { ok: true, view } : { ok: false, status };
}

export function refuseReplacing(transaction: InviteServerTransaction, status: number): void {
  transaction.respond(responseTo(transaction.request, status, { toTag: `refused${status}` }));
}

function mayReplace(from: Sender, { call, leg }: LegView): boolean {
  if ("accountId" in from) return call.accountId === from.accountId;
  return leg.route.trunkId !== undefined && from.trunkIds.includes(leg.route.trunkId);
}

function phaseRefusal({ phase }: InviteUsage, earlyOnly: boolean): number | undefined {
  switch (phase) {
    case "inviting":
      return undefined;
    case "ringing":
      return 481;
    case "unacknowledged":
    case "confirmed":
      return earlyOnly ? 486 : undefined;
    case "leaving":
    case "ended":
      return 603;
  }
}
