/** All listeners as one transport: UDP and TCP on one port, and whatever else is asked for. */
import type { Clock, Logger } from "../../kernel/index.ts";
import { formatMessage } from "../message/format-message.ts";
import type { SipMessage } from "../message/message.ts";
import { parseVia } from "../message/via.ts";
import { reconnectAddress } from "./address.ts";
import { type Advertised, chooseListener, type HostPort, type ListenerOptions, type SipListener } from "./listener.ts";
import { type MalformedHandler, Receiver, type TransportCounters } from "./receiver.ts";
import type { Handshake } from "./stream/handshake.ts";
import { Admission, type StreamLimits, streamLimits } from "./stream/limits.ts";
import { connectingOnly, openStreamListener, type StreamParts } from "./stream/stream-listener.ts";
import { tcpHandshake } from "./stream/tcp.ts";
import { tlsAcceptor, tlsHandshake } from "./stream/tls.ts";
import { webSocketHandshake } from "./stream/websocket.ts";
import { type Certificates, noTls, openCertificates, type TlsSettings } from "./tls/certificates.ts";
import type { SipAddress, SipProtocol, SipTransport } from "./transport.ts";
import { openUdp } from "./udp.ts";

export type SipTransportOptions = {
  /** Numeric address to bind for UDP and TCP: the first listeners, which have no name. */
  readonly host: string;
  /** 0 picks one that is free for both protocols. */
  readonly port: number;
  readonly advertise?: Advertised | undefined;
  /** Further ones. */
  readonly listeners?: readonly ListenerOptions[] | undefined;
  readonly tls?: TlsSettings | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<StreamLimits> | undefined;
};

export type SocketSipTransport = SipTransport & {
  /** The port that is bound for UDP and TCP. */
  readonly port: number;
  /** All of them, the first ones first. */
  readonly listeners: readonly Pick<SipListener, "protocol" | "host" | "port" | "sentBy">[];
  readonly counters: Readonly<TransportCounters>;
  /** Whether a peer that wrote to us can still be written to where it came from. */
  isReachable(peer: SipAddress): boolean;
  /** Sets the one receiver of requests that are to be refused with a status and nothing else. */
  onMalformed(handler: MalformedHandler): void;
};

/** Rejects when a port is taken, an address is not ours, or there is no usable certificate for TLS. */
export async function openSipTransport(options: SipTransportOptions): Promise<SocketSipTransport> {
  const { clock, logger } = options;
  const receiver = new Receiver(logger);
  const limits = { ...streamLimits, ...options.limits };
  const certificates = await openCertificates(options.tls ?? noTls, clock, logger);
  const listeners: SipListener[] = [];
  const close = async () => {
    certificates.close();
    await Promise.all(listeners.map((listener) => listener.close()));
  };
  try {
    const parts = { clock, logger, receiver, limits, admission: new Admission(limits) };
    const handshakes = handshakesFor(certificates, receiver);
    listeners.push(...(await openPair(options, parts)));
    for (const further of options.listeners ?? []) {
      const own = { ...further, ...parts, isNamed: true, ipv6Only: isIpv4Elsewhere(further, options) };
      listeners.push(
        await (further.protocol === "udp" ? openUdp(own) : openStreamListener({ ...own, handshake: handshakes[further.protocol] })),
      );
    }
    if (!listeners.some(({ protocol }) => protocol === "tls")) {
      const advertise = options.advertise && { host: options.advertise.host };
      const own = { protocol: "tls", host: options.host, port: 5061, advertise, isNamed: false, handshake: handshakes.tls } as const;
      listeners.push(connectingOnly({ ...own, ...parts }));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return joined(listeners, receiver, close);
}

function joined(listeners: readonly SipListener[], receiver: Receiver, close: () => Promise<void>): SocketSipTransport {
  const fail = (destination: SipAddress, failed: ((reason: string) => void) | undefined) => {
    receiver.counters.sendFailures++;
    if (failed !== undefined) queueMicrotask(() => failed(`no listener for ${destination.protocol}`));
  };
  const [first] = listeners;
  if (first === undefined) throw new Error("a transport without listeners");
  return {
    port: first.port,
    listeners,
    counters: receiver.counters,
    onMessage: (handler) => receiver.onMessage(handler),
    onMalformed: (handler) => receiver.onMalformed(handler),
    serves: (protocol) => listeners.some((listener) => listener.protocol === protocol),
    isReachable: (peer) => chooseListener(listeners, peer)?.isReachable(peer) ?? false,
    sentBy: (peer): HostPort => (chooseListener(listeners, peer) ?? first).sentBy,
    tap: (tap) => void (receiver.tap = tap),
    send(message, destination, failed) {
      const bytes = formatMessage(message);
      receiver.tap?.("sent", bytes, destination, undefined);
      const listener = chooseListener(listeners, destination);
      if (listener === undefined) fail(destination, failed);
      else listener.sendBytes(bytes, destination, failed, () => returnAddress(message, destination));
    },
    sendBytes(bytes, destination, failed) {
      receiver.tap?.("sent", bytes, destination, undefined);
      const listener = chooseListener(listeners, destination);
      if (listener === undefined) fail(destination, failed);
      else listener.sendBytes(bytes, destination, failed);
    },
    close,
  };
}

function handshakesFor(certificates: Certificates, { counters }: Receiver): Readonly<Record<Exclude<SipProtocol, "udp">, Handshake>> {
  const refused = () => void (counters.handshakeFailures += 1);
  return {
    tcp: tcpHandshake,
    tls: tlsHandshake(certificates, refused),
    ws: webSocketHandshake(undefined, refused),
    wss: webSocketHandshake(tlsAcceptor(certificates, refused), refused),
  };
}

/** A socket bound to :: takes IPv4 too, unless somebody else is to have it. */
function isIpv4Elsewhere({ protocol, host, port }: ListenerOptions, { listeners = [], ...first }: SipTransportOptions): boolean {
  const firsts = (["udp", "tcp"] as const).map((of) => ({ protocol: of, host: first.host, port: first.port }));
  return (
    host === "::" &&
    [...firsts, ...listeners].some((other) => other.protocol === protocol && other.port === port && !other.host.includes(":"))
  );
}

const portAttempts = 20;

async function openPair(options: SipTransportOptions, parts: StreamParts): Promise<readonly SipListener[]> {
  const { host, advertise } = options;
  const own = { host, advertise, ...parts, isNamed: false, ipv6Only: isIpv4Elsewhere({ ...options, protocol: "udp" }, options) };
  for (let attempt = 1; ; attempt++) {
    const tcp = await openStreamListener({ ...own, protocol: "tcp", port: options.port, handshake: tcpHandshake });
    try {
      return [await openUdp({ ...own, port: tcp.port }), tcp];
    } catch (error) {
      await tcp.close();
      if (options.port !== 0 || attempt === portAttempts) throw error;
    }
  }
}

/** Where a message goes when there is no connection yet: a response as its Via says (§18.2.2), a request where it was sent. */
function returnAddress(message: SipMessage, destination: SipAddress): SipAddress {
  if (message.kind === "request") return destination;
  const via = parseVia(message.headers.get("Via") ?? "");
  return via.ok ? reconnectAddress(via.value, destination.protocol) : destination;
}
