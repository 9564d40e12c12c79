/** How one party hears, and is heard. */
import type { Levels } from "../seat-values.ts";
import type { CommandDecisions } from "./command-decisions.ts";
import { type ConnectedParty, connectedParty } from "./connected-party.ts";
import type { Step } from "./step.ts";
import { setMode } from "./supervision.ts";

export const seatDecisions: CommandDecisions<"set-party"> = {
  "set-party"(step, { partyId, muted, deaf, mode, volumeDb, gainDb }) {
    const party = connectedParty(step.call, partyId);
    if (mode !== undefined) setMode(step, party, mode);
    if (muted !== undefined) setMuted(step, party, muted);
    if (deaf !== undefined && deaf !== (party.seat.deaf ?? false)) step.emit({ kind: "seat.deafened", ...placeOf(step, party), deaf });
    setLevels(step, party, { ...(volumeDb !== undefined && { volumeDb }), ...(gainDb !== undefined && { gainDb }) });
  },
};

export function setMuted(step: Step, party: ConnectedParty, muted: boolean): void {
  if ((party.seat.muted ?? false) !== muted) step.emit({ kind: "seat.muted", ...placeOf(step, party), muted });
}

function setLevels(step: Step, party: ConnectedParty, levels: Levels): void {
  const changed = Object.entries(levels).some(([name, level]) => (party.seat[name as keyof Levels] ?? 0) !== level);
  if (changed) step.emit({ kind: "seat.levels-set", ...placeOf(step, party), ...levels });
}

function placeOf(step: Step, { party, bridge }: ConnectedParty) {
  return { at: step.now, bridgeId: bridge.id, partyId: party.id };
}
