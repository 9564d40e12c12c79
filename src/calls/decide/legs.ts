/** What the far ends of legs do. A signal for a leg that has ended means something only where noted. */
import type { Leg, Outcome } from "../model.ts";
import { outcomeOfStatus, outcomes } from "../outcome.ts";
import { liveLegsOf } from "../parts.ts";
import { answered } from "./answered.ts";
import { digitInformed, digitsInformed } from "./digits.ts";
import { debtOf, endLeg, partyLeft } from "./ending.ts";
import type { LegSignal } from "./inputs.ts";
import { measured } from "./quality.ts";
import { redirected, tryNext } from "./redirects.ts";
import { answerTowards } from "./relay.ts";
import type { Step } from "./step.ts";
import { targetRang } from "./transfer/progress.ts";
import { referDecisions, referredLeft } from "./transfer/refer.ts";
import { referred } from "./transfer/referred.ts";
import { replaced } from "./transfer/replace.ts";

type Decisions = { readonly [K in LegSignal["kind"]]: (step: Step, leg: Leg, signal: Extract<LegSignal, { kind: K }>) => void };

/** Credentials that fail twice will fail a third time. */
const mostAttempts = 3;

export const legDecisions: Decisions = {
  "leg-rang"(step, leg, { status, headers, reached }) {
    if (leg.state !== "inviting") return;
    step.emit({ kind: "leg.rang", at: step.now, legId: leg.id, status, ...(headers && { headers }), ...(reached && { reached }) });
    targetRang(step, leg.partyId);
    for (const other of callersWaitingFor(step, leg)) {
      if (other.state === "inviting") step.emit({ kind: "leg.rang", at: step.now, legId: other.id, status: 180 });
    }
  },

  "leg-progressed"(step, leg, { media, remoteTag, reached }) {
    if (leg.state === "ended" || leg.state === "answered") return;
    if (leg.state === "inviting") step.emit({ kind: "leg.rang", at: step.now, legId: leg.id, status: 183, ...(reached && { reached }) });
    step.emit({ kind: "leg.progressed", at: step.now, legId: leg.id, media, ...(remoteTag !== undefined && { remoteTag }) });
    if (leg.direction === "inbound") return;
    // Whoever waits for this answer is to hear it.
    for (const other of callersWaitingFor(step, leg)) {
      if (other.state === "inviting") step.emit({ kind: "leg.rang", at: step.now, legId: other.id, status: 183 });
      const towards = answerTowards(other, media);
      const isHeard = towards !== undefined || other.offer === undefined;
      if (other.early === undefined && isHeard)
        step.emit({ kind: "leg.progressed", at: step.now, legId: other.id, ...(towards && { media: towards }) });
    }
  },

  "leg-interval-too-small"(step, leg, { minSessionS }) {
    if (leg.state === "ended" || leg.state === "answered") return;
    if (leg.attempt >= mostAttempts) ended(step, leg, outcomeOfStatus(422, "The far end takes no session interval of ours"));
    else step.emit({ kind: "leg.interval-raised", at: step.now, legId: leg.id, attempt: leg.attempt + 1, minSessionS });
  },

  "leg-challenged"(step, leg, { header, values }) {
    if (leg.state === "ended" || leg.state === "answered") return;
    if (leg.attempt >= mostAttempts)
      ended(step, leg, outcomeOfStatus(header === "WWW-Authenticate" ? 401 : 407, "The far end did not accept our credentials"));
    else step.emit({ kind: "leg.challenged", at: step.now, legId: leg.id, attempt: leg.attempt + 1, challenge: { header, values } });
  },

  "leg-answered"(step, leg, { dialog, media, headers }) {
    if (leg.state === "answered") return;
    // The answer crossed our CANCEL: the leg now owes a BYE, which needs the dialog.
    if (leg.state === "ended") {
      if (leg.owes !== null) step.emit({ kind: "leg.dialog-changed", legId: leg.id, dialog });
      return;
    }
    step.emit({ kind: "leg.answered", at: step.now, legId: leg.id, dialog, media, ...(headers && { headers }) });
    // Of a party's devices the first to answer wins.
    for (const other of liveLegsOf(step.call, leg.partyId)) {
      if (other.id !== leg.id) endLeg(step, other, outcomes.answeredElsewhere(), debtOf(other, outcomes.answeredElsewhere()));
    }
    answered(step, leg.partyId);
  },

  "leg-unusable"(step, leg, { dialog }) {
    if (leg.state === "ended") return;
    step.emit({ kind: "leg.dialog-changed", legId: leg.id, dialog });
    ended(step, leg, outcomes.noCommonCodec(), { owes: true });
  },

  "leg-failed"(step, leg, signal) {
    if (leg.state === "ended") {
      released(step, leg);
      return;
    }
    const outcome =
      signal.contacts !== undefined
        ? redirected(step, leg, signal.status, signal.contacts)
        : signal.cause === "response"
          ? outcomeOfStatus(signal.status, signal.reason, signal.why)
          : signal.cause === "timeout"
            ? outcomes.timedOut(signal.reason)
            : signal.cause === "lost"
              ? outcomes.lost()
              : outcomes.unreachable(signal.reason);
    ended(step, leg, outcome, { ...(signal.headers && { headers: signal.headers }) });
  },

  "leg-acknowledged"(step, leg, { media }) {
    if (leg.state === "answered" && !leg.acknowledged)
      step.emit({ kind: "leg.acknowledged", at: step.now, legId: leg.id, ...(media && { media }) });
  },

  "leg-cancelled"(step, leg, { why }) {
    // Also when we have answered: the answer waits for its record, or for a PRACK, and does not go out any more.
    if (leg.state === "ended") released(step, leg);
    else ended(step, leg, outcomes.cancelledByPeer(why));
  },

  "leg-hung-up"(step, leg, { why }) {
    if (leg.state === "ended") return released(step, leg);
    referredLeft(step, leg);
    ended(step, leg, outcomes.hungUpByPeer(why));
  },

  "leg-gone"(step, leg, { reason, owes }) {
    if (leg.state === "ended") {
      released(step, leg);
      return;
    }
    ended(step, leg, outcomes.unreachable(reason), { owes });
  },

  "leg-dialog"(step, leg, { dialog }) {
    if (leg.state === "answered" || leg.owes !== null) step.emit({ kind: "leg.dialog-changed", legId: leg.id, dialog });
  },

  "leg-offered"(step, leg, { media, version }) {
    if (leg.state === "answered") step.emit({ kind: "leg.session-changed", at: step.now, legId: leg.id, media, version });
    else if (leg.state !== "ended" && leg.early !== undefined) {
      const { remoteTag } = leg.early;
      step.emit({ kind: "leg.progressed", at: step.now, legId: leg.id, media, version, ...(remoteTag !== undefined && { remoteTag }) });
    }
  },

  "leg-agreed"(step, leg, { media, version }) {
    if (leg.state === "answered") step.emit({ kind: "leg.session-agreed", at: step.now, legId: leg.id, media, version });
  },

  "leg-refused"(step, leg, { direction, status }) {
    if (leg.state === "answered") step.emit({ kind: "leg.session-refused", at: step.now, legId: leg.id, direction, status });
  },

  "leg-released": (step, leg) => released(step, leg),
  "leg-digit": digitInformed,
  "leg-digits": digitsInformed,
  "leg-referred": referred,
  "leg-replaced": replaced,
  "leg-referral-told"(step, leg) {
    if (leg.referral?.told === false) step.emit({ kind: "leg.referral-told", legId: leg.id });
  },
  ...referDecisions,
};

