/** What the peer asks inside a leg's dialog that is neither session nor end: INFO, REFER, NOTIFY, MESSAGE. */
import { type AnswerParts, digitTypes, hasDigitType, parseInfoDigit, type SipRequest } from "../../sip/index.ts";
import type { SignalingContext } from "./context.ts";
import { passMessageOn } from "./leg-message.ts";
import type { LegReferral } from "./leg-referral.ts";
import { type LegView, signalOf } from "./leg-view.ts";

type Respond = (status: number, parts?: AnswerParts) => void;

/** True when the request has been or will be answered by `respond`; false leaves it to the stack. */
export function takeRequest(
  context: SignalingContext,
  view: LegView,
  referrals: () => LegReferral,
  request: SipRequest,
  respond: Respond,
): boolean {
  if (request.method === "INFO") return takeInfo(context, view, request, respond);
  if (request.method === "MESSAGE") return passMessageOn(context, view, request, respond);
  if (request.method !== "REFER") return false;
  referrals().take(request, respond);
  return true;
}

/** A digit is answered when it is durable: a peer that repeats it after a restart of ours is not counted twice. */
function takeInfo(context: SignalingContext, { leg }: LegView, request: SipRequest, respond: Respond): boolean {
  const { headers, body } = request;
  // RFC 6086 §4.2.2: packages are agreed on by Recv-Info, and we ask for none.
  if (headers.has("Info-Package")) respond(469, { headers: [["Recv-Info", ""]] });
  else if (body.length === 0) return false;
  else if (!hasDigitType(headers.get("Content-Type") ?? "")) respond(415, { headers: [["Accept", digitTypes.join(", ")]] });
  else {
    const read = parseInfoDigit(body);
    const sequence = Number.parseInt(headers.get("CSeq") ?? "", 10);
    if (!read.ok) respond(400);
    else void signalOf(context, leg, { kind: "leg-digit", digit: read.value.digit, sequence }).then(() => respond(200));
  }
  return true;
}
