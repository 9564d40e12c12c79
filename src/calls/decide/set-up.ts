/** How calls and parties begin. */
import type { Address, Json, LegRoute, PartyRole, ScriptPin } from "../model.ts";
import { outcomes } from "../outcome.ts";
import { mainBridge } from "../parts.ts";
import { partyLeft } from "./ending.ts";
import type { InviteInput, OriginateInput } from "./inputs.ts";
import { goesRound, presentationOf } from "./presenting.ts";
import { type OfferedFor, offeredFor } from "./relay.ts";
import type { Step } from "./step.ts";

export function originated(step: Step, input: OriginateInput): void {
  step.emit({
    kind: "call.created",
    at: step.now,
    callId: input.callId,
    accountId: input.accountId,
    origin: input.origin,
    direction: "outbound",
    from: input.from,
    to: input.to,
    limits: input.limits,
    bridgeId: step.around.nextId(),
    ...(input.leadsTo.kind === "script" && { script: input.leadsTo.pin }),
    ...(input.leadsTo.kind === "dial" && { dial: { to: input.leadsTo.to, callerId: input.leadsTo.callerId } }),
    ...(input.callback !== undefined && { callback: input.callback }),
    ...(input.detection && { detection: input.detection }),
    ...(input.data && { data: input.data }),
    ...(input.userData && { userData: input.userData }),
    ...(input.identity && { identity: input.identity }),
  });
  const { role, first: address, autoAnswer, limits, headers } = input;
  // Who has a call made sees on the phone whom it will ring.
  const callerId = input.leadsTo.kind === "dial" ? input.to : input.from;
  dial(step, { role, address, callerId, ringMs: limits.ringMs, autoAnswer, ...(headers && { headers }) });
}

export function invited(step: Step, input: InviteInput): void {
  const script = input.leadsTo.kind === "script" ? input.leadsTo.pin : undefined;
  step.emit({
    kind: "call.created",
    at: step.now,
    callId: input.callId,
    accountId: input.accountId,
    origin: input.origin,
    direction: input.origin.kind === "trunk" ? "inbound" : "outbound",
    from: input.from,
    to: input.to,
    limits: input.limits,
    bridgeId: step.around.nextId(),
    ...(script && { script }),
    ...(input.identity && { identity: input.identity }),
    ...(input.diversions && { diversions: input.diversions }),
    ...(input.headers && { headers: input.headers }),
  });
  const partyId = step.around.nextId();
  step.emit({
    kind: "party.joined",
    at: step.now,
    partyId,
    role: "caller",
    address: input.caller,
    bridgeId: mainBridge(step.call).id,
    ringMs: input.limits.ringMs,
  });
  step.emit({
    kind: "leg.created",
    at: step.now,
    legId: input.legId,
    partyId,
    direction: "inbound",
    route: input.route,
    localPort: input.localPort,
    invite: input.invite,
    ...(input.offer !== undefined && { offer: input.offer }),
    ...(input.media && { offered: input.media }),
    ...(input.relayable && { relayable: input.relayable }),
    dialog: input.dialog,
  });
  if (input.leadsTo.kind === "dial") {
    const { to } = input.leadsTo;
    dial(step, { role: "callee", address: to, callerId: input.from, ringMs: input.limits.ringMs, by: partyId });
    return;
  }
  step.emit({ kind: "leg.answered", at: step.now, legId: input.legId, ...(input.media && { media: input.media }) });
  startScript(step, partyId, input.leadsTo.pin);
}

export type Dialling = {
  readonly role: PartyRole;
  readonly address: Address;
  readonly callerId: string;
  readonly ringMs: number;
  /** The party on whose behalf, and the dial step of its script. */
  readonly by?: string;
  readonly dialId?: string;
  /** The talk goes on when it does not answer. */
  readonly isAdded?: true;
  readonly autoAnswer?: boolean;
  readonly callback?: Json;
  /** Further header fields of its INVITEs. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Of its INVITEs: LegRoute. */
  readonly replaces?: string;
  readonly referredBy?: string;
};

/** Brings a party in and rings all its devices; without a route the party leaves at once. `joined` comes before any device is rung. */
export function dial(step: Step, dialling: Dialling, joined?: (partyId: string) => void): void {
  const { now, around } = step;
  const { callerId } = dialling;
  const partyId = around.nextId();
  const told = presentationOf(step.call, dialling);
  const presented = { ...(callerId !== step.call.from && { callerId }), ...told };
  step.emit({
    kind: "party.joined",
    at: now,
    partyId,
    role: dialling.role,
    address: dialling.address,
    bridgeId: mainBridge(step.call).id,
    ringMs: dialling.ringMs,
    ...(dialling.by !== undefined && { by: dialling.by }),
    ...(dialling.dialId !== undefined && { dialId: dialling.dialId }),
    ...(dialling.isAdded && { isAdded: true }),
    ...(dialling.callback !== undefined && { callback: dialling.callback }),
    ...(Object.keys(presented).length > 0 && { presented }),
  });
  joined?.(partyId);
  const routes = goesRound(told)
    ? ({ ok: false, outcome: outcomes.goesRound() } as const)
    : around.route(step.call.accountId, dialling.address, callerId, told);
  if (!routes.ok) {
    partyLeft(step, partyId, routes.outcome);
    return;
  }
  const hops = hopsLeft(step, dialling.by);
  const { autoAnswer, replaces, referredBy } = dialling;
  const facts = {
    ...(hops !== undefined && { maxForwards: hops }),
    ...(autoAnswer === true && { autoAnswer }),
    ...(replaces !== undefined && { replaces }),
    ...(referredBy !== undefined && { referredBy }),
  };
  ring(
    step,
    partyId,
    routes.routes.map((route) => ({ ...route, ...facts })),
    offeredFor(step.call, dialling.by),
  );
  if (!Object.values(step.call.legs).some((leg) => leg.partyId === partyId)) partyLeft(step, partyId, outcomes.noPorts());
}

/** Rings a party's devices: one leg each, as far as there are ports. */
export function ring(step: Step, partyId: string, routes: readonly LegRoute[], { relayable, prefers }: OfferedFor): void {
  for (const route of routes) {
    const localPort = step.around.acquirePort();
    if (localPort === undefined) break;
    const offered = { ...(relayable && { relayable }), ...(prefers && { prefers }) };
    const leg = { legId: step.around.nextId(), partyId, direction: "outbound", route, localPort, ...offered } as const;
    step.emit({ kind: "leg.created", at: step.now, ...leg });
  }
}

/** What is left for the INVITEs that come of a party's own (RFC 3261 §8.1.1.6, §16.6 item 3); undefined when it brought no limit. */
function hopsLeft(step: Step, partyId: string | undefined): number | undefined {
  const limits = Object.values(step.call.legs).flatMap((leg) => (leg.partyId === partyId ? (leg.route.maxForwards ?? []) : []));
  return limits.length === 0 ? undefined : Math.max(0, Math.min(...limits) - 1);
}

export function startScript(step: Step, partyId: string, pin: ScriptPin): void {
  step.emit({ kind: "script.started", at: step.now, partyId, pin });
  step.tell(partyId, { kind: "started" });
}