/** Legs that called us and are answered when this one is. */
function callersWaitingFor(step: Step, leg: Leg): readonly Leg[] {
  const waiting = step.call.parties[leg.partyId]?.by;
  if (waiting === undefined) return [];
  return liveLegsOf(step.call, waiting).filter(({ direction, state }) => direction === "inbound" && state !== "answered");
}

function released(step: Step, leg: Leg): void {
  if (leg.owes === null) return;
  measured(step);
  step.emit({ kind: "leg.released", legId: leg.id });
}

/** A leg ended by its far end or the network; its party leaves when that was its last. */
function ended(step: Step, leg: Leg, outcome: Outcome, { owes = false, headers }: Pick<Leg, "headers"> & { owes?: boolean } = {}): void {
  endLeg(step, leg, outcome, owes ? { kind: "end" } : undefined, headers);
  const isRefusedByAll = outcome.sipStatus !== undefined && outcome.sipStatus >= 600;
  // Who names another is followed at once; whoever else was named waits until nothing rings any more.
  const goesOn = outcome.result === "redirected" || liveLegsOf(step.call, leg.partyId).length === 0;
  if (goesOn && !isRefusedByAll) tryNext(step, leg.partyId);
  if (liveLegsOf(step.call, leg.partyId).length === 0) partyLeft(step, leg.partyId, outcome);
}
