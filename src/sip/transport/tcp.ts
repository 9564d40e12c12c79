/**
 * SIP over TCP, RFC 3261 §18. A connection is known by the remote address and port and serves both directions: responses go back
 * on the connection of their request, requests reuse one to the same address.
 */
import { connect, createServer, isIPv6, type Server, type Socket } from "node:net";
import type { Clock, Logger, Timer } from "../../kernel/index.ts";
import type { Receiver } from "./receiver.ts";
import { TcpConnection, type TcpLimits } from "./tcp-connection.ts";
import { plainAddress, socketAddress } from "./address.ts";
import type { SipAddress } from "./transport.ts";

export const tcpLimits: TcpLimits = {
  maxConnections: 10_000,
  connectTimeoutMs: 4_000,
  idleMs: 600_000,
  firstMessageMs: 30_000,
  maxQueuedBytes: 1024 * 1024,
};

export type TcpTransport = {
  readonly port: number;
  /** When there is no connection to `destination`, one is made to what `reconnect` returns: for responses. */
  sendBytes(bytes: Uint8Array, destination: SipAddress, failed?: (reason: string) => void, reconnect?: () => SipAddress): void;
  close(): Promise<void>;
};

type TcpOptions = { host: string; port: number; clock: Clock; logger: Logger; receiver: Receiver; limits: TcpLimits };

const sweepMs = 5_000;

export async function openTcp(options: TcpOptions): Promise<TcpTransport> {
  const server = createServer({ noDelay: true });
  await listening(server, options.host, options.port);
  return new TcpListener(server, options);
}

class TcpListener implements TcpTransport {
  readonly port: number;
  readonly #server: Server;
  readonly #options: TcpOptions;
  readonly #connections = new Map<string, TcpConnection>();
  #sweep: Timer;
  #isClosed = false;

  constructor(server: Server, options: TcpOptions) {
    this.#server = server;
    this.#options = options;
    const address = server.address();
    this.port = typeof address === "object" && address !== null ? address.port : options.port;
    server.on("connection", (socket) => this.#accept(socket));
    server.on("error", (error) => options.logger.warn({ err: error }, "error on the SIP listener"));
    this.#sweep = options.clock.after(sweepMs, () => this.#closeIdle());
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

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#sweep.cancel();
    for (const connection of this.#connections.values()) connection.destroy("transport closed");
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #accept(socket: Socket): void {
    const address = socket.remoteAddress;
    if (address === undefined || this.#connections.size >= this.#options.limits.maxConnections) {
      this.#options.receiver.counters.connectionsRefused++;
      // A socket without this listener would throw what happens until it is gone.
      socket.on("error", () => undefined).destroy();
      return;
    }
    this.#keep(
      socket,
      { protocol: "tcp", address: plainAddress(address), port: socket.remotePort ?? 0 },
      this.#options.limits.firstMessageMs,
    );
  }

  /** The connection, or why there is none. */
  #connect(destination: SipAddress): TcpConnection | string {
    const existing = this.#connections.get(keyOf(destination));
    if (existing !== undefined) return existing;
    const { clock, limits, receiver, host } = this.#options;
    if (this.#connections.size >= limits.maxConnections) {
      receiver.counters.connectionsRefused++;
      return "too many connections";
    }
    if (!(destination.port > 0 && destination.port < 65_536)) return "no such port";
    const ipv6 = isIPv6(destination.address);
    const socket = connect({
      host: destination.address,
      port: destination.port,
      noDelay: true,
      // From the address we listen on, unless that is every address.
      ...(isWildcard(host) || isIPv6(host) !== ipv6 ? {} : { localAddress: host }),
      lookup: (name, _options, callback) => callback(null, socketAddress(name, ipv6), ipv6 ? 6 : 4),
    });
    const connection = this.#keep(socket, destination, limits.idleMs);
    const timer = clock.after(limits.connectTimeoutMs, () => connection.destroy("connect timed out"));
    socket.once("connect", () => timer.cancel());
    socket.once("close", () => timer.cancel());
    return connection;
  }

  #keep(socket: Socket, remote: SipAddress, patienceMs: number): TcpConnection {
    const { clock, logger, receiver, limits } = this.#options;
    const key = keyOf(remote);
    const connection = new TcpConnection({ socket, remote, clock, logger, receiver, patienceMs, limits });
    this.#connections.set(key, connection);
    receiver.counters.connectionsOpened++;
    receiver.counters.connections++;
    socket.once("close", () => {
      receiver.counters.connections--;
      if (this.#connections.get(key) === connection) this.#connections.delete(key);
    });
    return connection;
  }

  #closeIdle(): void {
    const now = this.#options.clock.now();
    for (const connection of this.#connections.values())
      if (connection.idleSinceMs + connection.patienceMs <= now) connection.destroy("idle");
    this.#sweep = this.#options.clock.after(sweepMs, () => this.#closeIdle());
  }
}

function keyOf(address: SipAddress): string {
  return `${address.address} ${address.port}`;
}

function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host }, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
}
