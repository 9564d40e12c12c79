/** One TCP connection: bytes in to messages, messages out with a limit on what may wait. */
import type { Socket } from "node:net";
import type { Clock, Logger } from "../../kernel/index.ts";
import { StreamParser } from "../message/stream-parser.ts";
import type { Receiver } from "./receiver.ts";
import type { SipAddress } from "./transport.ts";

export type TcpLimits = {
  /** Incoming and outgoing together. */
  readonly maxConnections: number;
  readonly connectTimeoutMs: number;
  /** Without a byte either way. Phones keep theirs alive (RFC 5626: every 2 minutes or less). */
  readonly idleMs: number;
  /** For an incoming connection to bring its first message. */
  readonly firstMessageMs: number;
  /** Bytes that wait for a peer that does not read. */
  readonly maxQueuedBytes: number;
};

type ConnectionParts = {
  readonly socket: Socket;
  readonly remote: SipAddress;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly receiver: Receiver;
  readonly limits: Pick<TcpLimits, "idleMs" | "maxQueuedBytes">;
  /** How long it may be idle before its first message. */
  readonly patienceMs: number;
};

export class TcpConnection {
  /** When the last byte came or went; the listener closes the connection `patienceMs` after it. */
  idleSinceMs: number;
  patienceMs: number;
  readonly #parts: ConnectionParts;
  readonly #parser = new StreamParser();
  /** Why we closed it, when we did. */
  #closeReason: string | undefined;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.patienceMs = parts.patienceMs;
    this.idleSinceMs = parts.clock.now();
    const { socket, logger, remote } = parts;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", (error) => logger.debug({ err: error, remote }, "SIP connection failed"));
    // The peer will send nothing more, so nothing we say here is of use (no half-open connections in SIP).
    socket.on("end", () => socket.end());
  }

  /** `failed` is called at most once, also when the connection breaks before the bytes have left. */
  send(bytes: Uint8Array, failed: (reason: string) => void): void {
    const { socket, limits, clock } = this.#parts;
    if (socket.destroyed || !socket.writable) return failed("connection closed");
    if (socket.writableLength + bytes.length > limits.maxQueuedBytes) {
      failed("peer does not read");
      return this.destroy("peer does not read");
    }
    this.idleSinceMs = clock.now();
    socket.write(bytes, (error) => {
      if (error !== null && error !== undefined) failed(this.#closeReason ?? error.message);
    });
  }

  destroy(reason: string): void {
    this.#closeReason = reason;
    this.#parts.socket.destroy();
  }

  #read(chunk: Buffer): void {
    // A broken stream is only waiting for its end; it must not stay open by sending more.
    if (this.#parser.isBroken) return;
    const { socket, remote, receiver, clock, limits } = this.#parts;
    this.idleSinceMs = clock.now();
    for (const item of this.#parser.feed(chunk)) {
      if (item.kind === "ping") {
        this.send(pong, () => undefined);
        continue;
      }
      if (item.message.ok) this.patienceMs = limits.idleMs;
      receiver.take(item.message, remote, item.bytes);
    }
    // What the handler answered to the broken message still goes out before the connection closes.
    if (this.#parser.isBroken) socket.end();
  }
}

const pong = Buffer.from("\r\n");
