/** JSON shapes of recordings in the native API. */

export type RecordingView = {
  readonly id: string;
  readonly callId: string;
  readonly partyId: string;
  readonly state: "recording" | "paused" | "finishing" | "ready" | "failed";
  readonly format: "wav" | "mp3";
  readonly channels: 1 | 2;
  readonly hears: "peer" | "both";
  /** Id of the user who asked for it; null for a flow. */
  readonly startedBy: string | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly endReason: string | null;
  readonly durationMs: number | null;
  readonly sampleRateHz: number | null;
  readonly sizeBytes: number | null;
  readonly sha256: string | null;
  readonly encrypted: boolean | null;
  readonly expiresAt: string | null;
};

export type NewRecording = {
  readonly partyId?: string;
  readonly hears?: "peer" | "both";
  readonly channels?: 1 | 2;
  readonly format?: "wav" | "mp3";
  readonly maxMs?: number;
  readonly beep?: boolean;
};
