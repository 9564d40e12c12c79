/**
 * What an event means: the next state of its call. Total over all events, never refuses, does no I/O and reads no clock. Each
 * release's events stay readable here for ever (the fixture journals in test/fixtures prove it).
 */
import type { CallEvent, CallEventKind, EventOf } from "../events.ts";
import type { Bridge, Call } from "../model.ts";
import { evolveCall } from "./call-events.ts";
import type { Evolutions } from "./evolutions.ts";
import { evolveLeg } from "./leg-events.ts";
import { logText } from "./log.ts";
import { evolveParty } from "./party-events.ts";
import { putValue } from "./records.ts";
import { evolveScript } from "./script-events.ts";
import { evolveSeat } from "./seat-events.ts";
import { evolveTalk } from "./talk-events.ts";
import { evolveTransfer } from "./transfer-events.ts";

const evolutions: Evolutions<Exclude<CallEventKind, "call.created">> = {
  ...evolveCall,
  ...evolveLeg,
  ...evolveParty,
  ...evolveScript,
  ...evolveSeat,
  ...evolveTalk,
  ...evolveTransfer,
};

const logLines = 200;

/** `call` is undefined only for call.created, the first event of every stream. */
export function evolve(call: Call | undefined, event: CallEvent): Call {
  const next = event.kind === "call.created" ? createdCall(event) : evolved(call, event);
  const changedAt = "at" in event ? Math.max(next.changedAt, event.at) : next.changedAt;
  const text = logText(next, event);
  const log = text === undefined ? next.log : [...next.log.slice(1 - logLines), { at: changedAt, text }];
  return { ...next, seq: next.seq + 1, changedAt, log };
}

function evolved(call: Call | undefined, event: Exclude<CallEvent, { kind: "call.created" }>): Call {
  if (call === undefined) throw new Error(`The stream of a call begins with ${event.kind}`);
  const apply = evolutions[event.kind] as (call: Call, event: CallEvent) => Call;
  return apply(call, event);
}

function createdCall(event: EventOf<"call.created">): Call {
  return {
    id: event.callId,
    accountId: event.accountId,
    seq: 0,
    createdAt: event.at,
    changedAt: event.at,
    origin: event.origin,
    direction: event.direction,
    from: event.from,
    to: event.to,
    limits: event.limits,
    ...(event.script && { script: event.script }),
    parties: {},
    legs: {},
    bridges: putValue<Bridge>({}, event.bridgeId, { id: event.bridgeId, kind: "main", createdAt: event.at, seats: {} }),
    data: event.data ?? {},
    userData: event.userData ?? {},
    ...(event.callback !== undefined && { callback: event.callback }),
    ...(event.detection && { detection: event.detection }),
    ...(event.dial && { dial: event.dial }),
    ...(event.identity && { identity: event.identity }),
    ...(event.diversions && { diversions: event.diversions }),
    ...(event.headers && { headers: event.headers }),
    log: [],
    recoveries: 0,
  };
}
