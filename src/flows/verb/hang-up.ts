import type { HangUpNode } from "../document.ts";
import { leave, type Verb } from "../verb.ts";

/** Leaves by an exit that cannot be connected, which ends the flow. */
export const hangUp: Verb<HangUpNode> = {
  verb: "hang-up",
  fields: {},
  exits: () => [],
  enter: () => leave("hung-up"),
};
