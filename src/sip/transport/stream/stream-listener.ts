/**
 * SIP over connections, RFC 3261 §18, for one listener of any such protocol. A connection is known by the remote address and port and
 * serves both directions: responses go back on the connection of their request, requests reuse one to the same address.
 */
import { createServer, isIPv6, type Server, type Socket } from "node:net";
import type { Clock, Logger, Timer } from "../../../kernel/index.ts";
import { plainAddress } from "../address.ts";
import { type HostPort, type ListenerOptions, listenerName, type SipListener } from "../listener.ts";
import type { Receiver } from "../receiver.ts";
import type { SipAddress, SipProtocol } from "../transport.ts";
import { Connection } from "./connection.ts";
import type { Handshake } from "./handshake.ts";
import type { Admission, StreamLimits } from "./limits.ts";
import type { Wire } from "./wire.ts";

/** What all stream listeners of a transport share. */
export type StreamParts = {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly receiver: Receiver;
  readonly limits: StreamLimits;
  readonly admission: Admission;
};

export type StreamListenerOptions = ListenerOptions &
  StreamParts & {
    readonly handshake: Handshake;
    /** Only peers that name it are its own. */
    readonly isNamed: boolean;
    /** Leaves IPv4 to another listener on the same port. */
    readonly ipv6Only?: boolean;
  };

const sweepMs = 5_000;

/** Rejects when the address or port cannot be had. */
export async function openStreamListener(options: StreamListenerOptions): Promise<StreamListener> {
  const server = createServer({ noDelay: true });
  await listening(server, options);
  return new StreamListener(server, options);
}

/** Connects out and does not listen: for a protocol that peers speak and we have no port for. */
export function connectingOnly(options: StreamListenerOptions): StreamListener {
  return new StreamListener(undefined, options);
}

export class StreamListener implements SipListener {
  readonly protocol: SipProtocol;
  readonly name: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly sentBy: HostPort;
  readonly #server: Server | undefined;
  readonly #options: StreamListenerOptions;
  /** By remote address and port; one that was made to a name also with it. */
  readonly #connections = new Map<string, Connection>();
  /** Accepted sockets, each with the end of its handshake. */
  readonly #accepted = new Map<Socket, Timer>();
  readonly #open = new Set<Connection>();
  #sweep: Timer;
  #isClosed = false;

