import { Type } from "typebox";
import { closed, id, oneOf, orNull, time } from "./parts.ts";

const hears = (description: string) => oneOf(["peer", "both"], description);

export const recordingSchema = Type.Object(
  {
    id: id(),
    callId: id(),
    partyId: id("Who is recorded."),
    state: oneOf(
      ["recording", "paused", "finishing", "ready", "failed"],
      "finishing: it has ended, and its file is being made. failed: some of the sound is missing, or all of it.",
    ),
    format: oneOf(["wav", "mp3"]),
    channels: Type.Unsafe<1 | 2>({
      type: "integer",
      enum: [1, 2],
      description: "Of two, the party is on the left, what it hears on the right.",
    }),
    hears: hears("peer: what the party says; both: what it hears too."),
    startedBy: orNull(id(), "The user who asked for it; null for a flow."),
    startedAt: time(),
    endedAt: orNull(time()),
    endReason: orNull(Type.String(), "stopped, maximum, silence, digit, failed, or lost."),
    durationMs: orNull(Type.Integer()),
    sampleRateHz: orNull(Type.Integer()),
    sizeBytes: orNull(Type.Integer(), "Of the audio as it is served."),
    sha256: orNull(Type.String(), "Of the audio as it is served, as hex."),
    encrypted: orNull(Type.Boolean(), "Whether it is encrypted on the server's disk. What is served never is."),
    expiresAt: orNull(time(), "When it is removed."),
  },
  closed,
);

export const newRecordingSchema = Type.Object(
  {
    partyId: Type.Optional(id("Who is recorded; else the first connected party that is no user.")),
    hears: Type.Optional(hears("peer: what the party says; both, the default: what it hears too.")),
    channels: Type.Optional(
      Type.Unsafe<1 | 2>({ type: "integer", enum: [1, 2], description: "Of both; default 2. Of peer, 1 is all there is." }),
    ),
    format: Type.Optional(oneOf(["wav", "mp3"], "Default wav.")),
    maxMs: Type.Optional(Type.Integer({ minimum: 1000, maximum: 86_400_000, description: "Default 14,400,000: four hours." })),
    beep: Type.Optional(Type.Boolean({ description: "Whether everybody hears a tone before it begins; default false." })),
  },
  closed,
);
