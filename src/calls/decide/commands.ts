/** What clients may command. The table of seat states × commands is here and nowhere else. */
import type { CallCommand } from "../calls.ts";
import { callRefusal } from "../errors.ts";
import type { Call, Seat, SeatState } from "../model.ts";
import type { CommandDecisions } from "./command-decisions.ts";
import { outcomes } from "../outcome.ts";
import { isObserver } from "../parts.ts";
import { conferenceDecisions } from "./conference.ts";
import { hangUpAll, partyLeft } from "./ending.ts";
import { announcementDecisions, playbackDecisions } from "./playback.ts";
import { seatDecisions } from "./seats.ts";
import { supervisionDecisions } from "./supervision.ts";
import { beginRefer } from "./transfer/refer.ts";
import { recordingDecisions } from "./recording.ts";
import { userDecisions } from "./user-commands.ts";

/** Longest text one data value may hold, and how many values a call may carry. */
const dataValueChars = 65_536;
const dataValues = 100;

export const commandDecisions: CommandDecisions<CallCommand["kind"]> = {
  ...userDecisions,
  ...recordingDecisions,
  ...conferenceDecisions,
  ...supervisionDecisions,
  ...seatDecisions,
  ...playbackDecisions,
  ...announcementDecisions,
  hold(step, { by, reason }) {
    const seats = seatsToChange(step.call, by, "active");
    for (const { bridgeId, partyId } of seats) {
      step.emit({ kind: "seat.held", at: step.now, bridgeId, partyId, by, ...(reason !== undefined && { reason }) });
    }
  },
  retrieve(step, { by }) {
    for (const { bridgeId, partyId } of seatsToChange(step.call, by, "held")) {
      step.emit({ kind: "seat.retrieved", at: step.now, bridgeId, partyId });
    }
  },
  "hang-up"(step, { by }) {
    refuseWhenEnded(step.call);
    hangUpAll(step, by);
  },
  drop(step, { partyId }) {
    refuseWhenEnded(step.call);
    const party = step.call.parties[partyId];
    if (party === undefined || party.leftAt !== undefined) throw callRefusal("CALL_PARTY_UNKNOWN", { partyId });
    partyLeft(step, partyId, party.answeredAt === undefined ? outcomes.cancelled() : outcomes.completedBy("local"));
  },
  refer(step, { by, partyId, to }) {
    refuseWhenEnded(step.call);
    const order = { referId: step.around.nextId(), to, by: { kind: "user", userId: by } } as const;
    if (!beginRefer(step, partyId, order))
      throw callRefusal("CALL_STATE_FORBIDS", {
        reason: "The party must be connected, not being referred yet, and `to` a number or a SIP URI.",
      });
  },
  // Also while the end is still being told to the far ends.
  "set-data"(step, { by, set }) {
    const tooLong = Object.entries(set).find(([, value]) => value !== null && value.length > dataValueChars);
    if (tooLong) throw callRefusal("CALL_DATA_TOO_LARGE", { key: tooLong[0], limitChars: dataValueChars });
    if (Object.keys({ ...step.call.data, ...set }).length > dataValues)
      throw callRefusal("CALL_DATA_TOO_LARGE", { limitValues: dataValues });
    const changed = Object.entries(set).filter(([key, value]) => (step.call.data[key] ?? null) !== value);
    if (changed.length > 0) step.emit({ kind: "data.changed", at: step.now, set: Object.fromEntries(changed), by });
  },
};

type SeatPlace = { readonly bridgeId: string; readonly partyId: string };

/**
 * The seats a hold or retrieve by this user is about: everybody else's when the user is in the call, all of them otherwise. None in the
 * needed state is a refusal, except that a repeat finds the work done and changes nothing.
 */
function seatsToChange(call: Call, by: string, from: SeatState): readonly SeatPlace[] {
  refuseWhenEnded(call);
  const all = Object.values(call.bridges).flatMap((bridge) => Object.values(bridge.seats).map((seat) => ({ bridgeId: bridge.id, seat })));
  const seats = all.filter(({ seat }) => !isObserver(seat));
  const theirs = seats.filter(({ seat }) => !isUser(call, seat, by) && (seat.state === "active" || seat.state === "held"));
  if (theirs.length === 0) throw callRefusal("CALL_STATE_FORBIDS", { reason: "Nobody has answered yet." });
  return theirs.filter(({ seat }) => seat.state === from).map(({ bridgeId, seat }) => ({ bridgeId, partyId: seat.partyId }));
}

function isUser(call: Call, seat: Seat, userId: string): boolean {
  const address = call.parties[seat.partyId]?.address;
  return address?.kind === "user" && address.userId === userId;
}

function refuseWhenEnded(call: Call): void {
  if (call.endedAt !== undefined) throw callRefusal("CALL_ENDED", { callId: call.id });
}