  constructor(server: Server | undefined, options: StreamListenerOptions) {
    this.#server = server;
    this.#options = options;
    this.protocol = options.protocol;
    this.host = options.host;
    const address = server?.address();
    this.port = typeof address === "object" && address !== null ? address.port : options.port;
    this.name = options.isNamed ? listenerName(this) : undefined;
    this.sentBy = { host: options.advertise?.host ?? options.host, port: options.advertise?.port ?? this.port };
    server?.on("connection", (socket) => this.#accept(socket));
    server?.on("error", (error) => options.logger.warn({ err: error }, "error on the SIP listener"));
    this.#sweep = options.clock.after(sweepMs, () => this.#attend());
  }

  sendBytes(bytes: Uint8Array, destination: SipAddress, failed?: (reason: string) => void, reconnect?: () => SipAddress): void {
    const { counters } = this.#options.receiver;
    const refuse = (reason: string) => {
      counters.sendFailures++;
      if (failed !== undefined) queueMicrotask(() => failed(reason));
    };
    if (this.#isClosed) return refuse("transport closed");
    const connection = this.#connections.get(keyOf(destination)) ?? this.#connect(reconnect?.() ?? destination);
    if (typeof connection === "string") return refuse(connection);
    counters.sent++;
    connection.send(bytes, refuse);
  }

  isReachable(peer: SipAddress): boolean {
    return this.#connections.has(keyOf(peer));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#sweep.cancel();
    for (const connection of this.#open) connection.destroy("transport closed");
    for (const [socket, timer] of this.#accepted) {
      timer.cancel();
      socket.destroy();
    }
    await new Promise<void>((resolve) => {
      if (this.#server === undefined) resolve();
      else this.#server.close(() => resolve());
    });
  }

  #accept(socket: Socket): void {
    const { receiver, admission, clock, limits, handshake } = this.#options;
    const address = plainAddress(socket.remoteAddress ?? "");
    // A socket without this listener would throw what happens until it is gone.
    socket.on("error", () => undefined);
    if (this.#isClosed || address === "" || !admission.enter(address)) {
      receiver.counters.connectionsRefused++;
      socket.destroy();
      return;
    }
    receiver.counters.connections++;
    const remote = this.#addressed({ protocol: this.protocol, address, port: socket.remotePort ?? 0 });
    const timer = clock.after(limits.handshakeMs, () => {
      receiver.counters.handshakeFailures++;
      socket.destroy();
    });
    this.#accepted.set(socket, timer);
    socket.once("close", () => {
      timer.cancel();
      this.#accepted.delete(socket);
      receiver.counters.connections--;
      admission.leave(address);
    });
    handshake.accept(socket, (wire) => {
      timer.cancel();
      if (this.#isClosed) wire.destroy();
      else this.#keep(wire, remote, limits.firstMessageMs, isWebSocket(this.protocol));
    });
  }

  /** The connection, or why there is none. */
  #connect(destination: SipAddress): Connection | string {
    const existing = this.#connections.get(keyOf(destination));
    if (existing !== undefined) return existing;
    const { clock, limits, receiver, admission, host, handshake } = this.#options;
    if (handshake.connect === undefined) return "the peer has closed its connection";
    if (!(destination.port > 0 && destination.port < 65_536)) return "no such port";
    if (!admission.enter(destination.address)) {
      receiver.counters.connectionsRefused++;
      return "too many connections";
    }
    receiver.counters.connections++;
    // From the address we listen on, unless that is every address.
    const isBound = host !== "0.0.0.0" && host !== "::" && isIPv6(host) === isIPv6(destination.address);
    const { wire, onReady } = handshake.connect(destination, isBound ? host : undefined);
    const timer = clock.after(limits.connectTimeoutMs, () => connection.destroy("connect timed out"));
    const connection = this.#keep(wire, this.#addressed(destination), limits.idleMs, true, () => {
      timer.cancel();
      receiver.counters.connections--;
      admission.leave(destination.address);
    });
    onReady(() => timer.cancel());
    return connection;
  }

  #keep(wire: Wire, remote: SipAddress, patienceMs: number, pings: boolean, closed = () => undefined as void): Connection {
    const { clock, logger, receiver, limits } = this.#options;
    const keys = [keyOf(remote), ...(remote.name === undefined ? [] : [keyOf({ ...remote, name: undefined })])];
    const connection: Connection = new Connection({
      wire,
      remote,
      clock,
      logger,
      receiver,
      patienceMs,
      limits,
      pings,
      closed: () => {
        this.#open.delete(connection);
        for (const key of keys) if (this.#connections.get(key) === connection) this.#connections.delete(key);
        closed();
      },
    });
    this.#open.add(connection);
    for (const key of keys) this.#connections.set(key, connection);
    receiver.counters.connectionsOpened++;
    return connection;
  }

  #addressed(remote: SipAddress): SipAddress {
    return this.name === undefined ? remote : { ...remote, listener: this.name };
  }

  #attend(): void {
    const now = this.#options.clock.now();
    for (const connection of this.#open) connection.attend(now);
    this.#sweep = this.#options.clock.after(sweepMs, () => this.#attend());
  }
}

/**
 * A connection made to a host name has been checked for that name (RFC 5922 §4), so another name needs another connection. Without a
 * name any to the address will do: most Contacts of carriers are addresses, which no certificate has.
 */
function keyOf({ address, port, name }: Omit<SipAddress, "name"> & { readonly name?: string | undefined }): string {
  return name === undefined ? `${address} ${port}` : `${address} ${port} ${name}`;
}

/** A browser does not ping by itself, so we do. */
function isWebSocket(protocol: SipProtocol): boolean {
  return protocol === "ws" || protocol === "wss";
}

function listening(server: Server, { host, port, ipv6Only = false }: StreamListenerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host, ipv6Only }, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
}
