import { Type } from "typebox";
import { closed, id, listOf, oneOf, orNull } from "./parts.ts";

const modes = ["listen", "coach", "barge"] as const;
const level = (description: string) => Type.Number({ minimum: -60, maximum: 20, description });
const count = () => Type.Integer({ minimum: 0 });
const modeWords = "listen: heard by nobody. coach: heard by the agent alone. barge: as anybody else.";
const repeat = () => Type.Integer({ minimum: -1, maximum: 1000, description: "How often again after the first time; -1 for ever." });
const positionMs = () => Type.Integer({ minimum: 0, maximum: 86_400_000, description: "In the whole prompt with its repeats." });

export const supervisionSchema = Type.Object({ mode: oneOf(modes, modeWords), partyId: id("The agent.") }, closed);

export const playbackSchema = Type.Object(
  {
    id: Type.String(),
    isPaused: Type.Boolean(),
    positionMs: Type.Integer({ description: "In the whole with its repeats, by the clock; as heard in truth once it was paused." }),
    volumeDb: Type.Number(),
  },
  closed,
);

export const qualitySchema = Type.Object(
  {
    packetsSent: count(),
    packetsReceived: count(),
    packetsLost: Type.Integer(),
    packetsDropped: count(),
    jitterMs: Type.Number(),
    roundTripMs: orNull(Type.Number()),
    remoteLossFraction: orNull(Type.Number(), "Of what we sent, as the far end reports."),
    remoteJitterMs: orNull(Type.Number()),
    mos: orNull(Type.Number(), "Of what we received, 1 to 4.5 (ITU-T G.107)."),
  },
  closed,
);

export const newPartySchema = Type.Object(
  {
    to: Type.String({ minLength: 1, maxLength: 64, description: "E.164, an extension, or the name of a phone." }),
    callerId: Type.Optional(
      Type.String({ maxLength: 20, description: "A number the account owns, or anonymous; the call's own when left out." }),
    ),
    ringMs: Type.Optional(Type.Integer({ minimum: 1_000, maximum: 300_000, description: "How long it may ring." })),
  },
  closed,
);

export const partyChangeSchema = Type.Object(
  {
    muted: Type.Optional(Type.Boolean({ description: "Hears, is not heard." })),
    deaf: Type.Optional(Type.Boolean({ description: "Is heard, hears nothing of the talk." })),
    volumeDb: Type.Optional(level("Of all that the party hears.")),
    gainDb: Type.Optional(level("Of how the others hear it.")),
    supervision: Type.Optional(oneOf(modes, `Of a party that supervises. ${modeWords}`)),
  },
  { ...closed, minProperties: 1 },
);

export const newSupervisionSchema = Type.Object(
  {
    partyId: id("The agent."),
    mode: Type.Optional(oneOf(modes, `listen when left out. ${modeWords}`)),
    to: Type.Optional(
      Type.String({ minLength: 1, maxLength: 64, description: "Who supervises, as for a party; your own phones when left out." }),
    ),
  },
  closed,
);

const networkTones = ["ringback", "busy", "congestion", "dial", "call-waiting", "special-information", "confirmation"] as const;

const promptPart = Type.Object(
  {
    say: Type.Optional(Type.String({ minLength: 1, maxLength: 4_000 })),
    voice: Type.Optional(Type.String({ pattern: "^[a-z0-9-]{1,32}$", description: "With say." })),
    play: Type.Optional(Type.String({ minLength: 1, maxLength: 2_000, description: "The address of an audio file." })),
    pauseMs: Type.Optional(Type.Integer({ minimum: 20, maximum: 60_000 })),
    toneHz: Type.Optional(Type.Integer({ minimum: 50, maximum: 3_400 })),
    networkTone: Type.Optional(oneOf(networkTones, "A tone of the telephone network, by country.")),
    country: Type.Optional(
      Type.String({ pattern: "^[A-Za-z]{2}$", description: "With networkTone: ISO 3166-1; the server's when left out." }),
    ),
    durationMs: Type.Optional(Type.Integer({ minimum: 20, maximum: 60_000, description: "With toneHz and networkTone." })),
  },
  closed,
);

const prompt = listOf(promptPart, {
  minItems: 1,
  maxItems: 20,
  description: "Played in a row. Each part is one of say, play, pauseMs, toneHz and networkTone.",
});

export const newAnnouncementSchema = Type.Object(
  {
    prompt,
    partyId: Type.Optional(id("Who hears it; everybody connected when left out.")),
    repeat: Type.Optional(repeat()),
    volumeDb: Type.Optional(level("Of the announcement.")),
  },
  closed,
);

export const newPlaybackSchema = Type.Object(
  {
    prompt,
    repeat: Type.Optional(repeat()),
    bargeIn: Type.Optional(Type.Boolean({ description: "A digit of the party ends it." })),
    positionMs: Type.Optional(positionMs()),
    volumeDb: Type.Optional(level("Of the prompt.")),
  },
  closed,
);

export const playbackChangeSchema = Type.Object(
  {
    isPaused: Type.Optional(Type.Boolean()),
    positionMs: Type.Optional(positionMs()),
    volumeDb: Type.Optional(level("Of the prompt.")),
  },
  { ...closed, minProperties: 1 },
);
