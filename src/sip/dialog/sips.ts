/** What a sips URI obliges us to, RFC 3261 §26.2.2 and RFC 5630: TLS on every hop, and sips in our own Contact. */
import type { SipRequest } from "../message/message.ts";
import { parseNameAddr } from "../message/name-addr.ts";
import type { HeaderList } from "../message/header-list.ts";

/** Whether the Contact of our answer must be sips (§12.1.1): the Request-URI is, or the top Record-Route, or without one the Contact. */
export function asksForSips({ uri, headers }: SipRequest): boolean {
  return isSips(uri) || isSips(uriIn(headers, headers.has("Record-Route") ? "Record-Route" : "Contact"));
}

export function isSips(uri: string): boolean {
  return uri.slice(0, 5).toLowerCase() === "sips:";
}

function uriIn(headers: HeaderList, name: string): string {
  const value = parseNameAddr(headers.get(name) ?? "");
  return value.ok ? value.value.uri : "";
}
