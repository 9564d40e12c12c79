/** What the peer asks inside a dialog that neither changes the session nor ends it. */
import { acceptHeaders } from "../body/session-body.ts";
import { responseTo } from "../message/builder.ts";
import type { SipRequest } from "../message/message.ts";
import type { BareAnswer } from "../request-checks.ts";
import type { SipAddress } from "../transport/transport.ts";
import type { AnswerParts } from "./invite-events.ts";
import type { UsageHost } from "./usage-host.ts";

export function answerRequest(
  host: UsageHost,
  request: SipRequest,
  source: SipAddress,
  toTag: string,
  { status, headers = [] }: BareAnswer,
): void {
  const response = responseTo(request, status, { toTag, headers: [["Server", host.product], ...headers] });
  if (request.method === "INVITE") host.layer.openInvite(request, source).respond(response);
  else host.layer.open(request, source).respond(response);
}

/** `take` offers the request to the user, who returns true to answer it. OPTIONS is always ours. */
export function answerInDialog(
  host: UsageHost,
  request: SipRequest,
  source: SipAddress,
  toTag: string,
  take: (respond: (status: number, parts?: AnswerParts) => void) => boolean,
): void {
  if (request.method === "OPTIONS")
    return answerRequest(host, request, source, toTag, { status: 200, headers: [...acceptHeaders, ...host.sessionHeaders] });
  const transaction = host.layer.open(request, source);
  const respond = (status: number, { headers = [], body }: AnswerParts = {}) =>
    transaction.respond(responseTo(request, status, { toTag, headers: [["Server", host.product], ...headers], body }));
  if (take(respond)) return;
  if (request.method !== "INFO") respond(405, { headers: [["Allow", host.allow]] });
  // An empty INFO asks whether we are there (RFC 2976); what a full one means nobody here knows.
  else if (request.body.length === 0) respond(200);
  else respond(415, { headers: acceptHeaders });
}
