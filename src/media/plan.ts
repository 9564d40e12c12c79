/**
 * What media a call wants, whole, as a value. The engine receives the plan with a revision and finds the difference to what it
 * does now: applying a plan twice is the same as once, and after a crash the last plan is simply applied again.
 */
import type { CodecName } from "../kernel/index.ts";

export type { CodecName };

/** How raw sound lies in a file: as payloads of a codec, or as signed 16-bit samples at a rate. */
export type SoundFormat = CodecName | "linear/8000" | "linear/16000" | "linear/48000";

export type SocketAddress = { readonly address: string; readonly port: number };

/** What a network tells a caller by tones (ITU-T E.180, E.182). Congestion is called reorder in North America. */
export const callProgressTones = ["ringback", "busy", "congestion", "dial", "call-waiting", "special-information", "confirmation"] as const;
export type CallProgressTone = (typeof callProgressTones)[number];

/** One piece of what is played. `speech` and `audio` are prepared before the worker sees them (prompt-source.ts). */
export type PromptItem =
  | { readonly kind: "speech"; readonly text: string; readonly voice?: string }
  /**
   * A file of sound: an absolute path, a file: or http(s) URL, or what the account `accountId` has as `sound:<id or name>` or
   * `recording:<id>`.
   */
  | { readonly kind: "audio"; readonly uri: string; readonly accountId?: string }
  | { readonly kind: "silence"; readonly durationMs: number }
  | { readonly kind: "tone"; readonly frequencyHz: number; readonly durationMs: number }
  | NetworkTone;

/** So much of a tone of the network, in the way of `country` (ISO 3166-1 alpha-2), North America when left out. */
export type NetworkTone = {
  readonly kind: "network-tone";
  readonly tone: CallProgressTone;
  readonly country?: string;
  readonly durationMs: number;
};

export type PromptPlan = {
  /** Unique within the endpoint. The worker reports its end by this id, once; as "stopped" when it leaves the plan before. */
  readonly promptId: string;
  readonly items: readonly PromptItem[];
  /** How often it is played again after the first time, without a gap; -1 for ever. Once when left out. */
  readonly repeat?: number;
  /** Where to begin, in milliseconds of the whole prompt with its repeats; more than 0 after a hold or a crash. */
  readonly offsetMs: number;
  /** Starting the same prompt again (after a hold) counts this up. */
  readonly start: number;
  /** A digit from the peer ends it, with reason "digit". */
  readonly bargeIn: boolean;
  /** It stands still where it is, and the peer hears silence. */
  readonly isPaused?: true;
  /** −60 to 20; 0 when left out. */
  readonly volumeDb?: number;
};

/** What the peer of an endpoint hears. */
export type Source =
  | { readonly kind: "silence" }
  | { readonly kind: "prompt"; readonly prompt: PromptPlan }
  /** `prompt` while its sound is there; else a tune of our own, so it is never silence. */
  | { readonly kind: "hold-music"; readonly prompt?: PromptPlan }
  /** The tone a caller hears while the other side rings; `country` as ISO 3166-1 alpha-2, North America when left out. */
  | { readonly kind: "ringback"; readonly country?: string }
  /** Another tone of the network, over and over. */
  | { readonly kind: "tone"; readonly tone: Exclude<CallProgressTone, "ringback">; readonly country?: string }
  /** The voices of these endpoints of the same call, without its own; `gainsDb` by endpoint, 0 where it says nothing. */
  | { readonly kind: "mix"; readonly endpointIds: readonly string[]; readonly gainsDb?: Readonly<Record<string, number>> }
  /** The packets of this endpoint as they come: both have the same codec, which nobody here decodes. */
  | { readonly kind: "relay"; readonly endpointId: string };

/** Digits to send as RFC 4733 events. Done once: an id that was seen is never sent again. */
export type DigitsPlan = { readonly digitsId: string; readonly digits: string; readonly toneMs: number; readonly gapMs: number };

