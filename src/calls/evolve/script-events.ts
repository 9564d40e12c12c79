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
  "script.stepped": (call, event) =>
    changeParty(call, event.partyId, (party) =>
      party.script
        ? {
            ...party,
            script: {
              ...party.script,
              node: event.node,
              visit: event.visit,
              wait: event.wait,
              variables: event.set ? { ...party.script.variables, ...event.set } : party.script.variables,
              ...(event.gather !== undefined && { gather: event.gather }),
              ...(event.gathered !== undefined && { gathered: event.gathered }),
              ...(event.exit !== undefined && { exit: event.exit }),
            },
          }
        : party,
    ),
  "script.replaced": (call, event) =>
    changeParty(call, event.partyId, (party) =>
      party.script
        ? {
            ...party,
            // Visits count on, so that ids stay unique in the party.
            script: {
              ...party.script,
              pin: event.pin,
              node: "",
              wait: null,
              variables: {},
              ...(event.gathered !== undefined && { gathered: event.gathered }),
            },
          }
        : party,
    ),
  "script.failed": (call, event) =>
    changeParty(call, event.partyId, (party) =>
      party.script ? { ...party, script: { ...party.script, node: null, wait: null, exit: "error" } } : party,
    ),
  "detection.begun": (call, { partyId, detectId, cutOffMs, deadlineAt }) =>
    changeParty(call, partyId, (party) => ({ ...party, detection: { detectId, cutOffMs, deadlineAt } })),
  "detection.ended": (call, event) =>
    changeParty(call, event.partyId, (party) =>
      party.detection?.detectId === event.detectId ? { ...without(party, "detection"), answeredBy: event.result } : party,
    ),
};
