/** Which addresses media have: where RTP is bound in each family, and what SDP tells a peer. */
import { isIP, isIPv6 } from "node:net";
import { type Config, isWildcard } from "./config/index.ts";
import type { SessionsFor } from "./calls/index.ts";
import type { SocketSipTransport } from "./sip/index.ts";

export type RtpHosts = {
  /** Of the family of the SIP host. */
  readonly host: string;
  /** Of the other family; left out when nothing listens there. */
  readonly otherHost?: string;
};

/** RTP is bound where SIP is; when that is at several addresses of a family, to all of them, because SDP may name each. */
export function rtpHosts({ host, listeners }: Pick<Config["sip"], "host" | "listeners">): RtpHosts {
  const bound = (ipv6: boolean) => {
    const hosts = new Set([host, ...listeners.map((listener) => listener.host)].filter((other) => isIPv6(other) === ipv6));
    return hosts.size > 1 ? (ipv6 ? "::" : "0.0.0.0") : [...hosts][0];
  };
  const isDual = !isIPv6(host) ? false : host === "::" || listeners.some((listener) => listener.host === "::");
  const other = bound(!isIPv6(host)) ?? (isDual ? "0.0.0.0" : undefined);
  return { host: bound(isIPv6(host)) ?? host, ...(other !== undefined && { otherHost: other }) };
}

/**
 * What SDP tells a peer: the public address of the listener it is at, then the general one, then whatever else is bound, and of these the
 * first of the family of its media. Without any of that family, the first.
 */
export function sessionsOf(
  { sip, publicAddress, codecs, comfortNoise }: Pick<Config, "sip" | "publicAddress" | "codecs" | "comfortNoise">,
  transport: Pick<SocketSipTransport, "sentBy" | "listeners">,
  secret: Uint8Array,
): SessionsFor {
  const usual = [publicAddress, ...transport.listeners.map(({ sentBy }) => sentBy.host), sip.host].filter(isNumeric);
  return (peer, remote = peer.address) => {
    const all = [transport.sentBy(peer).host, ...usual].filter(isNumeric);
    const [same, other] = [isIPv6(remote), !isIPv6(remote)].map((ipv6) => all.find((address) => isIPv6(address) === ipv6));
    return {
      secret,
      mediaAddress: same ?? other ?? sip.host,
      codecs,
      comfortNoise,
      ...(same !== undefined && other !== undefined && { otherMediaAddress: other }),
    };
  };
}

function isNumeric(host: string | undefined): host is string {
  return host !== undefined && isIP(host) !== 0 && !isWildcard(host);
}
