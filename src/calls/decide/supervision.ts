/** Who comes to listen to an agent, coaches (is heard by the agent alone) or barges in. Nobody else in the talk depends on whether they are there. */
import { callRefusal } from "../errors.ts";
import type { SupervisionMode } from "../model.ts";
import type { CommandDecisions } from "./command-decisions.ts";
import { type ConnectedParty, connectedParty, newcomer } from "./connected-party.ts";
import { supervisorJoined } from "./membership.ts";
import { dial } from "./set-up.ts";
import type { Step } from "./step.ts";

export const supervisionDecisions: CommandDecisions<"supervise"> = {
  supervise(step, { by, partyId, mode, to }) {
    const { call, around } = step;
    const agent = connectedParty(call, partyId);
    if (agent.seat.supervises !== undefined) throw callRefusal("CALL_STATE_FORBIDS", { reason: "This party is a supervisor." });
    const found = to === undefined ? around.addressOfUser(call.accountId, by) : around.destination(call.accountId, to);
    const address = newcomer(call, found, to ?? by);
    const dialling = {
      role: "supervisor",
      address,
      callerId: call.from,
      ringMs: call.limits.ringMs,
      autoAnswer: to === undefined,
    } as const;
    dial(step, dialling, (supervisorId) =>
      step.emit({ kind: "seat.supervising", at: step.now, bridgeId: agent.bridge.id, partyId: supervisorId, mode, agentId: partyId }),
    );
  },
};

/** Throws CALL_STATE_FORBIDS when the party supervises nobody who is there. */
export function setMode(step: Step, { party, bridge, seat }: ConnectedParty, mode: SupervisionMode): void {
  const agentId = seat.supervises?.partyId;
  if (agentId === undefined || step.call.parties[agentId]?.leftAt !== undefined)
    throw callRefusal("CALL_STATE_FORBIDS", { reason: "This party supervises nobody." });
  if (seat.supervises?.mode === mode) return;
  const of = { at: step.now, bridgeId: bridge.id, partyId: party.id };
  step.emit({ kind: "seat.supervising", ...of, mode, agentId });
  // Who only listens is not on hold.
  if (mode !== "barge" && seat.state === "held") step.emit({ kind: "seat.retrieved", ...of });
  supervisorJoined(step, party.id);
}
