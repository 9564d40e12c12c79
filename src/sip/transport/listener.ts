/** One address on which we listen, or from which we only connect, and which of several a peer belongs to. */
import type { SipAddress, SipProtocol } from "./transport.ts";

/** What peers see when that is not what is bound: behind NAT, or when every address is. Without a port the bound one. */
export type Advertised = { readonly host: string; readonly port?: number | undefined };

export type ListenerOptions = {
  readonly protocol: SipProtocol;
  /** Numeric address to bind. */
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly advertise?: Advertised | undefined;
};

export type HostPort = { readonly host: string; readonly port: number };

export type SipListener = {
  readonly protocol: SipProtocol;
  /** For `SipAddress.listener`. Undefined for those that serve whoever names none. */
  readonly name: string | undefined;
  /** As bound. */
  readonly host: string;
  readonly port: number;
  /** For Via and Contact. */
  readonly sentBy: HostPort;
  /** When there is no connection to `destination`, one is made to what `reconnect` returns: for responses. */
  sendBytes(bytes: Uint8Array, destination: SipAddress, failed?: (reason: string) => void, reconnect?: () => SipAddress): void;
  /** Whether messages to this peer, which wrote to us before, can still go out: its connection stands, or it needs none. */
  isReachable(peer: SipAddress): boolean;
  close(): Promise<void>;
};

/**
 * The same after a restart with the same settings, because it is journaled with the peers of dialogs. Whoever has a name that is gone is
 * served by protocol and family.
 */
export function listenerName({ protocol, host, port }: Pick<ListenerOptions, "protocol" | "host" | "port">): string {
  return `${protocol}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Whether addresses of this family can be reached from a socket bound to `host`. Bound to `::` both can. */
export function servesFamily(host: string, isIpv6: boolean): boolean {
  return host === "::" || host.includes(":") === isIpv6;
}

/** The listener a peer belongs to: the one it names, else the first of its protocol and family, else the first of its protocol. */
export function chooseListener<T extends Pick<SipListener, "protocol" | "name" | "host">>(
  listeners: readonly T[],
  peer: SipAddress,
): T | undefined {
  const isIpv6 = peer.address.includes(":");
  let first: T | undefined;
  let fitting: T | undefined;
  for (const listener of listeners) {
    if (listener.protocol !== peer.protocol) continue;
    if (peer.listener !== undefined && listener.name === peer.listener) return listener;
    first ??= listener;
    if (fitting === undefined && servesFamily(listener.host, isIpv6)) {
      fitting = listener;
      if (peer.listener === undefined) break;
    }
  }
  return fitting ?? first;
}
