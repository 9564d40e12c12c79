/**
 * Recordings of a party: those its script asks for, and those asked for by command. A party may have several, which know nothing of each other.
 *
 *     state       event                                     then
 *     -           command, script                           recording
 *     recording   pause                                     paused: time goes on, silence is written
 *     paused      resume                                    recording
 *     either      stop, limit, digit, failure, party left   ended
 */
import { callRefusal } from "../errors.ts";
import type { CallCommand } from "../calls.ts";
import type { Call, Party, Recording } from "../model.ts";
import { answeredLegOf, partiesPresent } from "../parts.ts";
import type { CommandDecisions } from "./command-decisions.ts";
import type { Step } from "./step.ts";

type RecordingCommand = Extract<CallCommand["kind"], `${string}-recording`>;

/** Each writes a file of its own. */
const mostAtOnce = 8;

export const recordingDecisions: CommandDecisions<RecordingCommand> = {
  "start-recording"(step, { kind: _kind, partyId, ...order }) {
    const party = partyToRecord(step.call, partyId);
    const running = partiesPresent(step.call).flatMap(({ recordings = [] }) => recordings);
    if (running.length >= mostAtOnce) throw callRefusal("CALL_STATE_FORBIDS", { reason: `A call has ${mostAtOnce} recordings at most.` });
    beginRecording(step, party.id, { ...order, silenceMs: 0, finishOn: "" });
  },
  "stop-recording"(step, { recordingId }) {
    const { party, recording } = underWay(step.call, recordingId);
    endRecording(step, party.id, recording, { reason: "stopped" });
  },
  "pause-recording"(step, { by, recordingId }) {
    const { party, recording } = underWay(step.call, recordingId);
    if (recording.isPaused !== true) step.emit({ kind: "recording.paused", at: step.now, partyId: party.id, recordingId, by });
  },
  "resume-recording"(step, { by, recordingId }) {
    const { party, recording } = underWay(step.call, recordingId);
    if (recording.isPaused === true) step.emit({ kind: "recording.resumed", at: step.now, partyId: party.id, recordingId, by });
  },
};

type Order = Omit<Recording, "part" | "begunAt" | "earlierMs" | "isPaused">;

export function beginRecording(step: Step, partyId: string, order: Order): void {
  const { recordingId, visitId, by, maxMs, silenceMs, finishOn, hears, format, channels, beep } = order;
  step.emit({
    kind: "recording.begun",
    at: step.now,
    partyId,
    recordingId,
    part: 1,
    maxMs,
    silenceMs,
    finishOn,
    hears,
    ...(visitId !== undefined && { visitId }),
    ...(by !== undefined && { by }),
    ...(format !== undefined && { format }),
    ...(channels !== undefined && { channels }),
    ...(beep === true && { beep }),
  });
}

type End = { readonly reason: string; readonly digit?: string | undefined; readonly partMs?: number };

/** `partMs` is what the file of this part has; without it, the time since it began. The script that asked for it hears of it. */
export function endRecording(step: Step, partyId: string, recording: Recording, end: End): void {
  const { recordingId, visitId, earlierMs, begunAt } = recording;
  const { reason, digit, partMs = step.now - begunAt } = end;
  const ended = { reason, durationMs: earlierMs + partMs, ...(digit !== undefined && { digit }) };
  step.emit({ kind: "recording.ended", at: step.now, partyId, recordingId, ...ended });
  if (visitId !== undefined) step.tell(partyId, { kind: "recording-ended", recordingId: visitId, storedAs: recordingId, ...ended });
}

/** Nothing of a party that leaves can be recorded. */
export function endRecordings(step: Step, { id, recordings = [] }: Party): void {
  for (const recording of recordings) endRecording(step, id, recording, { reason: "stopped" });
}

/** A digit from the party ends what says so. */
export function endRecordingsBy(step: Step, { id, recordings = [] }: Party, digit: string): void {
  for (const recording of recordings) if (recording.finishOn.includes(digit)) endRecording(step, id, recording, { reason: "digit", digit });
}

/** Who is recorded when nobody is named: the first party that is connected and is no user, for the customer stays when agents change. */
function partyToRecord(call: Call, partyId: string | undefined): Party {
  if (call.endedAt !== undefined) throw callRefusal("CALL_ENDED", { callId: call.id });
  const connected = partiesPresent(call).filter(({ id }) => answeredLegOf(call, id) !== undefined);
  const party =
    partyId === undefined
      ? (connected.find(({ address }) => address.kind !== "user") ?? connected[0])
      : connected.find(({ id }) => id === partyId);
  if (party === undefined) throw callRefusal("CALL_STATE_FORBIDS", { reason: "Who is to be recorded must be connected." });
  if (answeredLegOf(call, party.id)?.media?.codec === undefined)
    throw callRefusal("CALL_STATE_FORBIDS", { reason: "The sound of this party is only passed on: its codec is not decoded here." });
  return party;
}

function underWay(call: Call, recordingId: string): { readonly party: Party; readonly recording: Recording } {
  for (const party of partiesPresent(call)) {
    const recording = party.recordings?.find((one) => one.recordingId === recordingId);
    if (recording !== undefined) return { party, recording };
  }
  throw callRefusal("CALL_RECORDING_UNKNOWN", { recordingId });
}