/** Records what the peer says to a 16-bit 8 kHz mono WAV file at `path`; ends when it leaves the plan or a limit is met. */
export type RecordingPlan = {
  readonly recordingId: string;
  readonly path: string;
  readonly maxMs: number;
  /** Ends after this much silence, 0 for never. */
  readonly silenceMs: number;
  /** A digit of these ends it ("" for none). */
  readonly finishOn: string;
  /** "peer" records what the peer says, "both" what it hears too. */
  readonly hears: "peer" | "both";
  /** Of "both": one channel with both mixed, when left out, or two, the peer's own on the left. */
  readonly channels?: 1 | 2;
  /** Time goes on, and silence is written. */
  readonly isPaused?: true;
  /** The peer, and whoever talks with it, hears a tone when it begins. */
  readonly beep?: true;
  /** 32 bytes as base64: the file is encrypted with them (sound/sealed-file.ts). */
  readonly key?: string;
};

/** Who answered: a person, a machine with a greeting of its own, or nobody that could be told by in the time allowed. */
export type AnsweredBy = "human" | "machine" | "unknown";

/** Listens to the peer until it is told who answered. Reported once; a plan that names it again after a lost worker begins anew. */
export type DetectPlan = { readonly detectId: string; readonly cutOffMs: number };

/** Where our RTP stream stands: enough to go on after a crash (RFC 3550 allows a jump of under 3,000). */
export type StreamPosition = {
  readonly sequenceNumber: number;
  readonly timestamp: number;
  /** Epoch milliseconds at which these were true. */
  readonly at: number;
};

/** One media endpoint: one leg's RTP port and what happens there. `endpointId` is the leg's id. */
export type EndpointPlan = {
  readonly endpointId: string;
  /** RTP on this port, RTCP on the next. */
  readonly localPort: number;
  /** Unknown until an SDP from the peer. */
  readonly remote?: SocketAddress & { readonly rtcpPort: number };
  /** Where the signalling came from, when media goes there until the peer's own RTP shows a better address. */
  readonly signalingAddress?: string;
  /** Absent for one that is not decoded here. Then only a relay and events are sent; a prompt, a recording and a detection end as failed. */
  readonly codec?: CodecName;
  /** Of RTP timestamps; 8,000 when left out. */
  readonly clockRateHz?: number;
  readonly payloadType: number;
  /** Payload type of telephone-event (RFC 4733) towards the peer; absent when not negotiated. */
  readonly telephoneEvent?: number;
  /** In which durations of events count, when that is not the clock rate of the stream; their timestamps are the stream's all the same (RFC 4733 §2.1). */
  readonly telephoneEventClockRateHz?: number;
  /** What the peer sends, when it is numbered otherwise than what it gets. */
  readonly receivePayloadType?: number;
  readonly receiveTelephoneEvent?: number;
  /** What else the peer may send at any time; the timestamps of each count by its own clock rate. */
  readonly alsoReceives?: readonly { readonly codec: CodecName; readonly payloadType: number }[];
  /** RTCP comes and goes on the port of RTP (RFC 5761). */
  readonly rtcpMux?: true;
  readonly ssrc: number;
  /** Our side of the session direction: whether we send, and whether we take what comes. */
  readonly sends: boolean;
  readonly receives: boolean;
  readonly source: Source;
  /** Played over the source, which goes on under it. */
  readonly announcement?: PromptPlan;
  /** −60 to 20, of all that the peer hears; 0 when left out. */
  readonly volumeDb?: number;
  /** Time of sound in one packet of ours, 10 to 60; 20 when left out. */
  readonly ptimeMs?: number;
  /** Payload type of comfort noise (RFC 3389) towards the peer, and from it. */
  readonly comfortNoise?: number;
  /** What the peer asked of our Opus (RFC 7587 §6.1). */
  readonly opus?: OpusPlan;
  /** Digits are listened for in the sound too: the peer may not send them as events. */
  readonly hearsTones?: true;
  /** So long without a packet from the peer, while some should come, is told as "media-timeout". */
  readonly timeoutMs?: number;
  readonly digits: readonly DigitsPlan[];
  readonly recordings: readonly RecordingPlan[];
  /** Who has answered is to be found out. */
  readonly detect?: DetectPlan;
  /** Where to go on after a restart; absent for a new stream. */
  readonly resume?: StreamPosition;
  /** The source the stream was locked to before a restart. */
  readonly lockedTo?: SocketAddress;
};

