import { type ErrorRegistry, refusals } from "../kernel/index.ts";

export const callErrors = {
  CALL_NOT_FOUND: { category: "not-found", message: "There is no such call." },
  CALL_ENDED: { category: "conflict", message: "The call has ended." },
  CALL_STATE_FORBIDS: { category: "conflict", message: "The call's state does not allow this now." },
  CALL_DATA_TOO_LARGE: {
    category: "invalid",
    message:
      "A call carries at most 100 values of data of 65,536 characters each, and 200 keys of user data of 65,536 characters together.",
  },
  CALL_FLOW_UNKNOWN: { category: "invalid", message: "There is no flow with this id." },
  CALL_NUMBER_INVALID: { category: "invalid", message: "The number must be in E.164 form, for example +18144043093." },
  CALL_DESTINATION_UNKNOWN: { category: "invalid", message: "There is nobody with this number, extension or name." },
  CALL_PARTY_UNKNOWN: { category: "not-found", message: "There is no such party in the call." },
  CALL_NOT_A_PARTY: { category: "denied", message: "You are not a party of this call." },
  CALL_RECORDING_UNKNOWN: { category: "not-found", message: "No such recording is under way in this call." },
  CALL_DIGITS_INVALID: { category: "invalid", message: "Digits are 0-9, A-D, * and #, at most 64." },
  CALL_CALLER_ID_NOT_OWNED: { category: "invalid", message: "The caller id must be a number that the account owns." },
  CALL_CALLER_ID_INVALID: {
    category: "invalid",
    message: "A caller's name has at most 32 letters, digits, spaces, dots, - and _, and at least one letter.",
  },
  CALL_HEADER_INVALID: { category: "invalid", message: "A header field cannot be set like this." },
  CALL_HOST_NOT_ALLOWED: { category: "invalid", message: "SIP addresses are called only on the hosts that CALLWRIGHT_SIP_HOSTS names." },
  CALL_NO_CALLER_ID: { category: "invalid", message: "The account owns no number to present; add one, or name a caller id." },
  MESSAGE_TOO_LARGE: { category: "invalid", message: "A message has at most 800 bytes." },
  MESSAGE_NOBODY_REGISTERED: { category: "conflict", message: "No phone of this user is registered." },
  CALLS_UNAVAILABLE: { category: "unavailable", message: "The server takes no new calls now. Try again in a moment." },
  EVENTS_GONE: {
    category: "not-found",
    message: "Events that old are no longer kept; start again without an id and read the current state.",
  },
  JOURNAL_FULL: { category: "unavailable", message: "The disk has only the space kept for live calls left; free some space." },
} as const satisfies ErrorRegistry;

export const callRefusal = refusals(callErrors);
