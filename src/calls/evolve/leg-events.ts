import type { SocketAddress } from "../../media/index.ts";
import { receives } from "../../sdp/index.ts";
import type { EventOf } from "../events.ts";
import type { Call, Leg, Negotiated } from "../model.ts";
import type { Evolutions } from "./evolutions.ts";
import { changeValue, putValue, without } from "./records.ts";
import { changeParty, changeSeatsOf, settleSeat } from "./seat-events.ts";

type LegEvents =
  | "leg.created"
  | "leg.challenged"
  | "leg.interval-raised"
  | "leg.rang"
  | "leg.progressed"
  | "leg.answered"
  | "leg.acknowledged"
  | "leg.dialog-changed"
  | "leg.session-changed"
  | "leg.session-agreed"
  | "leg.session-refused"
  | "leg.port-changed"
  | "leg.media-locked"
  | "leg.stream"
  | "leg.ended"
  | "leg.released";

export const evolveLeg: Evolutions<LegEvents> = {
  "leg.created": (call, event) => ({
    ...(event.route.redirects === undefined ? call : withoutTarget(call, event)),
    legs: putValue<Leg>(call.legs, event.legId, {
      id: event.legId,
      partyId: event.partyId,
      direction: event.direction,
      state: "inviting",
      route: event.route,
      createdAt: event.at,
      attempt: 1,
      owes: null,
      localPort: event.localPort,
      acknowledged: false,
      version: 1,
      ...(event.invite !== undefined && { invite: event.invite }),
      ...(event.offer !== undefined && { offer: event.offer }),
      ...(event.offered !== undefined && { offered: event.offered }),
      ...(event.relayable !== undefined && { relayable: event.relayable }),
      ...(event.prefers !== undefined && { prefers: event.prefers }),
      ...(event.dialog !== undefined && {
        dialog: event.dialog,
        invitedAs: { callId: event.dialog.callId, tag: event.dialog.remoteTag },
      }),
    }),
  }),
  "leg.challenged": (call, event) =>
    changeLeg(call, event.legId, (leg) => ({ ...leg, attempt: event.attempt, challenge: event.challenge })),
  "leg.interval-raised": (call, event) =>
    changeLeg(call, event.legId, (leg) => ({ ...leg, attempt: event.attempt, minSessionS: event.minSessionS })),
  "leg.progressed": (call, event) =>
    changeLeg(call, event.legId, (leg) => ({
      ...moved(leg, event.media),
      early: {
        at: event.at,
        ...(event.media !== undefined && { media: event.media }),
        ...(event.remoteTag !== undefined && { remoteTag: event.remoteTag }),
      },
      ...(event.version !== undefined && { version: event.version }),
    })),
  "leg.rang": (call, event) => {
    const rung = changeLeg(call, event.legId, (leg) =>
      leg.state === "inviting"
        ? { ...leg, ...answerHeaders(leg, event), state: "ringing", rangAt: event.at, ...(event.reached && { reached: event.reached }) }
        : leg,
    );
    return changeSeatsOf(rung, partyOf(call, event.legId), (seat) =>
      seat.state === "dialling" ? settleSeat(seat, "alerting", event.at) : seat,
    );
  },
  "leg.answered": (call, event) => {
    const answered = changeLeg(call, event.legId, (leg) => ({
      ...without(moved(leg, event.media), "offered", "challenge", "reached", "early"),
      ...answerHeaders(leg, event),
      state: "answered",
      answeredAt: event.at,
      ...(event.media !== undefined && { media: event.media }),
      // The peer's 2xx ends the exchange for a leg we invited; ours waits for the ACK.
      acknowledged: leg.direction === "outbound",
      ...(event.dialog && { dialog: event.dialog }),
    }));
    const partyId = partyOf(call, event.legId);
    const joined = changeParty(answered, partyId, (party) => (party.answeredAt === undefined ? { ...party, answeredAt: event.at } : party));
    const seated = changeSeatsOf(joined, partyId, (seat) => settleSeat(seat, "active", event.at));
    return seated.answeredAt === undefined ? { ...seated, answeredAt: event.at } : seated;
  },
  "leg.acknowledged": (call, event) =>
    changeLeg(call, event.legId, (leg) => ({
      ...without(leg, "invite", "offer"),
      acknowledged: true,
      ...(event.media !== undefined && { media: event.media }),
    })),
  "leg.dialog-changed": (call, event) => changeLeg(call, event.legId, (leg) => ({ ...leg, dialog: event.dialog })),
  "leg.session-changed": (call, event) => changeLeg(call, event.legId, (leg) => agreedAnew(leg, event)),
  "leg.session-agreed": (call, event) => changeLeg(call, event.legId, (leg) => agreedAnew(leg, event)),
  // RFC 3264 §8: the peer has seen that version; what it sees next must have another one.
  "leg.session-refused": (call, event) =>
    changeLeg(call, event.legId, (leg) => ({ ...leg, refused: event.direction, version: leg.version + 1 })),
  "leg.port-changed": (call, event) => changeLeg(call, event.legId, (leg) => ({ ...leg, localPort: event.localPort, moved: true })),
  "leg.media-locked": (call, event) => changeLeg(call, event.legId, (leg) => ({ ...leg, lockedTo: event.remote })),
  "leg.stream": (call, event) => changeLeg(call, event.legId, (leg) => ({ ...leg, stream: event.position })),
  "leg.ended": (call, event) =>
    changeLeg(call, event.legId, (leg) => ({
      ...(event.owes === undefined ? quit(leg) : leg),
      ...answerHeaders(leg, event),
      state: "ended",
      endedAt: event.at,
      outcome: event.outcome,
      owes: event.owes ?? null,
      ...(event.quality && { quality: event.quality }),
    })),
  "leg.released": (call, event) => changeLeg(call, event.legId, (leg) => ({ ...quit(leg), owes: null })),
};