export type OpusPlan = {
  readonly fec?: true;
  readonly dtx?: true;
  /** Constant, rather than as the sound needs. */
  readonly cbr?: true;
  /** At most so many bits a second on average. */
  readonly bitrate?: number;
  readonly maxSampleRateHz?: number;
};

/** All endpoints of one call. An endpoint that is no longer named is closed and its port rests. */
export type MediaPlan = { readonly endpoints: readonly EndpointPlan[] };

export const noMedia: MediaPlan = { endpoints: [] };

/** How an endpoint did, RFC 3550 §6.4.1 where a term is from there. */
export type EndpointCounters = {
  readonly packetsSent: number;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly packetsDropped: number;
  readonly jitterMs: number;
  /** The rest is there once it is known: what the peer says of our stream, and what an ear would (ITU-T G.107). */
  readonly roundTripMs?: number;
  readonly remoteLossFraction?: number;
  readonly remoteJitterMs?: number;
  /** 1 to 4.5, of what we receive. */
  readonly mos?: number;
};

/** What the engine says back. All carry the call and the endpoint. */
export type MediaEvent =
  | {
      readonly kind: "prompt-ended";
      readonly promptId: string;
      readonly reason: "finished" | "digit" | "failed" | "stopped";
      /** Where in the whole prompt it ended, its offset included. */
      readonly playedMs: number;
      readonly error?: string;
    }
  /** It stands still, after so much of the whole. */
  | { readonly kind: "prompt-paused"; readonly promptId: string; readonly playedMs: number }
  /** By RFC 4733, unless `by` says that it was heard in the sound. */
  | { readonly kind: "digit"; readonly digit: string; readonly durationMs: number; readonly by?: "tone" }
  /** The peer began, or ended, to speak. Told only while somebody listens. */
  | { readonly kind: "talking"; readonly isTalking: boolean }
  /** Nothing came for so long; told once, and again after media came back. */
  | { readonly kind: "media-timeout"; readonly silentMs: number }
  | { readonly kind: "media-resumed" }
  /** With each RTCP report. */
  | { readonly kind: "quality"; readonly counters: EndpointCounters }
  | { readonly kind: "digits-sent"; readonly digitsId: string }
  | {
      readonly kind: "recording-ended";
      readonly recordingId: string;
      readonly reason: "maximum" | "silence" | "digit" | "failed" | "stopped";
      readonly durationMs: number;
      readonly digit?: string;
    }
  | { readonly kind: "answered-by"; readonly detectId: string; readonly result: AnsweredBy }
  /** The first valid packet fixed where the peer really is (symmetric RTP). */
  | { readonly kind: "locked"; readonly remote: SocketAddress }
  /** When we begin to send, go on after a pause, and at each sequence wrap: between two of these, every 20 ms are one number and 160 of timestamp. */
  | { readonly kind: "stream"; readonly position: StreamPosition }
  /** The port could not be bound: the call must take another. */
  | { readonly kind: "port-taken"; readonly localPort: number }
  | { readonly kind: "closed"; readonly counters: EndpointCounters };

export type MediaEventHandler = (callId: string, endpointId: string, event: MediaEvent) => void;

/** The media port of a call: plain structured clones both ways, so a worker thread can become a process. */
export type MediaEngine = {
  /** Makes the media of `callId` what `plan` says. Revisions below or equal to the last one applied are ignored. */
  apply(callId: string, plan: MediaPlan, revision: number): void;
  onEvent(handler: MediaEventHandler): void;
  close(): Promise<void>;
};

/** Turns a prompt item into raw sound that a worker can play as it is. Runs off the main and media threads; results are cached. */
export type PromptSource = {
  /**
   * Resolves to a file of headerless sound in `format`, mono, and its length. A sound is decoded once, and encoded once for each format in
   * which it is asked for. Rejects with PROMPT_UNREADABLE, PROMPT_UNREACHABLE, PROMPT_TOO_LARGE, PROMPT_TIMEOUT or SPEECH_FAILED. The second
   * time for the same item costs a map lookup.
   */
  prepare(item: Extract<PromptItem, { kind: "speech" | "audio" }>, format: SoundFormat): Promise<PreparedPrompt>;
};

export type PreparedPrompt = { readonly path: string; readonly durationMs: number };
