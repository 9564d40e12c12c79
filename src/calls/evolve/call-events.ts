import type { EventOf } from "../events.ts";
import type { Bridge, Json, Leg, Party, PlayingPrompt } from "../model.ts";
import { seatOf } from "../parts.ts";
import type { Evolutions } from "./evolutions.ts";
import { mapValues } from "./records.ts";
import { listenedAnew, settleSeat } from "./seat-events.ts";

export const evolveCall: Evolutions<"data.changed" | "user-data.changed" | "hang-up.requested" | "call.recovered" | "call.ended"> = {
  "data.changed": (call, event) => {
    const data = { ...call.data };
    for (const [key, value] of Object.entries(event.set)) {
      if (value === null) delete data[key];
      else data[key] = value;
    }
    return { ...call, data };
  },
  "user-data.changed": (call, event) => {
    const entries = Object.entries({ ...(event.clear ? {} : call.userData), ...event.set });
    return { ...call, userData: Object.fromEntries(entries.filter((entry): entry is [string, Json] => entry[1] !== null)) };
  },
  "hang-up.requested": (call, event) => ({ ...call, endingSince: event.at }),
  "call.recovered": (call, event) => ({
    ...call,
    recoveries: call.recoveries + 1,
    legs: mapValues(call.legs, (leg) => listenedAnew(mayHaveOffered(leg) ? { ...leg, version: leg.version + 1 } : leg)),
    parties: mapValues(call.parties, (party) => resumed(party, seatOf(call, party.id)?.seat.state === "held", event)),
  }),
  "call.ended": (call, event) => ({
    ...call,
    endedAt: event.at,
    outcome: event.outcome,
    bridges: mapValues(call.bridges, (bridge) => endedBridge(bridge, event.at)),
  }),
};

/**
 * An offer of the next version may have gone out: it is not used for another one. Nor is that of what we said before the answer, which then says
 * what holds by itself. Our own INVITE goes out again as it was.
 */
function mayHaveOffered({ state, acknowledged, direction, early }: Leg): boolean {
  return state === "answered" ? acknowledged : state !== "ended" && direction === "inbound" && early !== undefined;
}

/** What was lost of a prompt's audio is played again, what was heard is not; a held party's stands still anyway. */
export function resumed(party: Party, isHeld: boolean, { at, gapMs }: Pick<EventOf<"call.recovered">, "at" | "gapMs">): Party {
  const sinceOf = (begunAt: number) => Math.max(0, at - gapMs - begunAt);
  const { prompt, announcement, recordings } = party;
  const again = (playing: PlayingPrompt): PlayingPrompt => {
    const sinceMs = playing.isPaused ? 0 : sinceOf(playing.begunAt);
    return { ...playing, begunAt: at, offsetMs: playing.offsetMs + sinceMs, start: playing.start + 1 };
  };
  return {
    ...party,
    ...(prompt && !isHeld && { prompt: again(prompt) }),
    ...(announcement && { announcement: again(announcement) }),
    ...(recordings && {
      recordings: recordings.map((one) => ({ ...one, part: one.part + 1, begunAt: at, earlierMs: one.earlierMs + sinceOf(one.begunAt) })),
    }),
  };
}

function endedBridge(bridge: Bridge, at: number): Bridge {
  return bridge.endedAt === undefined
    ? { ...bridge, endedAt: at, seats: mapValues(bridge.seats, (seat) => settleSeat(seat, "left", at)) }
    : bridge;
}
