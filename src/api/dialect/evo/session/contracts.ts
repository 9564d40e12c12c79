/** The vendor's types around sessions. Members stand in the order of its JSON. */
import { choice, contract, flag, list, text, textsByName, type ValueOf, whole } from "../format/shape.ts";

const api = "Voice.Api";
const sessions = `${api}.Sessions`;

const callStates = choice("Disconnected", "Ringing", "Connected", "Hold", "Passive");
const queueStates = choice("None", "Queued", "Ringing", "Connected", "Hold", "Disconnected");
const holdReasons = choice("None", "Transferring");

const entityInfo = contract("EntityInfo", api, {
  id: text,
  dateCreated: text,
  dateLastModified: text,
  createdBy: text,
  lastModifiedBy: text,
});

const customerBreadcrumb = contract("CustomerBreadcrumb", `${api}.Customers`, { id: text, name: text });

const sessionLogInfo = contract("SessionLogInfo", sessions, { date: text, message: text });

const sessionMemberInfo = contract("SessionMemberInfo", sessions, {
  identity: text,
  endpointId: text,
  displayName: text,
  isOriginalMember: flag,
  avatarUrl: text,
  applicationData: textsByName,
  callState: choice("None", "Ringing", "Connected", "Hold"),
  role: choice("None", "Caller", "Agent", "Transfer"),
  callSid: text,
  muted: flag,
});

export const sessionInfo = contract(
  "SessionInfo",
  sessions,
  {
    dialState: choice("None", "Active"),
    callState: callStates,
    queueState: queueStates,
    accountId: text,
    accountName: text,
    customerId: text,
    customerBreadcrumb: list(customerBreadcrumb),
    customerName: text,
    endpointId: text,
    endpointName: text,
    dateCompleted: text,
    destination: text,
    toAddress: text,
    fromAddress: text,
    fromName: text,
    answeredByName: text,
    queueMemberId: text,
    channel: choice("Voice", "Chat", "Fax"),
    ended: flag,
    outcome: text,
    callSid: text,
    consoleData: text,
    holdQueueName: text,
    heldByUserId: text,
    holdReason: holdReasons,
    conferenceSid: text,
    displayName: text,
    log: list(sessionLogInfo),
    members: list(sessionMemberInfo),
    callbackNumber: text,
    answeredById: text,
    direction: choice("Incoming", "Outgoing"),
    fromPhoneNumber: text,
    mostRecentParticipantCallSid: text,
    wasMissed: flag,
    ringQueueId: text,
  },
  entityInfo,
);

export type SessionInfo = ValueOf<typeof sessionInfo>;
export type SessionMemberInfo = ValueOf<typeof sessionMemberInfo>;
export type CallStateName = (typeof callStates.values)[number];

export const getMySessionsResponse = contract("GetMySessionsResponse", sessions, { sessions: list(sessionInfo) });

/**
 * ListResponse<SessionInfo>. .NET names a generic class after its arguments and the first six bytes, in base64, of the MD5 of their
 * number and namespaces.
 */
export const listSessionsResponse = contract("ListResponseOfSessionInfoBWxtuWQa", api, {
  items: list(sessionInfo),
  totalCount: whole,
  totalPages: whole,
  hasMorePages: flag,
});

const listRequest = contract("ListRequest", api, {
  page: whole,
  all: flag,
  countPerPage: whole,
  specificIds: list(text),
  sortField: text,
  sortOrder: choice("Ascend", "Descend"),
  simplifiedPaging: flag,
});

export const listSessions = contract(
  "ListSessions",
  sessions,
  {
    accountIds: list(text),
    searchArchive: flag,
    startDate: text,
    endDate: text,
    customerIds: list(text),
    endpointIds: list(text),
    from: text,
    to: text,
    log: text,
    parentSessionId: text,
  },
  listRequest,
);

export const newOutgoingSession = contract("NewOutgoingSession", sessions, { flowId: text, numberToDial: text, callerId: text });

export const getMySessions = contract("GetMySessions", sessions, {});

export const getSession = contract("GetSession", sessions, { sessionId: text });

export const patchSession = contract("PatchSession", sessions, {
  sessionId: text,
  consoleData: text,
  callState: callStates,
  holdReason: holdReasons,
  queueState: queueStates,
});

export const endSession = contract("EndSession", sessions, { sessionId: text, callSid: text });
