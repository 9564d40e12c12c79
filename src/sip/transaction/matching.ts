/**
 * Which transaction a message belongs to, and the ACK that stays inside one. Keys are put together from parts of the message: as the key of a Map
 * such a text gets memory of its own (102 bytes a key measured), so it does not keep the message alive; a part alone would.
 */
import { parseCSeq } from "../message/cseq.ts";
import { formatMessage } from "../message/format-message.ts";
import { HeaderList } from "../message/header-list.ts";
import { emptyBody } from "../message/builder.ts";
import type { SipMessage, SipRequest, SipResponse } from "../message/message.ts";
import { tagOf } from "../message/name-addr.ts";
import { magicCookie, parseVia, type Via } from "../message/via.ts";

/**
 * RFC 3261 §17.2.3: branch, sent-by and method. Give INVITE as `method` for its ACK and CANCEL. A branch that is no more than the
 * cookie, or without it, is not unique: what an ACK and a CANCEL have in common with their INVITE stands in for it. The To tag and
 * the Request-URI of the RFC's rule are left out: an ACK has another tag, and two requests of one CSeq number are one.
 */
export function serverKey(request: SipRequest, method: string): string {
  const { headers } = request;
  const via = topVia(headers);
  const branch = via?.branch ?? "";
  const key = `s ${method} ${branch} ${via?.host.toLowerCase() ?? ""}:${via?.port ?? ""}`;
  if (branch.length > magicCookie.length && branch.startsWith(magicCookie)) return key;
  return `${key} ${headers.get("Call-ID")} ${tagOf(headers.get("From") ?? "")} ${sequenceOf(request)}`;
}

/** RFC 3261 §17.1.3: branch and method of CSeq, or `method`. */
export function clientKey(headers: HeaderList, method = methodOf(headers)): string {
  return `c ${method} ${topVia(headers)?.branch ?? ""}`;
}

function methodOf(headers: HeaderList): string {
  const cseq = parseCSeq(headers.get("CSeq") ?? "");
  return cseq.ok ? cseq.value.method : "";
}

/** ACK for 300-699, RFC 3261 §17.1.1.3: same branch, To of the answer. */
export function nonSuccessAck(invite: SipRequest, response: SipResponse): Buffer {
  const headers = new HeaderList([["Via", invite.headers.get("Via") ?? ""]]);
  for (const route of invite.headers.all("Route")) headers.append("Route", route);
  headers.append("Max-Forwards", "70");
  headers.append("From", invite.headers.get("From") ?? "");
  headers.append("To", response.headers.get("To") ?? "");
  headers.append("Call-ID", invite.headers.get("Call-ID") ?? "");
  headers.append("CSeq", `${sequenceOf(invite)} ACK`);
  return formatMessage({ kind: "request", method: "ACK", uri: invite.uri, headers, body: emptyBody });
}

/** The number of CSeq; 0 when it cannot be read, which the parser does not let through. */
export function sequenceOf(message: SipMessage): number {
  const cseq = parseCSeq(message.headers.get("CSeq") ?? "");
  return cseq.ok ? cseq.value.sequence : 0;
}

function topVia(headers: HeaderList): Via | undefined {
  const via = parseVia(headers.get("Via") ?? "");
  return via.ok ? via.value : undefined;
}
