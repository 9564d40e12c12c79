/** How others come into a talk: what follows is in membership.ts. */
import { callRefusal } from "../errors.ts";
import { answeredLegOf, membersPresent } from "../parts.ts";
import type { CommandDecisions } from "./command-decisions.ts";
import { newcomer } from "./connected-party.ts";
import { dial } from "./set-up.ts";

/** Parties in one talk. */
const mostMembers = 100;

export const conferenceDecisions: CommandDecisions<"add-party"> = {
  "add-party"(step, { by, to, callerId, ringMs }) {
    const { call, around } = step;
    if (call.endedAt !== undefined) throw callRefusal("CALL_ENDED", { callId: call.id });
    const members = membersPresent(call);
    const talking = members.filter(({ id }) => answeredLegOf(call, id) !== undefined);
    const asking = talking.find(({ address }) => address.kind === "user" && address.userId === by) ?? talking[0];
    if (asking === undefined) throw callRefusal("CALL_STATE_FORBIDS", { reason: "Nobody has answered yet." });
    if (members.length >= mostMembers) throw callRefusal("CALL_STATE_FORBIDS", { reason: `At most ${mostMembers} talk in one call.` });
    dial(step, {
      role: "callee",
      address: newcomer(call, around.destination(call.accountId, to), to),
      callerId: callerId ?? call.from,
      ringMs: ringMs ?? call.limits.ringMs,
      by: asking.id,
      isAdded: true,
    });
  },
};
