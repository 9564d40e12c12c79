/** A recording in the words of the native API. */
import type { Call, Recording } from "../../calls/index.ts";
import type { StoredRecording } from "../../recordings/index.ts";
import type { RecordingView } from "../contract/recordings.ts";
import { timeOf, timeOrNull } from "./time.ts";

export function viewOfRecording(recording: StoredRecording): RecordingView {
  const { accountId: _accountId, file: _file, isEncrypted, startedAt, endedAt, expiresAt, ...rest } = recording;
  return {
    ...rest,
    startedAt: timeOf(startedAt),
    endedAt: timeOrNull(endedAt ?? undefined),
    encrypted: isEncrypted,
    expiresAt: timeOrNull(expiresAt ?? undefined),
  };
}

/** One that is under way in this call; undefined when there is none of that id. The store may not have heard of it yet. */
export function viewOfRunning(call: Call, recordingId: string): RecordingView | undefined {
  for (const party of Object.values(call.parties)) {
    const recording = party.recordings?.find((one) => one.recordingId === recordingId);
    if (recording !== undefined) return running(call.id, party.id, recording);
  }
  return undefined;
}

function running(callId: string, partyId: string, recording: Recording): RecordingView {
  const { recordingId, isPaused = false, format = "wav", channels = 1, hears, by = null, begunAt } = recording;
  return {
    id: recordingId,
    callId,
    partyId,
    state: isPaused ? "paused" : "recording",
    format,
    channels: hears === "both" ? channels : 1,
    hears,
    startedBy: by,
    startedAt: timeOf(begunAt),
    endedAt: null,
    endReason: null,
    durationMs: null,
    sampleRateHz: null,
    sizeBytes: null,
    sha256: null,
    encrypted: null,
    expiresAt: null,
  };
}
