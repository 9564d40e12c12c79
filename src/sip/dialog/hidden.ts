/** Peers behind NAT: what they call themselves leads nowhere, and only where their messages came from does. */
import { isIP } from "node:net";
import { parseNameAddr } from "../message/name-addr.ts";
import { parseUri } from "../message/uri.ts";
import type { SipAddress } from "../transport/transport.ts";

/**
 * Whether the next hop, a URI or a route value, cannot be reached from here although its message came from `source`: an address of another
 * private network, of the peer's own machine, or a name that is none (RFC 7118 §5.3).
 */
export function isHidden(hop: string, source: SipAddress): boolean {
  const route = hop.includes("<") ? parseNameAddr(hop) : undefined;
  const uri = parseUri(route?.ok === true ? route.value.uri : hop);
  if (!uri.ok || uri.value.host === source.address) return false;
  const { host } = uri.value;
  if (isIP(host) === 0) return /\.invalid$/i.test(host);
  return nowhere.test(host) || (own.test(host) && !own.test(source.address)) || (privateUse.test(host) && !isPrivate(source.address));
}

function isPrivate(address: string): boolean {
  return privateUse.test(address) || own.test(address);
}

/** RFC 1918, RFC 3927, RFC 6598, RFC 4193, RFC 4291 §2.5.6. */
const privateUse =
  /^(10\.|169\.254\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd][0-9a-f]{2}:|fe80:)/i;
const own = /^(127\.|::1$)/;
const nowhere = /^(0\.|::$)/;
