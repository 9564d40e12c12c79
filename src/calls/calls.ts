/** The write side of calls: the only door by which dialects reach a live call. */
import type { Address, Call, Json } from "./model.ts";
import type { TalkCommand } from "./talk-commands.ts";

export type Originate = {
  /** User id of who asks. */
  readonly by: string;
  /** E.164, or an address: a number, or a `sip:` URI on one of the hosts that the server may call. */
  readonly to: string | Exclude<Address, { kind: "user" }>;
  /**
   * E.164 of a number the account owns, `anonymous`, or, where an API allows it, a name: letters, digits, space, dot, - and _, at most 32.
   */
  readonly callerId: string | { readonly name: string };
  readonly ringMs?: number;
  readonly totalMs?: number;
  readonly data?: Readonly<Record<string, string>>;
  /** Kept in the call for whoever asks for it. */
  readonly callback?: Json;
  /** The flow waits until it is known who answered. */
  readonly detection?: Detection;
  /** Header fields of the INVITE; at most 20 and 4,096 bytes together. */
  readonly headers?: Readonly<Record<string, string>>;
} & FlowChoice;

/** What runs when the call is answered: a flow of the account, or a document that passed `validateFlow`, with its hash. */
export type FlowChoice = { readonly flowId: string } | { readonly flow: GivenFlow };

export type GivenFlow = { readonly document: Json; readonly hash: string };

/** What follows when a machine answers: the call ends, or another document runs. `cutOffMs` is 5000 when left out. */
export type Detection = { readonly cutOffMs?: number } & (
  | { readonly strategy: "hang-up" }
  | { readonly strategy: "continue"; readonly flow: GivenFlow }
);

/** Who sends it is a user id; it shows in the call as `heldBy` and the like. */
export type CallCommand =
  | TalkCommand
  | { readonly kind: "hold"; readonly by: string; readonly reason?: string }
  | { readonly kind: "retrieve"; readonly by: string }
  | { readonly kind: "hang-up"; readonly by: string }
  /** One party is taken out, whoever it is; the others and its flow go on as when it had hung up itself. */
  | { readonly kind: "drop"; readonly by: string; readonly partyId: string }
  /** The user's own party leaves; a call of two ends with it. */
  | { readonly kind: "leave"; readonly by: string }
  /** The user's ringing phones are asked to answer by themselves. */
  | { readonly kind: "answer"; readonly by: string }
  | { readonly kind: "mute" | "unmute"; readonly by: string }
  /** Tones to everybody the user talks to: 1 to 64 of 0-9, A-D, * and #. */
  | { readonly kind: "send-digits"; readonly by: string; readonly digits: string }
  /**
   * Single step: the user leaves at once and `to` is rung for whoever remains. When it does not answer, who remains hears the end, or the
   * flow that had dialled the user goes on.
   */
  | { readonly kind: "transfer"; readonly by: string; readonly to: string; readonly callerId?: string }
  /**
   * The far end of a party is asked by REFER (RFC 3515) to call `to` instead of us: E.164, or a `sip:`, `sips:` or `tel:` URI. The party leaves when
   * it has; when it will not, or cannot, all is as it was.
   */
  | { readonly kind: "refer"; readonly by: string; readonly partyId: string; readonly to: string }
  /** One file from now on: of `partyId`, else of the first connected party that is no user. `recordingId` is the caller's choice, an entity id. */
  | ({ readonly kind: "start-recording"; readonly by: string; readonly recordingId: string; readonly partyId?: string } & RecordingChoice)
  | { readonly kind: "stop-recording"; readonly by: string; readonly recordingId: string }
  /** Time goes on in the file, and nobody is heard. */
  | { readonly kind: "pause-recording"; readonly by: string; readonly recordingId: string }
  | { readonly kind: "resume-recording"; readonly by: string; readonly recordingId: string }
  /** null removes a key; `clear` removes all others. */
  | { readonly kind: "set-user-data"; readonly by: string; readonly set: Readonly<Record<string, Json | null>>; readonly clear?: boolean }
  /** null removes a key. */
  | { readonly kind: "set-data"; readonly by: string; readonly set: Readonly<Record<string, string | null>> };

/** What is in the file. */
export type RecordingChoice = {
  /** "peer" is what the party says, "both" what it hears too. */
  readonly hears: "peer" | "both";
  /** WAV when left out. */
  readonly format?: "mp3";
  /** Of "both": what the party says on the left, what it hears on the right. One channel with both when left out. */
  readonly channels?: 2;
  readonly maxMs: number;
  /** The party, and whoever talks with it, hears a tone before. */
  readonly beep?: true;
};

/** A user calls somebody: the user's own phones ring first, then the destination, and the two are joined. */
export type Dial = {
  /** User id of who dials. */
  readonly by: string;
  /** A number in E.164, an extension of a colleague, or the name of a phone. */
  readonly to: string;
  /** E.164 of a number the account owns, or `anonymous`; without it colleagues see the user's extension, everybody else the account's first number. */
  readonly callerId?: string;
  readonly userData?: Readonly<Record<string, Json>>;
  readonly data?: Readonly<Record<string, string>>;
};

export type Calls = {
  /**
   * Starts a call and resolves with it when that is durable; the far end has not answered then. A number no trunk takes gives a call that
   * has ended with the outcome no-route. The same `commandId` gives the same call. Throws CALL_FLOW_UNKNOWN, CALL_NUMBER_INVALID,
   * CALL_CALLER_ID_NOT_OWNED, CALL_CALLER_ID_INVALID, CALL_NO_CALLER_ID, CALL_HOST_NOT_ALLOWED, CALL_HEADER_INVALID, CALLS_UNAVAILABLE.
   */
  originate(accountId: string, request: Originate, commandId?: string): Promise<Call>;
  /**
   * Starts a call on behalf of a user's own phone and resolves when that is durable. Throws CALL_DESTINATION_UNKNOWN, CALL_CALLER_ID_NOT_OWNED,
   * CALLS_UNAVAILABLE.
   */
  dial(accountId: string, request: Dial, commandId?: string): Promise<Call>;
  /**
   * Sends a command to a live call and resolves with the call's durable state after it. Throws CALL_NOT_FOUND, CALL_ENDED, or
   * CALL_STATE_FORBIDS (details.reason) when the call's state does not allow it; CALL_PARTY_UNKNOWN for a party that is not in it; CALL_NOT_A_PARTY
   * when a command is for the user's own party and there is none; CALL_RECORDING_UNKNOWN; CALL_DIGITS_INVALID, CALL_DATA_TOO_LARGE,
   * CALL_DESTINATION_UNKNOWN, CALL_CALLER_ID_NOT_OWNED.
   */
  send(accountId: string, callId: string, command: CallCommand, commandId?: string): Promise<Call>;
};
