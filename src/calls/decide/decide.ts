/**
 * What follows from an input: events, or a coded refusal of a command. Pure but for what it asks of its surroundings, and what
 * these answer is in the events.
 */
import type { CallEvent } from "../events.ts";
import type { Call } from "../model.ts";
import { commandDecisions } from "./commands.ts";
import { deadlineDecided } from "./deadlines.ts";
import type { Input, InviteInput, OriginateInput } from "./inputs.ts";
import { legDecisions } from "./legs.ts";
import { mediaDecided, requestDecided } from "./media.ts";
import { recoveryDecided } from "./recovery.ts";
import { runScripts } from "./script.ts";
import { invited, originated } from "./set-up.ts";
import { Step, type Surroundings } from "./step.ts";

export type Decision = { readonly events: readonly CallEvent[]; readonly call: Call };

export function decideCreation(input: OriginateInput | InviteInput, around: Surroundings): Decision {
  const step = new Step(undefined, around);
  if (input.kind === "originate") originated(step, input);
  else invited(step, input);
  runScripts(step);
  return { events: step.events, call: step.call };
}

/** Throws CALL_ENDED or CALL_STATE_FORBIDS for commands; signals that mean nothing any more give no events. */
export function decide(call: Call, input: Input, around: Surroundings): Decision {
  const step = new Step(call, around);
  switch (input.kind) {
    case "hold":
    case "retrieve":
    case "hang-up":
    case "drop":
    case "set-data":
    case "leave":
    case "answer":
    case "mute":
    case "unmute":
    case "send-digits":
    case "transfer":
    case "refer":
    case "set-user-data":
    case "start-recording":
    case "stop-recording":
    case "pause-recording":
    case "resume-recording":
    case "add-party":
    case "supervise":
    case "set-party":
    case "announce":
    case "end-announcement":
    case "play":
    case "change-playback":
    case "end-playback":
      commandDecisions[input.kind](step, input as never);
      break;
    case "media":
      mediaDecided(step, input.legId, input.event);
      break;
    case "deadline":
      deadlineDecided(step, input.name, input.at);
      break;
    case "request-ended":
      requestDecided(step, input);
      break;
    case "recovered":
      recoveryDecided(step, input.gapMs);
      break;
    default: {
      const leg = call.legs[input.legId];
      if (leg !== undefined) legDecisions[input.kind](step, leg, input as never);
    }
  }
  runScripts(step);
  return { events: step.events, call: step.call };
}
