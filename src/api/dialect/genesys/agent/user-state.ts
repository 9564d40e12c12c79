/** States of agents under the vendor's names and fixed ids. */
import type { AgentActivity, AgentState } from "../../../../queues/index.ts";
import { derivedUuidOf } from "../ids.ts";

export type UserStateView = {
  readonly id: string;
  readonly displayName: string;
  readonly state: "Ready" | "NotReady" | "LoggedOut";
  readonly workMode?: string;
  readonly reason?: string;
};

type Known = UserStateView & { readonly operationName: string };

const states: Readonly<Record<AgentActivity, Known>> = {
  ready: { operationName: "Ready", id: "9430250E-0A1B-421F-B372-F29E69366DED", displayName: "Ready", state: "Ready" },
  "not-ready": { operationName: "NotReady", id: "900D55CC-2BB0-431F-8BF9-D3525B383BE6", displayName: "Not Ready", state: "NotReady" },
  "wrap-up": {
    operationName: "AfterCallWork",
    id: "D3663509-3D82-4DD3-A82E-2EA8EFA02AEF",
    displayName: "AfterCallWork",
    state: "NotReady",
    workMode: "AfterCallWork",
  },
  auxiliary: {
    operationName: "AuxWork",
    id: "2B36138D-C564-4562-A8CB-3C32D564F296",
    displayName: "AuxWork",
    state: "NotReady",
    workMode: "AuxWork",
  },
  offline: { operationName: "Offline", id: "0F7F5003-EF26-4D13-A6Ef-D0C7EC819BEB", displayName: "Offline", state: "LoggedOut" },
};

/** The activity that an operation leads to; undefined when it is no operation on states. */
export function activityOf(operationName: string): AgentActivity | undefined {
  const activities = Object.keys(states) as readonly AgentActivity[];
  return activities.find((activity) => states[activity].operationName === operationName);
}

/** A reason gives a state of its own: its name is the reason, and so is its id. */
export function viewOfState({ activity, reason }: AgentState): UserStateView {
  const { operationName: _name, ...known } = states[activity];
  return reason === undefined ? known : { ...known, id: derivedUuidOf("state", reason).toUpperCase(), displayName: reason, reason };
}
