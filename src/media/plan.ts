/**
 * What media a call wants, whole, as a value. The engine receives the plan with a revision and finds the difference to what it
 * does now: applying a plan twice is the same as once, and after a crash the last plan is simply applied again.
 */

export const codecs = ["PCMU", "PCMA"] as const;
export type CodecName = (typeof codecs)[number];

export type SocketAddress = { readonly address: string; readonly port: number };

/** One piece of what is played. `speech` and `audio` are prepared before the worker sees them (prompt-source.ts). */
export type PromptItem =
  | { readonly kind: "speech"; readonly text: string; readonly voice?: string }
  /** An absolute path, a file: URL or an http(s) URL of a WAV file. */
  | { readonly kind: "audio"; readonly uri: string }
  | { readonly kind: "silence"; readonly durationMs: number }
  | { readonly kind: "tone"; readonly frequencyHz: number; readonly durationMs: number };

export type PromptPlan = {
  /** Unique within the endpoint. The worker reports its end by this id, once. */
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
};

/** What the peer of an endpoint hears. */
export type Source =
  | { readonly kind: "silence" }
  | { readonly kind: "prompt"; readonly prompt: PromptPlan }
  | { readonly kind: "hold-music" }
  /** The tone a caller hears while the other side rings. */
  | { readonly kind: "ringback" }
  /** The voices of these endpoints of the same call, without its own. */
  | { readonly kind: "mix"; readonly endpointIds: readonly string[] }
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
  /** "peer" records what the peer says, "both" mixes in what it hears. */
  readonly hears: "peer" | "both";
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
  /** Of RTP timestamps; 8,000 when left out, as all codecs have that we decode. */
  readonly clockRateHz?: number;
  readonly payloadType: number;
  /** Payload type of telephone-event (RFC 4733) towards the peer; absent when not negotiated. */
  readonly telephoneEvent?: number;
  /** What the peer sends, when it is numbered otherwise than what it gets. */
  readonly receivePayloadType?: number;
  readonly receiveTelephoneEvent?: number;
  /** What else the peer may send at any time. */
  readonly alsoReceives?: readonly { readonly codec: CodecName; readonly payloadType: number }[];
  /** RTCP comes and goes on the port of RTP (RFC 5761). */
  readonly rtcpMux?: true;
  readonly ssrc: number;
  /** Our side of the session direction: whether we send, and whether we take what comes. */
  readonly sends: boolean;
  readonly receives: boolean;
  readonly source: Source;
  readonly digits: readonly DigitsPlan[];
  readonly recordings: readonly RecordingPlan[];
  /** Who has answered is to be found out. */
  readonly detect?: DetectPlan;
  /** Where to go on after a restart; absent for a new stream. */
  readonly resume?: StreamPosition;
  /** The source the stream was locked to before a restart. */
  readonly lockedTo?: SocketAddress;
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
};

/** What the engine says back. All carry the call and the endpoint. */
export type MediaEvent =
  | {
      readonly kind: "prompt-ended";
      readonly promptId: string;
      readonly reason: "finished" | "digit" | "failed";
      /** Where in the whole prompt it ended, its offset included. */
      readonly playedMs: number;
      readonly error?: string;
    }
  | { readonly kind: "digit"; readonly digit: string; readonly durationMs: number }
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

/** Turns a prompt item into raw audio that a worker can play as it is. Runs off the main and media threads; results are cached. */
export type PromptSource = {
  /**
   * Resolves to one file of headerless samples per codec at 8 kHz and its length. Rejects with PROMPT_UNREADABLE,
   * PROMPT_UNREACHABLE, PROMPT_TOO_LARGE or SPEECH_FAILED. The second time for the same item costs a map lookup.
   */
  prepare(item: Extract<PromptItem, { kind: "speech" | "audio" }>): Promise<PreparedPrompt>;
};

export type PreparedPrompt = { readonly files: Readonly<Record<CodecName, string>>; readonly durationMs: number };
