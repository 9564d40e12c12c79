/**
 * An attended transfer between two calls of ours (RFC 5589 §7, RFC 3891): who asked for it talks in both. The parties of the other call
 * move into the one that the REFER came in, and the other call ends.
 *
 *   the target        what follows
 *   has answered      it talks with who remains; who asked leaves both calls
 *   still rings       it rings for who remains; who asked leaves the other call, and this one when the target answers (RFC 5589 §7.6)
 *
 * Both calls decide in one go, and what follows is one record of both.
 */
import { isSameFormat, type PayloadFormat } from "../../../sdp/index.ts";
import type { Call, Leg, Party } from "../../model.ts";
import { resumed } from "../../evolve/call-events.ts";
import { settleSeat } from "../../evolve/seat-events.ts";
import { outcomes } from "../../outcome.ts";
import { answeredLegOf, liveLegsOf, mainBridge, membersPresent, seatOf } from "../../parts.ts";
import type { MovedParty } from "../../transfer-events.ts";
import { partyLeft } from "../ending.ts";
import type { AskedTransfer } from "../inputs.ts";
import { runScripts } from "../script.ts";
import { Step, type Surroundings } from "../step.ts";
import type { Decision } from "../decide.ts";
import { referralRefusal, remainingOf, targetAnswered } from "./referred.ts";

type Place = { readonly call: Call; readonly legId: string };

/** The status that refuses to make one call of these two, or undefined. `other.legId` is to be replaced. */
export function joinRefusal(to: Place, other: Place): number | undefined {
  const [leg, replaced] = [to.call.legs[to.legId], other.call.legs[other.legId]];
  if (leg === undefined || replaced === undefined || to.call.id === other.call.id) return 603;
  const refusal = referralRefusal(to.call, leg);
  if (refusal !== undefined) return refusal;
  const [own, ownThere] = [to.call.parties[leg.partyId], other.call.parties[replaced.partyId]];
  // Nobody takes over a talk of somebody else's by knowing its dialog.
  if (own === undefined || ownThere === undefined || to.call.accountId !== other.call.accountId || !isSamePerson(own, ownThere)) return 403;
  if (other.call.endedAt !== undefined || ownThere.leftAt !== undefined) return 603;
  const moving = membersPresent(other.call).filter(({ id }) => id !== ownThere.id);
  if (moving.length === 0) return 603;
  // Two codecs of which we decode neither, or only one, do not become one talk.
  const remaining = remainingOf(to.call, own);
  const medias = [...moving.map(({ id }) => ({ call: other.call, id })), ...(remaining ? [{ call: to.call, id: remaining.id }] : [])];
  const relayed = medias.flatMap(({ call, id }) => answeredLegOf(call, id)?.media ?? []).map((media) => media.relayed);
  const isOpen = moving.some(({ answeredAt }) => answeredAt === undefined);
  if (!relayed.every((format) => isSame(format, relayed[0])) || (isOpen && relayed.some((format) => format !== undefined))) return 488;
  // What waits for an answer by this call's id would be asked for twice; the phone may try again.
  return moving.some(({ requests }) => requests !== undefined) ? 491 : undefined;
}

/** What each call decides. Call it when `joinRefusal` has nothing to say. */
export function joined(
  to: Place,
  other: Place,
  asked: AskedTransfer,
  around: Surroundings,
): { readonly to: Decision; readonly other: Decision } {
  const [here, there] = [new Step(to.call, around), new Step(other.call, around)];
  const leg = to.call.legs[to.legId] as Leg;
  const own = to.call.parties[leg.partyId] as Party;
  const ownThere = other.call.parties[(other.call.legs[other.legId] as Leg).partyId] as Party;
  const remaining = remainingOf(to.call, own) as Party;
  const moving = membersPresent(other.call).filter(({ id }) => id !== ownThere.id);
  const target: Party | undefined = moving.find(({ answeredAt }) => answeredAt !== undefined) ?? moving[0];
  if (target === undefined) throw new Error("joinRefusal sees to it that somebody moves");
  const at = around.now;
  const parties = moving.map((party) =>
    movedParty(other.call, party, at, party === target ? standing(own, ownThere, remaining, target) : {}),
  );
  const bridgeId = mainBridge(to.call).id;
  const moved = {
    kind: "parties.moved",
    at,
    from: other.call.id,
    to: to.call.id,
    bridgeId,
    partyIds: moving.map(({ id }) => id),
    parties,
    outcome: outcomes.movedToAnotherCall(),
  } as const;

  there.emit(moved);
  partyLeft(there, ownThere.id, ownThere.answeredAt === undefined ? outcomes.cancelled() : outcomes.transferred());
  runScripts(there);

  const { referId, event, notifies } = asked;
  here.emit({ kind: "leg.referred", at, legId: leg.id, referId, event, notifies });
  here.emit(moved);
  here.emit({
    kind: "transfer.begun",
    at,
    transferId: referId,
    type: "attended",
    partyId: own.id,
    legId: leg.id,
    remainingId: remaining.id,
    targetId: target.id,
  });
  const dialId = ownThere.by === target.id && own.by !== remaining.id ? ownThere.dialId : undefined;
  // The target's own flow had dialled who asked: it goes on when the one in that place leaves.
  if (dialId !== undefined) here.emit({ kind: "party.reparented", at, partyId: remaining.id, by: target.id, dialId });
  if (target.answeredAt !== undefined) targetAnswered(here, target.id);
  runScripts(here);
  return { to: { events: here.events, call: here.call }, other: { events: there.events, call: there.call } };
}

/** With whom the target stands or falls: as who asked did in the call it comes to, unless it is the one whose flow goes on. */
function standing(own: Party, ownThere: Party, remaining: Party, target: Party): Partial<Pick<Party, "by" | "dialId">> {
  const isDialledByRemaining = own.by === remaining.id;
  if (!isDialledByRemaining && ownThere.by === target.id && ownThere.dialId !== undefined) return {};
  return { by: remaining.id, ...(isDialledByRemaining && own.dialId !== undefined && { dialId: own.dialId }) };
}

/** Whole, with its times; what runs on it goes on as after a gap of nothing. */
function movedParty(call: Call, party: Party, at: number, standsBy: Partial<Pick<Party, "by" | "dialId">>): MovedParty {
  const place = seatOf(call, party.id);
  if (place === undefined) throw new Error(`Party ${party.id} has no seat`);
  const { by: _by, dialId: _dialId, ...rest } = resumed(party, place.seat.state === "held", { at, gapMs: 0 });
  const {
    heldBy: _heldBy,
    holdReason: _holdReason,
    ...seat
  } = settleSeat(place.seat, place.seat.state === "held" ? "active" : place.seat.state, at);
  return { party: { ...rest, ...standsBy }, legs: liveLegsOf(call, party.id), seat };
}

function isSame(one: PayloadFormat | undefined, other: PayloadFormat | undefined): boolean {
  return one === undefined || other === undefined ? one === other : isSameFormat(one, other);
}

/** The same user, or two legs of one phone. */
function isSamePerson({ address: one }: Party, { address: other }: Party): boolean {
  if (one.kind === "user" || other.kind === "user") return one.kind === "user" && other.kind === "user" && one.userId === other.userId;
  return one.kind === "uri" && other.kind === "uri" && one.uri === other.uri;
}
