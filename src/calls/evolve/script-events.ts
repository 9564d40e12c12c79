import type { Call, ScriptState } from "../model.ts";
import type { Evolutions } from "./evolutions.ts";
import { without } from "./records.ts";
import { changeParty } from "./seat-events.ts";

type ScriptEvents = "script.started" | "script.stepped" | "script.replaced" | "script.failed" | "detection.begun" | "detection.ended";

export const evolveScript: Evolutions<ScriptEvents> = {
  "script.started": (call, event) =>
    changeParty(call, event.partyId, (party) => ({
      ...party,
      script: { pin: event.pin, node: "", visit: 0, wait: null, variables: {}, startedAt: event.at },
    })),
  "script.stepped": (call, { partyId, node, visit, wait, set, gather, gathered, exit }) =>
    changeScript(call, partyId, (script) => ({
      ...script,
      node,
      visit,
      wait,
      variables: set ? { ...script.variables, ...set } : script.variables,
      ...(gather !== undefined && { gather }),
      ...(gathered !== undefined && { gathered }),
      ...(exit !== undefined && { exit }),
    })),
  // Visits count on, so that ids stay unique in the party.
  "script.replaced": (call, { partyId, pin, gathered }) =>
    changeScript(call, partyId, (script) => ({
      ...script,
      pin,
      node: "",
      wait: null,
      variables: {},
      ...(gathered !== undefined && { gathered }),
    })),
  "script.failed": (call, { partyId }) => changeScript(call, partyId, (script) => ({ ...script, node: null, wait: null, exit: "error" })),
  "detection.begun": (call, { partyId, detectId, cutOffMs, deadlineAt }) =>
    changeParty(call, partyId, (party) => ({ ...party, detection: { detectId, cutOffMs, deadlineAt } })),
  "detection.ended": (call, event) =>
    changeParty(call, event.partyId, (party) =>
      party.detection?.detectId === event.detectId ? { ...without(party, "detection"), answeredBy: event.result } : party,
    ),
};

function changeScript(call: Call, partyId: string, change: (script: ScriptState) => ScriptState): Call {
  return changeParty(call, partyId, (party) => (party.script ? { ...party, script: change(party.script) } : party));
}
