/** A call in the words of the native API. */
import { type Call, type Leg, type LegQuality, type Outcome, type Party, type Seat, shownDiversions } from "../../calls/index.ts";
import type { CallFlowView, CallStateWord, CallView, LegView, OutcomeView, PartyView } from "../contract/calls.ts";
import { viewOfQuality, viewOfTalk } from "./talk-view.ts";
import { timeOf, timeOrNull } from "./time.ts";

/** How the media of a leg that lives do; undefined when that is not known. */
type QualityOf = (legId: string) => LegQuality | undefined;

/** `now` closes the durations that still run. */
export function viewOfCall(call: Call, now: number, qualityOf: QualityOf = () => undefined): CallView {
  return {
    id: call.id,
    state: stateOf(call),
    direction: call.direction,
    from: call.from,
    fromName: call.identity?.name ?? null,
    isAnonymous: call.identity?.isAnonymous === true,
    to: call.to,
    diversions: shownDiversions(call),
    headers: call.headers ?? {},
    createdAt: timeOf(call.createdAt),
    answeredAt: timeOrNull(call.answeredAt),
    endedAt: timeOrNull(call.endedAt),
    absorbedBy: call.absorbedBy ?? null,
    createdBy: call.origin.kind === "trunk" ? null : call.origin.by,
    limits: { ringMs: call.limits.ringMs, totalMs: call.limits.totalMs },
    flow: flowOf(call),
    parties: Object.values(call.parties).map((party) => viewOfParty(party, seatOf(call, party.id), now)),
    legs: Object.values(call.legs).map((leg) => viewOfLeg(leg, leg.quality ?? qualityOf(leg.id))),
    outcome: viewOfOutcome(call.outcome),
    data: call.data,
    userData: call.userData,
    log: call.log.map(({ at, text }) => ({ at: timeOf(at), text })),
  };
}

function stateOf(call: Call): CallStateWord {
  if (call.endedAt !== undefined) return "ended";
  if (call.endingSince !== undefined) return "ending";
  if (call.answeredAt === undefined) return Object.values(call.legs).some((leg) => leg.state === "ringing") ? "ringing" : "dialling";
  return Object.keys(call.parties).some((partyId) => seatOf(call, partyId)?.state === "held") ? "held" : "answered";
}

/** The seat a party has now: the one it has not left, else its last. */
function seatOf(call: Call, partyId: string): Seat | undefined {
  const seats = Object.values(call.bridges).flatMap((bridge) => bridge.seats[partyId] ?? []);
  return seats.find((seat) => seat.state !== "left") ?? seats.at(-1);
}

function flowOf(call: Call): CallFlowView | null {
  const script = Object.values(call.parties).find((party) => party.script !== undefined)?.script;
  // A flow that came with the call is nobody's row.
  if ((script?.pin ?? call.script)?.flowId === "") return null;
  if (script !== undefined) {
    const { pin, node, exit, variables } = script;
    return { id: pin.flowId, version: pin.version, node, exit: exit ?? null, variables };
  }
  return call.script === undefined ? null : { id: call.script.flowId, version: call.script.version, node: null, exit: null, variables: {} };
}

function viewOfParty(party: Party, seat: Seat | undefined, now: number): PartyView {
  const { address } = party;
  const runsMs = (state: Seat["state"]) => (seat?.state === state ? Math.max(0, now - seat.since) : 0);
  return {
    id: party.id,
    role: party.role,
    number: address.kind === "number" ? address.number : null,
    userId: address.kind === "user" ? address.userId : null,
    uri: address.kind === "uri" ? address.uri : null,
    state: party.leftAt !== undefined ? "left" : (seat?.state ?? "dialling"),
    joinedAt: timeOf(party.joinedAt),
    answeredAt: timeOrNull(party.answeredAt),
    leftAt: timeOrNull(party.leftAt),
    talkedMs: (seat?.activeMs ?? 0) + runsMs("active"),
    heldMs: (seat?.heldMs ?? 0) + runsMs("held"),
    heldBy: seat?.heldBy ?? null,
    holdReason: seat?.holdReason ?? null,
    ...viewOfTalk(party, seat, now),
    outcome: viewOfOutcome(party.outcome),
  };
}

function viewOfLeg(leg: Leg, quality: LegQuality | undefined): LegView {
  return {
    id: leg.id,
    partyId: leg.partyId,
    direction: leg.direction,
    state: leg.state,
    sipStatus: leg.outcome?.sipStatus ?? (leg.answeredAt === undefined ? null : 200),
    trunkId: leg.route.trunkId ?? null,
    phoneId: leg.route.phoneId ?? null,
    codec: leg.media?.codec ?? leg.media?.relayed?.name ?? null,
    headers: leg.headers ?? {},
    createdAt: timeOf(leg.createdAt),
    answeredAt: timeOrNull(leg.answeredAt),
    endedAt: timeOrNull(leg.endedAt),
    mediaLostAt: timeOrNull(leg.mediaLost?.at),
    quality: quality ? viewOfQuality(quality) : null,
  };
}

function viewOfOutcome(outcome: Outcome | undefined): OutcomeView | null {
  if (outcome === undefined) return null;
  return { result: outcome.result, side: outcome.side, sipStatus: outcome.sipStatus ?? null, q850: outcome.q850, text: outcome.text };
}
