/** JSON shapes of calls in the native API. Times are ISO 8601 in UTC, durations milliseconds, numbers E.164. */

export type CallStateWord = "dialling" | "ringing" | "answered" | "held" | "ending" | "ended";

export type CallView = {
  readonly id: string;
  readonly state: CallStateWord;
  readonly direction: "inbound" | "outbound";
  /** `anonymous` when the caller does not want to be known. */
  readonly from: string;
  /** The caller's display name. */
  readonly fromName: string | null;
  readonly isAnonymous: boolean;
  readonly to: string;
  /** Who passed the call on before it came here, the latest first; without those that are not to be shown. */
  readonly diversions: readonly { readonly number: string; readonly reason: string; readonly count: number }[];
  /** What was kept of the header fields of the INVITE that came in, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly createdAt: string;
  readonly answeredAt: string | null;
  readonly endedAt: string | null;
  /** The call that its parties went to; commands to this id are taken there. */
  readonly absorbedBy: string | null;
  /** Id of the user who asked for it; null for a call that came in by a trunk. */
  readonly createdBy: string | null;
  readonly limits: { readonly ringMs: number; readonly totalMs: number };
  readonly flow: CallFlowView | null;
  readonly parties: readonly PartyView[];
  readonly legs: readonly LegView[];
  readonly outcome: OutcomeView | null;
  readonly data: Readonly<Record<string, string>>;
  /** What agents attached to the talk; any JSON. */
  readonly userData: Readonly<Record<string, unknown>>;
  readonly log: readonly { readonly at: string; readonly text: string }[];
};

/** Where the first party's flow stands. */
export type CallFlowView = {
  readonly id: string;
  readonly version: number;
  /** null before it runs and after its end. */
  readonly node: string | null;
  /** The exit by which it ended. */
  readonly exit: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
};

export type PartyView = {
  readonly id: string;
  readonly role: "caller" | "callee" | "agent" | "consulted" | "supervisor";
  readonly number: string | null;
  readonly userId: string | null;
  readonly uri: string | null;
  readonly state: "dialling" | "alerting" | "active" | "held" | "left";
  readonly joinedAt: string;
  readonly answeredAt: string | null;
  readonly leftAt: string | null;
  readonly talkedMs: number;
  readonly heldMs: number;
  readonly heldBy: string | null;
  readonly holdReason: string | null;
  /** Hears, is not heard. */
  readonly muted: boolean;
  /** Is heard, hears nothing of the talk. */
  readonly deaf: boolean;
  /** Decibels: of all it hears, and of how it is heard. */
  readonly volumeDb: number;
  readonly gainDb: number;
  readonly supervises: SupervisionView | null;
  /** What is played to it instead of the talk, and over it. */
  readonly playback: PlaybackView | null;
  readonly announcementId: string | null;
  readonly outcome: OutcomeView | null;
};

/** `partyId`: the agent. */
export type SupervisionView = { readonly mode: "listen" | "coach" | "barge"; readonly partyId: string };

/** `positionMs`: in the whole with its repeats, by the clock; as heard in truth once it was paused. */
export type PlaybackView = { readonly id: string; readonly isPaused: boolean; readonly positionMs: number; readonly volumeDb: number };

/** RFC 3550 §6.4.1. What the far end reports is null until it has. */
export type QualityView = {
  readonly packetsSent: number;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly packetsDropped: number;
  readonly jitterMs: number;
  readonly roundTripMs: number | null;
  /** Of what we sent, 0 to 1. */
  readonly remoteLossFraction: number | null;
  readonly remoteJitterMs: number | null;
  /** Of what we received, 1 to 4.5, by the E-model (ITU-T G.107). */
  readonly mos: number | null;
};

/** One try at one device or gateway. */
export type LegView = {
  readonly id: string;
  readonly partyId: string;
  readonly direction: "inbound" | "outbound";
  readonly state: "inviting" | "ringing" | "answered" | "ended";
  /** The final response to the INVITE, once there is one. */
  readonly sipStatus: number | null;
  readonly trunkId: string | null;
  readonly phoneId: string | null;
  readonly codec: string | null;
  /** What was kept of the header fields of the far end's answers, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly createdAt: string;
  readonly answeredAt: string | null;
  readonly endedAt: string | null;
  /** Since when it is known that nothing comes from the far end. */
  readonly mediaLostAt: string | null;
  /** As of the latest report; null before the first. */
  readonly quality: QualityView | null;
};

export type OutcomeView = {
  readonly result: "completed" | "busy" | "no-answer" | "rejected" | "cancelled" | "failed" | "no-route" | "redirected";
  readonly side: "local" | "remote" | "network";
  readonly sipStatus: number | null;
  /** ITU-T Q.850 cause value. */
  readonly q850: number;
  readonly text: string;
};

export type NewCall = {
  readonly to: string;
  readonly callerId?: string;
  readonly flowId: string;
  readonly ringMs?: number;
  readonly totalMs?: number;
  readonly data?: Readonly<Record<string, string>>;
  /** Header fields of the INVITE. */
  readonly headers?: Readonly<Record<string, string>>;
};

/** null removes a key. */
export type CallChange = { readonly data: Readonly<Record<string, string | null>> };

/** The data of one event of /v1/events; further members depend on `kind`. */
export type CallEventView = { readonly kind: string; readonly callId: string; readonly at: string; readonly [member: string]: unknown };
