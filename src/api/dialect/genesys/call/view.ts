/** A call as one of its users sees it. The order of members is the vendor's. */
import { anonymous, type Call, type Json, type Party } from "../../../../calls/index.ts";
import { type Directory, isE164, type Line } from "../../../../directory/index.ts";
import { callUuidOf, connIdOf, derivedUuidOf } from "../ids.ts";
import {
  type CallOperation,
  capabilitiesOf,
  type CallState,
  isMonitored,
  isMonitoring,
  othersThan,
  partyOfUser,
  seatOf,
  stateOf,
} from "./state.ts";

type Address = Party["address"];

export type ParticipantView = {
  readonly e164Number: string;
  readonly formattedPhoneNumber: string;
  readonly phoneNumber: string;
  readonly digits: string;
};

export type CallView = {
  readonly id: string;
  readonly state: CallState;
  readonly callUuid: string;
  readonly connId: string;
  readonly deviceUri: string;
  readonly participants: readonly ParticipantView[];
  readonly ani?: string;
  readonly dnis: string;
  readonly callType: "Internal" | "Inbound" | "Outbound";
  readonly capabilities: readonly CallOperation[];
  readonly userData?: Readonly<Record<string, Json>>;
  readonly duration: string;
  readonly mute: "On" | "Off";
  readonly supervisorListeningIn: boolean;
  readonly monitoredUserMuted: boolean;
  readonly monitoring: boolean;
  readonly uri: string;
  readonly path: string;
};

export type ViewContext = {
  readonly directory: Directory;
  /** The address of the API, without a slash at its end. */
  readonly apiUrl: string;
  readonly now: number;
};

/** Undefined for someone who is not in the call, or who has no directory number and so no device here. */
export function viewOfCall(call: Call, userId: string, { directory, apiUrl, now }: ViewContext): CallView | undefined {
  const own = partyOfUser(call, userId);
  const line = lineOf(directory, call.accountId, userId);
  if (own === undefined || line === undefined) return undefined;
  const state = stateOf(call, own);
  const isMuted = seatOf(call, own)?.muted ?? false;
  const id = callUuidOf(call.id);
  const callType = callTypeOf(call);
  return {
    id,
    state,
    callUuid: id,
    connId: connIdOf(call.id),
    deviceUri: `${apiUrl}/devices/${deviceIdOf(line)}`,
    participants: participantsOf(call, own),
    ...(callType !== "Internal" && { ani: call.from }),
    dnis: call.to,
    callType,
    capabilities: capabilitiesOf(state, isMuted),
    ...(Object.keys(call.userData).length > 0 && { userData: call.userData }),
    duration: String(Math.max(0, Math.floor(((own.leftAt ?? now) - own.joinedAt) / 1000))),
    mute: isMuted ? "On" : "Off",
    supervisorListeningIn: isMonitored(call, own),
    monitoredUserMuted: false,
    monitoring: isMonitoring(call, own),
    uri: `${apiUrl}/me/calls/${id}`,
    path: `/calls/${id}`,
  };
}

/** The user's device: the directory number that was there first. */
export function lineOf(directory: Directory, accountId: string, userId: string): Line | undefined {
  return directory.lines.byUser(userId).find((line) => line.accountId === accountId);
}

export function deviceIdOf(line: Line): string {
  return derivedUuidOf("device", line.id);
}

function callTypeOf(call: Call): CallView["callType"] {
  if (call.direction === "inbound") return "Inbound";
  return isE164(call.to) ? "Outbound" : "Internal";
}

/** While the caller's own phone rings the other side is not in the call yet, but known. */
function participantsOf(call: Call, own: Party): readonly ParticipantView[] {
  const isHidden = call.identity?.isAnonymous === true;
  const others = othersThan(call, own).map(({ address, role }): Address => (isHidden && role === "caller" ? hidden : address));
  const addresses = others.length === 0 && call.dial !== undefined && own.role === "caller" ? [call.dial.to] : others;
  return addresses.map((address) => {
    if (address.kind === "number") return participantOf(address.number);
    return participantOf(address.kind === "uri" ? address.uri : (address.number ?? address.name));
  });
}

/** Who does not want to be known, a colleague neither. */
const hidden: Address = { kind: "uri", uri: anonymous };

function participantOf(number: string): ParticipantView {
  if (number === anonymous) return { e164Number: "", formattedPhoneNumber: "Anonymous", phoneNumber: anonymous, digits: "" };
  return isE164(number)
    ? { e164Number: number, formattedPhoneNumber: number, phoneNumber: number, digits: number.slice(1) }
    : { e164Number: "", formattedPhoneNumber: number, phoneNumber: number, digits: number };
}
