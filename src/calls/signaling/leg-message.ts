/** MESSAGE inside the dialog of a leg: what one side of a call for two writes, the phone of the other side gets (RFC 3428 §5). */
import type { AnswerParts, SipRequest } from "../../sip/index.ts";
import { answerOf, hopsLeft, lengthRefusal, messageBodyOf, messageHeadersOf } from "../messages/message-parts.ts";
import type { Call, Leg } from "../model.ts";
import { answeredLegOf, seatOf } from "../parts.ts";
import type { SignalingContext } from "./context.ts";
import type { LegView } from "./leg-view.ts";

/** False when there is nobody to read it, so that it gets 405: a flow, a trunk, or more than one other party. */
export function passMessageOn(
  context: Pick<SignalingContext, "requestsOf">,
  { call, leg }: Pick<LegView, "call" | "leg">,
  request: SipRequest,
  respond: (status: number, parts?: AnswerParts) => void,
): boolean {
  const other = otherPhoneOf(call, leg);
  const requests = other && context.requestsOf(other.id);
  if (requests === undefined) return false;
  const refusal = lengthRefusal(request) ?? (hopsLeft(request) < 0 ? 483 : undefined);
  if (refusal !== undefined) respond(refusal);
  else
    requests.send("MESSAGE", { headers: messageHeadersOf(request), body: messageBodyOf(request) }, (outcome) => {
      const { status, headers = [] } = answerOf([outcome]);
      respond(status, { headers });
    });
  return true;
}

/** The phone on the other side, when there are two sides. */
function otherPhoneOf(call: Call, leg: Leg): Leg | undefined {
  const bridge = seatOf(call, leg.partyId)?.bridge;
  const others = Object.values(bridge?.seats ?? {}).filter(({ partyId, state }) => partyId !== leg.partyId && state !== "left");
  const [other] = others;
  const found = others.length === 1 && other !== undefined ? answeredLegOf(call, other.partyId) : undefined;
  return found?.route.phoneId === undefined ? undefined : found;
}
