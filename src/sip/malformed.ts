/** What makes a request malformed though its lines could be read: RFC 4475 §3.1.2. Asked for requests outside of dialogs only. */
import type { SipRequest } from "./message/message.ts";
import { parseNameAddr } from "./message/name-addr.ts";
import { parseUri } from "./message/uri.ts";
import { parseVia } from "./message/via.ts";

/** True when an address in From, To or Via cannot be read. The top Via alone was read by the transport already. */
export function isMalformed({ headers, method }: SipRequest): boolean {
  const to = parseNameAddr(headers.get("To") ?? "");
  if (!to.ok || !parseNameAddr(headers.get("From") ?? "").ok) return true;
  // §10.2: what is registered is a SIP or SIPS URI; elsewhere To may be of any scheme.
  if (method === "REGISTER" && !parseUri(to.value.uri).ok) return true;
  return !headers.isSingle("Via") && !headers.all("Via").every((via) => parseVia(via).ok);
}
