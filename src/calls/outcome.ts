/** How a leg, a party or a call ended, from SIP's final responses and the reasons of our own. */
import { q850OfStatus } from "../sip/index.ts";
import type { Outcome } from "./model.ts";

const busy = new Set([486, 600]);
const unanswered = new Set([408, 480]);
const rejected = new Set([403, 603, 607, 608]);

/** The outcome of a leg whose INVITE got the final response `sipStatus` (300 to 699). */
export function outcomeOfStatus(sipStatus: number, reason: string, q850 = q850OfStatus(sipStatus)): Outcome {
  const result = busy.has(sipStatus)
    ? "busy"
    : unanswered.has(sipStatus)
      ? "no-answer"
      : rejected.has(sipStatus)
        ? "rejected"
        : sipStatus === 487
          ? "cancelled"
          : "failed";
  return { result, side: "remote", sipStatus, q850, text: reason === "" ? `SIP ${sipStatus}` : `${reason} (SIP ${sipStatus})` };
}

const normalClearing = 16;
const noUserResponding = 18;
const noAnswer = 19;
const noRoute = 3;
const callRejected = 21;
const temporaryFailure = 41;
const noResource = 47;

export const outcomes = {
  completedBy: (side: "local" | "remote", q850 = normalClearing): Outcome => ({
    result: "completed",
    side,
    q850,
    text: side === "local" ? "Hung up here" : "Hung up by the far end",
  }),
  transferred: (): Outcome => ({ result: "completed", side: "local", q850: normalClearing, text: "Transferred the call" }),
  machineAnswered: (): Outcome => ({ result: "completed", side: "local", q850: normalClearing, text: "A machine answered" }),
  cancelled: (): Outcome => ({
    result: "cancelled",
    side: "local",
    sipStatus: 487,
    q850: normalClearing,
    text: "Cancelled before the answer",
  }),
  declined: (): Outcome => ({ result: "rejected", side: "local", sipStatus: 603, q850: callRejected, text: "Declined here" }),
  cancelledByPeer: (): Outcome => ({
    result: "cancelled",
    side: "remote",
    sipStatus: 487,
    q850: normalClearing,
    text: "The caller gave up",
  }),
  notAnswered: (): Outcome => ({ result: "no-answer", side: "local", q850: noAnswer, text: "Nobody answered in time" }),
  noRoute: (to: string): Outcome => ({ result: "no-route", side: "local", q850: noRoute, text: `No trunk takes ${to}` }),
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
  noCommonCodec: (): Outcome => ({ result: "failed", side: "local", sipStatus: 488, q850: 88, text: "No codec in common" }),
  limitReached: (): Outcome => ({ result: "completed", side: "local", q850: normalClearing, text: "The longest time allowed was reached" }),
} as const;
