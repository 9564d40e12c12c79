/** Where answers go, and one spelling for addresses: RFC 3261 §18.2, RFC 3581. */
import { isIP } from "node:net";
import type { SipRequest } from "../message/message.ts";
import { formatVia, parseVia, type Via } from "../message/via.ts";
import { defaultPort } from "../location/target.ts";
import type { SipAddress, SipProtocol } from "./transport.ts";

/** The value of a URI's transport parameter (RFC 3261 §19.1.1, RFC 7118 §4.3). A secure WebSocket is `ws` too: the scheme says secure. */
export function transportParam(protocol: SipProtocol): string {
  return protocol === "wss" ? "ws" : protocol;
}

/** IPv4 addresses that came in through an IPv6 socket look like IPv4, so that one peer has one address. */
export function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}

/** `address` as a socket of that family wants it. */
export function socketAddress(address: string, isIpv6Socket: boolean): string {
  return isIpv6Socket && !address.includes(":") ? `::ffff:${address}` : address;
}

/** Enters the source into the top Via of a request just received (§18.2.1, RFC 3581 §4). False when that Via is unreadable. */
export function stampSource(request: SipRequest, source: SipAddress): boolean {
  const via = topVia(request);
  if (via === undefined) return false;
  const isAsked = via.rport !== undefined;
  if (!isAsked && via.received === undefined && via.host === source.address) return true;
  const received = isAsked || via.host !== source.address ? source.address : undefined;
  request.headers.replaceFirst("Via", formatVia({ ...via, received, rport: isAsked ? source.port : undefined }));
  return true;
}

/**
 * Where the responses to a received request go (§18.2.2). TCP: to its source, that is back on its connection.
 * Deviation: maddr is ignored, because it would let any sender aim our answers at a third party.
 */
export function replyAddress(request: SipRequest, source: SipAddress): SipAddress {
  const via = source.protocol === "udp" ? topVia(request) : undefined;
  return via === undefined || via.rport !== undefined ? source : { ...source, port: via.port ?? defaultPort(source.protocol) };
}

/**
 * Where a response goes when the connection of its request has closed: received, or sent-by when that is an address, at the sent-by port
 * (§18.2.2). Over TLS the certificate must be the sent-by host's.
 */
export function reconnectAddress(via: Via, protocol: SipProtocol): SipAddress {
  const isNamed = protocol === "tls" && via.received !== undefined && isIP(via.host) === 0;
  return { protocol, address: via.received ?? via.host, port: via.port ?? defaultPort(protocol), ...(isNamed && { name: via.host }) };
}

function topVia(request: SipRequest): Via | undefined {
  const via = parseVia(request.headers.get("Via") ?? "");
  return via.ok ? via.value : undefined;
}
