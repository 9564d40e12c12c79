/** What the peer asks inside a leg's dialog that is neither session nor end: INFO, REFER, NOTIFY, MESSAGE. */
import type { AnswerParts, SipRequest } from "../../sip/index.ts";
import type { SignalingContext } from "./context.ts";
import type { LegView } from "./leg-view.ts";

/** True when the request has been or will be answered by `respond`; false leaves it to the stack. */
export function takeRequest(
  _context: SignalingContext,
  _view: LegView,
  _request: SipRequest,
  _respond: (status: number, parts?: AnswerParts) => void,
): boolean {
  return false;
}
