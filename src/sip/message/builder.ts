/** Requests and responses from parts: RFC 3261 §8.1.1 and §8.2.6. */
import { formatCSeq } from "./cseq.ts";
import { HeaderList, type HeaderPair } from "./header-list.ts";
import type { SipRequest, SipResponse } from "./message.ts";
import { tagOf } from "./name-addr.ts";
import { reasonPhrase } from "./status.ts";

export type RequestParts = {
  readonly method: string;
  readonly uri: string;
  /** Left out when a lower layer adds it. */
  readonly via?: string | undefined;
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly sequence: number;
  readonly maxForwards?: number | undefined;
  readonly contact?: string | undefined;
  readonly headers?: Iterable<HeaderPair> | undefined;
  readonly body?: Body | undefined;
};

export type Body = { readonly contentType: string; readonly content: Uint8Array | string };

export const emptyBody: Uint8Array = new Uint8Array(0);

export function requestOf(parts: RequestParts): SipRequest {
  const headers = new HeaderList();
  if (parts.via !== undefined) headers.append("Via", parts.via);
  headers.append("Max-Forwards", String(parts.maxForwards ?? 70));
  headers.append("From", parts.from);
  headers.append("To", parts.to);
  headers.append("Call-ID", parts.callId);
  headers.append("CSeq", formatCSeq({ sequence: parts.sequence, method: parts.method }));
  if (parts.contact !== undefined) headers.append("Contact", parts.contact);
  for (const [name, value] of parts.headers ?? []) headers.append(name, value);
  return { kind: "request", method: parts.method, uri: parts.uri, headers, body: contentOf(headers, parts.body) };
}

export type ResponseParts = {
  /** Put into To when it has no tag yet. Every response but 100 needs one (§8.2.6.2). */
  readonly toTag?: string | undefined;
  readonly reason?: string | undefined;
  readonly contact?: string | undefined;
  readonly headers?: Iterable<HeaderPair> | undefined;
  readonly body?: Body | undefined;
};

/** Copies Via, From, To, Call-ID and CSeq; Record-Route into responses that can make a dialog (§12.1.1); Timestamp into 100 (§8.2.6.1). */
export function responseTo(request: SipRequest, status: number, parts: ResponseParts = {}): SipResponse {
  const headers = request.headers.only(copiedInto(status, request.method));
  const to = headers.get("To") ?? "";
  if (parts.toTag !== undefined && status !== 100 && tagOf(to) === undefined) headers.set("To", `${to};tag=${parts.toTag}`);
  if (parts.contact !== undefined) headers.append("Contact", parts.contact);
  for (const [name, value] of parts.headers ?? []) headers.append(name, value);
  return {
    kind: "response",
    status,
    reason: parts.reason ?? reasonPhrase(status),
    headers,
    body: contentOf(headers, parts.body),
  };
}

function copiedInto(status: number, method: string): (name: string) => boolean {
  if (status === 100) return isInTrying;
  const canMakeDialog = status < 300 && dialogMethods.has(method);
  return canMakeDialog ? isInDialogMaker : isInEvery;
}

function isInEvery(name: string): boolean {
  return name === "Via" || name === "From" || name === "To" || name === "Call-ID" || name === "CSeq";
}

function isInDialogMaker(name: string): boolean {
  return isInEvery(name) || name === "Record-Route";
}

function isInTrying(name: string): boolean {
  return isInEvery(name) || name === "Timestamp";
}

const dialogMethods: ReadonlySet<string> = new Set(["INVITE", "SUBSCRIBE", "REFER"]);

function contentOf(headers: HeaderList, body: Body | undefined): Uint8Array {
  if (body === undefined) return emptyBody;
  headers.set("Content-Type", body.contentType);
  return typeof body.content === "string" ? Buffer.from(body.content) : body.content;
}
