/** What a request is to be sent to before its address is known, and what of that can be said without a name server (RFC 3263 §4). */
import { isIP } from "node:net";
import type { SipUri } from "../message/uri.ts";
import { type SipAddress, type SipProtocol, sipProtocols } from "../transport/transport.ts";

export type Target = {
  /** Name or numeric address; IPv6 with or without brackets. */
  readonly host: string;
  readonly port?: number | undefined;
  /** Left out: as the records of the host say, UDP when they say nothing. */
  readonly protocol?: SipProtocol | undefined;
  /** A sips URI: only protocols over TLS will do. */
  readonly isSecure?: boolean | undefined;
};

/** The target of a request whose next hop is this URI. `protocol` is taken when the URI names none. A `maddr` stands in for the host (§4). */
export function targetOf(uri: SipUri, protocol?: SipProtocol): Target {
  const asked = uri.params.get("transport")?.toLowerCase();
  const named = sipProtocols.find((known) => known === asked);
  return { host: uri.params.get("maddr") ?? uri.host, port: uri.port, protocol: named ?? protocol, isSecure: uri.scheme === "sips" };
}

/** RFC 3261 §19.1.2, RFC 7118 §8. */
export function defaultPort(protocol: SipProtocol): number {
  return { udp: 5060, tcp: 5060, tls: 5061, ws: 80, wss: 443 }[protocol];
}

/** What a secure target asks for instead of `protocol`; undefined for datagrams, which no TLS protects (RFC 3261 §26.2.2). */
export function securedProtocol(protocol: SipProtocol): SipProtocol | undefined {
  if (protocol === "udp") return undefined;
  return protocol === "ws" || protocol === "wss" ? "wss" : "tls";
}

/** The protocol of a target for which nothing else decides (RFC 3263 §4.1). */
export function usualProtocol(target: Target): SipProtocol {
  const { protocol, isSecure } = target;
  if (isSecure !== true) return protocol ?? "udp";
  return (protocol && securedProtocol(protocol)) ?? "tls";
}

/** The address of a numeric target, for which nobody is asked; undefined for a name. */
export function numericAddress(target: Target): SipAddress | undefined {
  const host = target.host.startsWith("[") ? target.host.slice(1, -1) : target.host;
  if (isIP(host) === 0) return undefined;
  const protocol = usualProtocol(target);
  return { protocol, address: host, port: target.port ?? defaultPort(protocol) };
}
