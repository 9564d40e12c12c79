/** Every verb there is. */
import type { FlowNode } from "./document.ts";
import type { Verb } from "./verb.ts";
import { branch } from "./verb/branch.ts";
import { collect } from "./verb/collect.ts";
import { dial } from "./verb/dial.ts";
import { fetchPlan } from "./verb/fetch-plan.ts";
import { gather } from "./verb/gather.ts";
import { hangUp } from "./verb/hang-up.ts";
import { pause } from "./verb/pause.ts";
import { play } from "./verb/play.ts";
import { refer } from "./verb/refer.ts";
import { record } from "./verb/record.ts";
import { request } from "./verb/request.ts";
import { say } from "./verb/say.ts";
import { sendDigits } from "./verb/send-digits.ts";
import { set } from "./verb/set.ts";

export const verbs: Readonly<Record<FlowNode["verb"], Verb>> = {
  branch,
  collect,
  dial,
  "fetch-plan": fetchPlan,
  gather,
  "hang-up": hangUp,
  pause,
  play,
  record,
  refer,
  request,
  say,
  "send-digits": sendDigits,
  set,
};
