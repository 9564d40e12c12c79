/** How a leg, a party or a call ended, from SIP's final responses and the reasons of our own. */
import { type EndReason, q850OfStatus } from "../sip/index.ts";
import type { Outcome } from "./model.ts";

const busy = new Set([486, 600]);
const unanswered = new Set([408, 480]);
const rejected = new Set([403, 603, 607, 608]);

/** The outcome of a leg whose INVITE got the final response `sipStatus` (300 to 699) with this reason phrase. */
export function outcomeOfStatus(sipStatus: number, phrase: string, why: EndReason = {}): Outcome {
  const result = busy.has(sipStatus)
    ? "busy"
    : unanswered.has(sipStatus)
      ? "no-answer"
      : rejected.has(sipStatus)
        ? "rejected"
        : sipStatus === 487
          ? "cancelled"
          : "failed";
  const text = phrase === "" ? `SIP ${sipStatus}` : `${phrase} (SIP ${sipStatus})`;
  return { result, side: "remote", sipStatus, q850: q850OfStatus(sipStatus), text: withWords(text, why), ...given(why) };
}

/** What a far end says of its reason. Without a cause of Q.850, that of SIP gives it (RFC 3398 §8.2.6.1). */
function given({ q850, sipCause, reason }: EndReason): Partial<Outcome> {
  const cause = q850 ?? (sipCause !== undefined && sipCause >= 300 ? q850OfStatus(sipCause) : undefined);
  return {
    ...(cause !== undefined && { q850: cause }),
    ...(sipCause !== undefined && { sipCause }),
    ...(reason !== undefined && { reason }),
  };
}

function withWords(text: string, { reason }: EndReason): string {
  return reason === undefined ? text : `${text}: ${reason}`;
}

const normalClearing = 16;
const noUserResponding = 18;
const noAnswer = 19;
const noRoute = 3;
const callRejected = 21;
const nonSelected = 26;
const temporaryFailure = 41;
const noResource = 47;

export const outcomes = {
  completedBy: (side: "local" | "remote"): Outcome => ({
    result: "completed",
    side,
    q850: normalClearing,
    text: side === "local" ? "Hung up here" : "Hung up by the far end",
  }),
  hungUpByPeer: (why: EndReason = {}): Outcome => ({
    ...outcomes.completedBy("remote"),
    text: withWords("Hung up by the far end", why),
    ...given(why),
  }),
  transferred: (): Outcome => ({ result: "completed", side: "local", q850: normalClearing, text: "Transferred the call" }),
  movedToAnotherCall: (): Outcome => ({ result: "completed", side: "local", q850: normalClearing, text: "Went to another call" }),
  replaced: (): Outcome => ({ result: "completed", side: "local", q850: normalClearing, text: "Somebody else took the call over" }),
  machineAnswered: (): Outcome => ({ result: "completed", side: "local", q850: normalClearing, text: "A machine answered" }),
  cancelled: (): Outcome => ({
    result: "cancelled",
    side: "local",
    sipStatus: 487,
    q850: normalClearing,
    text: "Cancelled before the answer",
  }),
  declined: (): Outcome => ({ result: "rejected", side: "local", sipStatus: 603, q850: callRejected, text: "Declined here" }),
  /** RFC 3326 §3.1: not a call that was missed. */
  answeredElsewhere: (): Outcome => ({ ...outcomes.cancelled(), q850: nonSelected, sipCause: 200, text: "Call completed elsewhere" }),
  cancelledByPeer: (why: EndReason = {}): Outcome => ({
    result: "cancelled",
    side: "remote",
    sipStatus: 487,
    q850: why.sipCause === 200 ? nonSelected : normalClearing,
    text: why.sipCause === 200 ? "Call completed elsewhere" : withWords("The caller gave up", why),
    ...given(why),
  }),
  notAnswered: (): Outcome => ({ result: "no-answer", side: "local", q850: noAnswer, text: "Nobody answered in time" }),
  noRoute: (to: string): Outcome => ({ result: "no-route", side: "local", q850: noRoute, text: `No trunk takes ${to}` }),
  /** RFC 3398 §7.2.4.1: exchange routing error. */
  goesRound: (): Outcome => ({ result: "failed", side: "local", sipStatus: 482, q850: 25, text: "The call was passed on too often" }),
  /** `contacts`: whoever calls is to be told of them. */
  redirected: (sipStatus: number, contacts?: readonly string[]): Outcome => ({
    result: "redirected",
    side: "remote",
    sipStatus,
    q850: q850OfStatus(sipStatus),
    text: `The far end named another to call (SIP ${sipStatus})`,
    ...(contacts && { contacts }),
  }),
  notRegistered: (): Outcome => ({
    result: "no-answer",
    side: "local",
    sipStatus: 480,
    q850: noUserResponding,
    text: "No phone of this user is registered",
  }),
  noPorts: (): Outcome => ({ result: "failed", side: "local", q850: noResource, text: "No RTP port is free" }),
  timedOut: (reason = ""): Outcome => ({
    result: "failed",
    side: "network",
    sipStatus: 408,
    q850: 102,
    text: reason === "" ? "The far end did not respond" : `The far end did not respond: ${reason}`,
  }),
  unreachable: (reason: string): Outcome => ({
    result: "failed",
    side: "network",
    sipStatus: 503,
    q850: temporaryFailure,
    text: `The far end cannot be reached: ${reason}`,
  }),
  lost: (): Outcome => ({
    result: "failed",
    side: "local",
    q850: temporaryFailure,
    text: "The server was restarted while the call was being set up",
  }),
  /** The dialog stands, so this is no failure of signalling: recovery on timer expiry. */
  mediaLost: (): Outcome => ({ result: "failed", side: "network", q850: 102, text: "No media came any more" }),
  noCommonCodec: (): Outcome => ({ result: "failed", side: "local", sipStatus: 488, q850: 88, text: "No codec in common" }),
  limitReached: (): Outcome => ({ result: "completed", side: "local", q850: normalClearing, text: "The longest time allowed was reached" }),
} as const;