/** Whom a redirection named is being called now. */
function withoutTarget(call: Call, { partyId, route }: EventOf<"leg.created">): Call {
  return changeParty(call, partyId, (party) => {
    const targets = (party.targets ?? []).filter(({ requestUri }) => requestUri !== route.requestUri);
    return { ...without(party, "targets"), ...(targets.length > 0 && { targets }) };
  });
}

function answerHeaders(leg: Leg, { headers }: Pick<EventOf<"leg.rang">, "headers">): Pick<Leg, "headers"> {
  return headers === undefined ? {} : { headers: { ...leg.headers, ...headers } };
}

/** Whoever sent early media need not be who answers: the lock on the former's address is of no use then. */
function moved(leg: Leg, media: Negotiated | undefined): Leg {
  const before = leg.early?.media?.remote;
  const isElsewhere = before !== undefined && media !== undefined && !isSameAddress(before, media.remote);
  return isElsewhere ? without(leg, "lockedTo") : leg;
}

function isSameAddress(a: SocketAddress, b: SocketAddress): boolean {
  return a.address === b.address && a.port === b.port;
}

function agreedAnew(leg: Leg, { media, version }: EventOf<"leg.session-changed" | "leg.session-agreed">): Leg {
  const agreed = { ...without(leg, "refused", "moved", "digitsBy", "tones"), media, version };
  // Where nothing need come nothing is missing.
  return receives(media.direction) ? agreed : without(agreed, "mediaLost");
}

/** Without what only served to tell the far end something. */
function quit(leg: Leg): Leg {
  return without(
    leg,
    "invite",
    "offer",
    "offered",
    "relayable",
    "prefers",
    "challenge",
    "stream",
    "dialog",
    "early",
    "referral",
    "refer",
    "mediaLost",
  );
}

export function changeLeg(call: Call, legId: string, change: (leg: Leg) => Leg): Call {
  return { ...call, legs: changeValue(call.legs, legId, change) };
}

function partyOf(call: Call, legId: string): string {
  return call.legs[legId]?.partyId ?? "";
}
