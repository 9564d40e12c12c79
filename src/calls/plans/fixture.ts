/** Calls for tests of plans. */
import { clockStart, negotiatedOf } from "../decide/fixture.ts";
import type { Call, Leg, Party, Seat } from "../model.ts";

export type Place = { readonly seat?: Partial<Seat>; readonly party?: Partial<Party>; readonly leg?: Partial<Leg> };

/** One bridge of these parties, each with an answered leg of the same name. */
export function talkOf(places: Readonly<Record<string, Place>>): Call {
  const names = Object.entries(places);
  const each = <T>(value: (name: string, place: Place) => T) =>
    Object.fromEntries(names.map(([name, place]) => [name, value(name, place)]));
  const at = clockStart;
  const route = { requestUri: "sip:a", host: "a", fromUri: "sip:b", toUri: "sip:a", mediaToSource: false };
  const leg = { direction: "outbound", state: "answered", createdAt: at, attempt: 1, owes: null, acknowledged: true, version: 1 } as const;
  return {
    id: "c",
    accountId: "a",
    seq: 1,
    createdAt: at,
    changedAt: at,
    origin: { kind: "request", by: "u" },
    direction: "outbound",
    from: "+1",
    to: "+2",
    limits: { ringMs: 1, totalMs: 1 },
    parties: each((id, { party }) => ({ id, role: "callee", address: { kind: "number", number: id }, joinedAt: at, ringMs: 1, ...party })),
    legs: each((id, place) => ({ id, partyId: id, route, localPort: 20_000, media: negotiatedOf(), ...leg, ...place.leg })),
    bridges: {
      main: {
        id: "main",
        kind: "main",
        createdAt: at,
        seats: each((partyId, { seat }) => ({ partyId, state: "active", since: at, waitedMs: 0, activeMs: 0, heldMs: 0, ...seat })),
      },
    },
    data: {},
    userData: {},
    log: [],
    recoveries: 0,
  };
}
