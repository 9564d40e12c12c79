/** UDP and TCP on one port as one transport. */
import type { Clock, Logger } from "../../kernel/index.ts";
import { formatMessage } from "../message/format-message.ts";
import type { SipMessage } from "../message/message.ts";
import { parseVia } from "../message/via.ts";
import { reconnectAddress } from "./address.ts";
import { type MalformedHandler, Receiver, type TransportCounters } from "./receiver.ts";
import { openTcp, type TcpTransport, tcpLimits } from "./tcp.ts";
import type { TcpLimits } from "./tcp-connection.ts";
import type { SipAddress, SipTransport } from "./transport.ts";
import { openUdp, type UdpTransport } from "./udp.ts";

export type SipTransportOptions = {
  /** Numeric address to bind. */
  readonly host: string;
  /** 0 picks one that is free for both protocols. */
  readonly port: number;
  /** What peers see when that is not `host`: behind NAT, or when `host` is every address. */
  readonly advertise?: { readonly host: string; readonly port?: number } | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxConnections?: number | undefined;
  readonly limits?: Partial<TcpLimits> | undefined;
};

export type SocketSipTransport = SipTransport & {
  /** The port that is bound. */
  readonly port: number;
  readonly counters: Readonly<TransportCounters>;
  /** Sets the one receiver of requests that are to be refused with a status and nothing else. */
  onMalformed(handler: MalformedHandler): void;
};

/** Rejects when the port is taken or the address is not ours. */
export async function openSipTransport(options: SipTransportOptions): Promise<SocketSipTransport> {
  const receiver = new Receiver(options.logger);
  const { udp, tcp } = await openPair(options, receiver);
  const host = options.advertise?.host ?? options.host;
  const port = options.advertise?.port ?? udp.port;

  const transport: SocketSipTransport = {
    port: udp.port,
    counters: receiver.counters,
    onMessage: (handler) => receiver.onMessage(handler),
    onMalformed: (handler) => receiver.onMalformed(handler),
    sentBy: () => ({ host, port }),
    tap: (tap) => void (receiver.tap = tap),
    send(message, destination, failed) {
      const bytes = formatMessage(message);
      receiver.tap?.("sent", bytes, destination, undefined);
      if (destination.protocol === "udp") udp.sendBytes(bytes, destination, failed);
      else tcp.sendBytes(bytes, destination, failed, () => returnAddress(message, destination));
    },
    sendBytes(bytes, destination, failed) {
      receiver.tap?.("sent", bytes, destination, undefined);
      if (destination.protocol === "udp") udp.sendBytes(bytes, destination, failed);
      else tcp.sendBytes(bytes, destination, failed);
    },
    async close() {
      await Promise.all([udp.close(), tcp.close()]);
    },
  };
  return transport;
}

const portAttempts = 20;

async function openPair(options: SipTransportOptions, receiver: Receiver): Promise<{ udp: UdpTransport; tcp: TcpTransport }> {
  const limits = {
    ...tcpLimits,
    ...options.limits,
    ...(options.maxConnections === undefined ? {} : { maxConnections: options.maxConnections }),
  };
  const { host, clock, logger } = options;
  for (let attempt = 1; ; attempt++) {
    const tcp = await openTcp({ host, port: options.port, clock, logger, receiver, limits });
    try {
      return { tcp, udp: await openUdp({ host, port: tcp.port, logger, receiver }) };
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
