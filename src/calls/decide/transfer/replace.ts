/** INVITE with Replaces (RFC 3891 §3): a new leg takes the place of one of ours, in the seat of its party. */
import type { Address, Call, Leg, Negotiated } from "../../model.ts";
import { outcomes } from "../../outcome.ts";
import { answeredLegOf, isMember, liveLegsOf, mainBridge, partiesPresent, seatOf } from "../../parts.ts";
import { answered } from "../answered.ts";
import { answerTowards } from "../relay.ts";
import { debtOf, endLeg, partyLeft } from "../ending.ts";
import type { ReplacingLeg } from "../inputs.ts";
import type { Step } from "../step.ts";

/**
 * What the new leg is answered with: what the one it talks to has, when that is a codec we do not decode. Without an offer nothing yet: ours goes out in the
 * answer. Undefined when nothing fits.
 */
function mediaTowards(
  call: Call,
  leg: Leg,
  { media, relayable }: Pick<ReplacingLeg, "media" | "relayable">,
): { readonly media?: Negotiated } | undefined {
  const others = partiesPresent(call).flatMap(({ id }) => (id === leg.partyId ? [] : (answeredLegOf(call, id)?.media ?? [])));
  const relaying = others.find(({ relayed }) => relayed !== undefined);
  if (media === undefined) return relaying === undefined ? {} : undefined;
  if (relaying === undefined) return media.codec === undefined ? undefined : { media };
  const towards = answerTowards({ offered: media, ...(relayable && { relayable }) }, relaying);
  return towards && { media: towards };
}

/** The status that refuses to let `caller` take the place of this leg, or undefined. */
export function replacementRefusal(call: Call, leg: Leg, by: Pick<ReplacingLeg, "caller" | "media" | "relayable">): number | undefined {
  const party = call.parties[leg.partyId];
  if (party === undefined || party.leftAt !== undefined || leg.state === "ended" || call.endedAt !== undefined) return 603;
  if (mediaTowards(call, leg, by) === undefined) return 488;
  if (isSamePerson(party.address, by.caller)) return undefined;
  // Who may hear a talk unheard is not for others to say.
  if (!isMember(call, party)) return 603;
  // A flow talks to the one it began with, and a transfer is about the ones it names.
  if (party.script !== undefined && party.script.node !== null) return 488;
  const isTransferring = Object.values(call.parties).some(
    ({ id, transfer }) => transfer !== undefined && [id, transfer.remainingId, transfer.targetId].includes(party.id),
  );
  return isTransferring ? 491 : undefined;
}

/** The same person goes on with another device; somebody else is a new party in the old one's place. */
export function replaced(step: Step, leg: Leg, { by }: { readonly by: ReplacingLeg }): void {
  const former = step.call.parties[leg.partyId];
  const agreed = mediaTowards(step.call, leg, by);
  if (former === undefined || agreed === undefined || replacementRefusal(step.call, leg, by) !== undefined) return;
  const isSame = isSamePerson(former.address, by.caller);
  const partyId = isSame ? former.id : step.around.nextId();
  const at = step.now;
  if (!isSame) {
    const bridgeId = seatOf(step.call, former.id)?.bridge.id ?? mainBridge(step.call).id;
    step.emit({ kind: "party.joined", at, partyId, role: former.role, address: by.caller, bridgeId, ringMs: former.ringMs });
    step.emit({ kind: "party.replaced", at, partyId: former.id, by: partyId });
  }
  const { legId, route, localPort, invite, offer, relayable, dialog } = by;
  const created = { legId, partyId, direction: "inbound", route, localPort, invite, dialog } as const;
  const described = { ...(offer !== undefined && { offer }), ...(by.media && { offered: by.media }), ...(relayable && { relayable }) };
  step.emit({ kind: "leg.created", at, ...created, ...described });
  step.emit({ kind: "leg.answered", at, legId, ...agreed });
  for (const other of liveLegsOf(step.call, former.id)) {
    if (other.id !== legId) endLeg(step, other, outcomes.replaced(), debtOf(other, outcomes.replaced()));
  }
  // It rang, and is answered here: a pick-up.
  if (former.answeredAt === undefined) answered(step, partyId);
  if (!isSame) partyLeft(step, former.id, outcomes.replaced());
}

/** Whoever is no user is known by nothing but the line they are on. */
function isSamePerson(one: Address, other: Address): boolean {
  return one.kind === "user" && other.kind === "user" ? one.userId === other.userId : one.kind !== "user" && other.kind !== "user";
}
