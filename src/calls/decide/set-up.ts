/** How calls and parties begin. */
import { isE164 } from "../../directory/index.ts";
import type { Address, PartyRole, ScriptPin } from "../model.ts";
import { outcomes } from "../outcome.ts";
import { mainBridge } from "../parts.ts";
import { partyLeft } from "./ending.ts";
import type { InviteInput, OriginateInput } from "./inputs.ts";
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
    script: input.script,
    ...(input.data && { data: input.data }),
  });
  dial(step, { role: "callee", address: { kind: "number", number: input.to }, callerId: input.from, ringMs: input.limits.ringMs });
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
    offer: input.offer,
    offered: input.media,
    dialog: input.dialog,
  });
  if (input.leadsTo.kind === "dial") {
    const { to } = input.leadsTo;
    dial(step, { role: "callee", address: to, callerId: input.from, ringMs: input.limits.ringMs, by: partyId });
    return;
  }
  step.emit({ kind: "leg.answered", at: step.now, legId: input.legId, media: input.media });
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
};

/** Brings a party in and rings all its devices; without a route the party leaves at once. */
export function dial(step: Step, dialling: Dialling): void {
  const { now, around } = step;
  const partyId = around.nextId();
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
  });
  const routes = around.route(step.call.accountId, dialling.address, dialling.callerId);
  if (!routes.ok) {
    partyLeft(step, partyId, routes.outcome);
    return;
  }
  const hops = hopsLeft(step, dialling.by);
  for (const found of routes.routes) {
    const route = hops === undefined ? found : { ...found, maxForwards: hops };
    const localPort = around.acquirePort();
    if (localPort === undefined) break;
    step.emit({ kind: "leg.created", at: now, legId: around.nextId(), partyId, direction: "outbound", route, localPort });
  }
  if (!Object.values(step.call.legs).some((leg) => leg.partyId === partyId)) partyLeft(step, partyId, outcomes.noPorts());
}

/** What is left for the INVITEs that come of a party's own (RFC 3261 §8.1.1.6, §16.6 item 3); undefined when it brought no limit. */
function hopsLeft(step: Step, partyId: string | undefined): number | undefined {
  const limits = Object.values(step.call.legs).flatMap((leg) => (leg.partyId === partyId ? (leg.route.maxForwards ?? []) : []));
  return limits.length === 0 ? undefined : Math.max(0, Math.min(...limits) - 1);
}

/** What a script or a person typed as a destination: a number, the name of a phone's user, or a SIP address. */
export function addressOf(to: string): Address {
  return isE164(to) ? { kind: "number", number: to } : { kind: "uri", uri: to };
}

export function startScript(step: Step, partyId: string, pin: ScriptPin): void {
  step.emit({ kind: "script.started", at: step.now, partyId, pin });
  step.tell(partyId, { kind: "started" });
}
