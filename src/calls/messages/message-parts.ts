/** What a MESSAGE that we pass on keeps, how long it may be, and what its sender hears (RFC 3428). */
import { type BareAnswer, type Body, type HeaderPair, sizeOf, type SipRequest, type SipResponse } from "../../sip/index.ts";

/** §8: what may go any way without congestion control. */
const longestBytes = 1300;

/** What says how the content is to be read or shown. */
const keptHeaders = ["Subject", "Date", "Expires", "Priority", "Content-Language", "Content-Encoding", "Content-Disposition"] as const;

/** A phone that wants us to sign in, or is lost, is of no concern to the sender (RFC 4320 §4.2). */
const unspeakable: ReadonlySet<number> = new Set([401, 407, 408, 481, 503]);

export function messageBodyOf(request: SipRequest): Body {
  return { contentType: request.headers.get("Content-Type") ?? "text/plain", content: request.body };
}

export function messageHeadersOf(request: SipRequest): readonly HeaderPair[] {
  return keptHeaders.flatMap((name) => request.headers.all(name).map((value): HeaderPair => [name, value]));
}

/** What it is signed with is not passed on, so it does not count. */
export function lengthRefusal(request: SipRequest): 413 | 513 | undefined {
  if (request.body.length > longestBytes) return 413;
  const signature = request.headers.all("Authorization").reduce((sum, value) => sum + value.length, 0);
  return sizeOf(request) - signature > longestBytes ? 513 : undefined;
}

/** Max-Forwards of what comes of it; a proxy takes 70 where it is missing (RFC 3261 §16.6). */
export function hopsLeft(request: SipRequest): number {
  const text = request.headers.get("Max-Forwards")?.trim() ?? "";
  return (/^\d{1,3}$/.test(text) ? Math.min(255, Number(text)) : 70) - 1;
}

/** From what the phones said that it went to: one that took it decides, then the first that said why not. */
export function answerOf(known: readonly { readonly status: number; readonly response?: SipResponse }[]): BareAnswer {
  const taken = known.filter(({ status }) => status >= 200 && status < 300);
  if (taken.length > 0) return { status: taken.some(({ status }) => status === 200) ? 200 : 202 };
  const refused = known.find(({ status, response }) => response !== undefined && !unspeakable.has(status));
  if (refused === undefined) return { status: 480 };
  const { headers } = refused.response ?? {};
  const passed = ["Accept", "Allow"].flatMap((name) => (headers?.all(name) ?? []).map((value): HeaderPair => [name, value]));
  return { status: refused.status, headers: passed };
}
