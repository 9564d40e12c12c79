import { Type } from "typebox";
import { closed, dictionaryOf, e164, id, listOf, oneOf, orNull, shortText, time } from "./parts.ts";
import { playbackSchema, qualitySchema, supervisionSchema } from "./talk.ts";

const durationMs = (description: string, maximum: number) => Type.Integer({ minimum: 1_000, maximum, description });
const dataText = Type.String({ maxLength: 65_536 });
const count = () => Type.Integer({ minimum: 0 });

const keptHeaders = (description: string) => dictionaryOf(Type.String(), { description });

const outcome = Type.Object(
  {
    result: oneOf(["completed", "busy", "no-answer", "rejected", "cancelled", "failed", "no-route", "redirected"]),
    side: oneOf(["local", "remote", "network"], "Who ended it."),
    sipStatus: orNull(Type.Integer(), "The final SIP response, where one decided."),
    q850: Type.Integer({ description: "ITU-T Q.850 cause value." }),
    text: Type.String(),
  },
  closed,
);

const flow = Type.Object(
  {
    id: id(),
    version: Type.Integer(),
    node: orNull(Type.String(), "Where the first party's flow stands; null before it runs and after its end."),
    exit: orNull(Type.String(), "The exit by which it ended."),
    variables: dictionaryOf(Type.Unknown()),
  },
  closed,
);

const party = Type.Object(
  {
    id: id(),
    role: oneOf(["caller", "callee", "agent", "consulted", "supervisor"]),
    number: orNull(e164()),
    userId: orNull(id()),
    uri: orNull(Type.String()),
    state: oneOf(["dialling", "alerting", "active", "held", "left"]),
    joinedAt: time(),
    answeredAt: orNull(time()),
    leftAt: orNull(time()),
    talkedMs: count(),
    heldMs: count(),
    heldBy: orNull(id()),
    holdReason: orNull(Type.String()),
    muted: Type.Boolean({ description: "Hears, is not heard." }),
    deaf: Type.Boolean({ description: "Is heard, hears nothing of the talk." }),
    volumeDb: Type.Number({ description: "Of all that the party hears." }),
    gainDb: Type.Number({ description: "Of how the others hear it." }),
    supervises: Type.Union([supervisionSchema, Type.Null()]),
    playback: Type.Union([playbackSchema, Type.Null()], { description: "What is played to it instead of the talk." }),
    announcementId: orNull(Type.String(), "What is played to it over the talk."),
    outcome: Type.Union([outcome, Type.Null()]),
  },
  closed,
);

const leg = Type.Object(
  {
    id: id(),
    partyId: id(),
    direction: oneOf(["inbound", "outbound"], "outbound: this server sent the INVITE."),
    state: oneOf(["inviting", "ringing", "answered", "ended"]),
    sipStatus: orNull(Type.Integer(), "The final response to the INVITE, once there is one."),
    trunkId: orNull(id()),
    phoneId: orNull(id()),
    codec: orNull(Type.String()),
    headers: keptHeaders("What was kept of the header fields of the far end's answers, by lower-case name."),
    createdAt: time(),
    answeredAt: orNull(time()),
    endedAt: orNull(time()),
    mediaLostAt: orNull(time(), "Since when it is known that nothing comes from the far end."),
    quality: Type.Union([qualitySchema, Type.Null()], { description: "As of the latest report; null before the first." }),
  },
  closed,
);

export const callSchema = Type.Object(
  {
    id: id(),
    state: oneOf(["dialling", "ringing", "answered", "held", "ending", "ended"]),
    direction: oneOf(["inbound", "outbound"]),
    from: Type.String({ description: "A number or a name; anonymous when the caller does not want to be known." }),
    fromName: orNull(Type.String(), "The caller's display name."),
    isAnonymous: Type.Boolean(),
    to: Type.String(),
    diversions: listOf(Type.Object({ number: Type.String(), reason: Type.String(), count: count() }, closed), {
      description: "Who passed the call on before it came here, the latest first.",
    }),
    headers: keptHeaders("What was kept of the header fields of the INVITE that came in, by lower-case name."),
    createdAt: time(),
    answeredAt: orNull(time()),
    endedAt: orNull(time()),
    absorbedBy: orNull(id(), "The call that its parties went to; commands to this id are taken there."),
    createdBy: orNull(id(), "The user who asked for it; null for a call that came in by a trunk."),
    limits: Type.Object({ ringMs: count(), totalMs: count() }, closed),
    flow: Type.Union([flow, Type.Null()]),
    parties: listOf(party),
    legs: listOf(leg, { description: "Each try at one device or gateway." }),
    outcome: Type.Union([outcome, Type.Null()]),
    data: dictionaryOf(Type.String()),
    userData: dictionaryOf(Type.Unknown(), { description: "What agents attached to the talk." }),
    log: listOf(Type.Object({ at: time(), text: Type.String() }, closed), { description: "What happened, for people; the latest lines." }),
  },
  closed,
);

export const newCallSchema = Type.Object(
  {
    to: e164("The number to call, E.164 with the plus sign."),
    callerId: Type.Optional(e164("A number the account owns, or anonymous; one of them by chance when left out.")),
    flowId: id("The flow that runs once the call is answered."),
    ringMs: Type.Optional(durationMs("How long it may ring.", 300_000)),
    totalMs: Type.Optional(durationMs("How long it may last from its answer.", 86_400_000)),
    data: Type.Optional(
      dictionaryOf(dataText, { maxProperties: 100, description: "Values that stay with the call; flows can read them." }),
    ),
    headers: Type.Optional(
      dictionaryOf(Type.String({ maxLength: 1024 }), {
        maxProperties: 20,
        description: "Header fields of the INVITE, such as X-Customer.",
      }),
    ),
  },
  closed,
);

export const callChangeSchema = Type.Object(
  {
    data: dictionaryOf(orNull(dataText), { maxProperties: 100, description: "null removes a key." }),
  },
  closed,
);

export const holdSchema = Type.Object({ reason: Type.Optional(shortText("Shown in the call as holdReason.")) }, closed);
