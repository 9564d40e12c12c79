/** What is wrong with a request before anybody looks at its meaning: RFC 3261 §8.2.1 to §8.2.3. */
import { checkBody } from "./body/session-body.ts";
import type { HeaderPair } from "./message/header-list.ts";
import { wholeNumber } from "./message/cseq.ts";
import type { SipRequest } from "./message/message.ts";
import { isMalformed } from "./malformed.ts";
import { parseNameAddr, tagOf } from "./message/name-addr.ts";
import { parseUri } from "./message/uri.ts";
import { outboundTag } from "./registration/outbound.ts";

/** A status and its headers; what an answer has beside them comes from the request. */
export type BareAnswer = { readonly status: number; readonly headers?: readonly HeaderPair[] };

/** Whose bodies are session descriptions. */
const sessionMethods: ReadonlySet<string> = new Set(["INVITE", "UPDATE", "PRACK"]);

/** Of any request outside a transaction. `extensions` are the option tags we know. */
export function checkRequest(request: SipRequest, extensions: readonly string[]): BareAnswer | undefined {
  const isKnown = (tag: string) => extensions.includes(tag) || (request.method === "REGISTER" && tag === outboundTag);
  const unknown = request.headers.all("Require").filter((tag) => !isKnown(tag.toLowerCase()));
  if (unknown.length > 0) return { status: 420, headers: [["Unsupported", unknown.join(", ")]] };
  return sessionMethods.has(request.method) ? checkBody(request) : undefined;
}

/** Of a request that belongs to no dialog. */
export function checkInitial(request: SipRequest): BareAnswer | undefined {
  if (isMalformed(request)) return { status: 400 };
  const uri = parseUri(request.uri);
  if (!uri.ok) return { status: uri.reason === "scheme" ? 416 : 400 };
  if (tagOf(request.headers.get("To") ?? "") !== undefined) return { status: 481 };
  // OPTIONS may end its way with 0: that is how a route is traced (§11.2).
  if (request.method !== "OPTIONS" && wholeNumber(request.headers.get("Max-Forwards") ?? "70") === 0) return { status: 483 };
  if (request.method === "INVITE") {
    const contact = parseNameAddr(request.headers.get("Contact") ?? "");
    if (!contact.ok || !parseUri(contact.value.uri).ok) return { status: 400 };
  }
  return undefined;
}
