/**
 * A far end that names others to call instead (RFC 3261 §8.1.3.4). Whom it names and who may be called joins the party's targets; each is a leg of
 * its own, one after the other, those it named last before those that were named earlier. A target is tried once, five redirections and ten targets
 * are the most, and a refusal for all (6xx) ends it.
 */
import type { Address, Leg, LegRoute, Outcome } from "../model.ts";
import { outcomes } from "../outcome.ts";
import type { LegSignal } from "./inputs.ts";
import { goesRound, passedOn } from "./presenting.ts";
import { offeredFor } from "./relay.ts";
import { ring } from "./set-up.ts";
import type { Step } from "./step.ts";

type Redirection = NonNullable<Extract<LegSignal, { kind: "leg-failed" }>["contacts"]>;

const mostHops = 5;
const mostTargets = 10;

/** What becomes of the leg. The targets that are to be called are the party's by then. */
export function redirected(step: Step, leg: Leg, status: number, contacts: Redirection): Outcome {
  const party = step.call.parties[leg.partyId];
  if (party === undefined || party.leftAt !== undefined || party.answeredAt !== undefined) return outcomes.redirected(status);
  const { callerId = step.call.from, ...told } = party.presented ?? {};
  const by = nameOf(party.address);
  const diversions = passedOn(told.diversions ?? [], by, leg.rangAt === undefined ? "unconditional" : "deflection");
  const hops = (leg.route.redirects ?? 0) + 1;
  if (hops > mostHops || goesRound({ diversions })) return outcomes.goesRound();
  const found = step.around.redirect(step.call.accountId, leg.route, contacts, callerId, { ...told, diversions });
  if (found === "pass") return outcomes.redirected(status, contacts);
  const targets = fresh(step, leg.partyId, found).map((route) => ({ ...route, redirects: hops, ...hopsOf(leg.route) }));
  if (targets.length > 0)
    step.emit({ kind: "party.redirected", at: step.now, partyId: party.id, legId: leg.id, status, targets, diversions });
  return outcomes.redirected(status);
}

/** Calls the next target. False when there is none, or no port for it. */
export function tryNext(step: Step, partyId: string): boolean {
  const { targets: [next] = [], answeredAt, leftAt, by } = step.call.parties[partyId] ?? {};
  if (next === undefined || answeredAt !== undefined || leftAt !== undefined) return false;
  const before = Object.keys(step.call.legs).length;
  ring(step, partyId, [next], offeredFor(step.call, by));
  return Object.keys(step.call.legs).length > before;
}

/** Without what was tried or waits already, and not more than may be tried in all. */
function fresh(step: Step, partyId: string, found: readonly LegRoute[]): readonly LegRoute[] {
  const tried = Object.values(step.call.legs).flatMap((leg) => (leg.partyId === partyId ? leg.route : []));
  const waiting = step.call.parties[partyId]?.targets ?? [];
  const seen = new Set([...tried, ...waiting].map(({ requestUri }) => requestUri));
  const room = mostTargets - waiting.length - tried.filter(({ redirects }) => redirects !== undefined).length;
  const targets = new Map(found.filter(({ requestUri }) => !seen.has(requestUri)).map((route) => [route.requestUri, route]));
  return [...targets.values()].slice(0, Math.max(0, room));
}

function hopsOf({ maxForwards }: LegRoute): Pick<LegRoute, "maxForwards"> {
  return maxForwards === undefined ? {} : { maxForwards };
}

function nameOf(address: Address): string {
  return address.kind === "number" ? address.number : address.kind === "user" ? (address.number ?? address.name) : address.uri;
}
