/** Listeners beside the first one, as URLs: how their text is read, and what they need from other settings. */
import { isIP, isIPv6 } from "node:net";
import { type Kind, hostName } from "./kinds.ts";

const schemes = ["udp", "tcp", "tls", "ws", "wss"] as const;

export type SipListenerSetting = {
  readonly protocol: (typeof schemes)[number];
  /** Numeric. */
  readonly host: string;
  /** 0 lets the operating system choose. */
  readonly port: number;
  /** What peers are told instead; without a port the one that is bound. */
  readonly public?: { readonly host: string; readonly port?: number };
};

const defaultPorts = { udp: 5060, tcp: 5060, tls: 5061, ws: 80, wss: 443 } as const;

export const sipListeners: Kind<readonly SipListenerSetting[]> = {
  allowed: "URLs such as tls://0.0.0.0:5061?public=203.0.113.7 with udp, tcp, tls, ws or wss and a numeric address, separated by commas",
  parse(text) {
    const listeners = text.split(",").map((part) => listenerOf(part.trim()));
    return listeners.every((listener) => listener !== undefined) ? listeners : undefined;
  },
};

function listenerOf(text: string): SipListenerSetting | undefined {
  const url = URL.parse(text);
  const protocol = schemes.find((scheme) => `${scheme}:` === url?.protocol);
  if (url === null || protocol === undefined || url.username !== "" || url.hash !== "" || !["", "/"].includes(url.pathname))
    return undefined;
  const host = bare(url.hostname);
  const names = [...url.searchParams.keys()];
  if (isIP(host) === 0 || names.some((name) => name !== "public") || names.length > 1) return undefined;
  // The URL leaves out a port that is the scheme's own.
  const port = url.port === "" ? defaultPorts[protocol] : Number(url.port);
  const asked = url.searchParams.get("public");
  if (asked === null) return { protocol, host, port };
  const advertised = publicOf(asked);
  return advertised === undefined ? undefined : { protocol, host, port, public: advertised };
}

/** `host`, `host:port`, `[IPv6]:port` or an IPv6 address alone. */
function publicOf(text: string): SipListenerSetting["public"] {
  const match = /^(\[[^\]]+\]|[^:]+)(?::(\d{1,5}))?$/.exec(text);
  const host = isIPv6(text) ? text : bare(match?.[1] ?? "");
  const port = isIPv6(text) || match?.[2] === undefined ? undefined : Number(match[2]);
  if (hostName.parse(host) === undefined || port === 0 || (port ?? 1) > 65_535) return undefined;
  return { host, ...(port !== undefined && { port }) };
}

function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, "$1");
}

/** Whether a socket bound to `host` can serve peers that know it by `address`. Bound to `::` it serves both families. */
export function servesFamilyOf(host: string, address: string): boolean {
  return host === "::" || isIPv6(host) === isIPv6(address);
}

/** Bound to every address: peers need to be told another. */
export function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}
