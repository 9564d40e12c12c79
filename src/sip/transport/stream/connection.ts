/** One connection of SIP messages: what came in goes to the receiver, what goes out has a limit on what may wait, and silence has an end. */
import type { Clock, Logger } from "../../../kernel/index.ts";
import type { StreamItem } from "../../message/stream-parser.ts";
import type { Receiver } from "../receiver.ts";
import type { SipAddress } from "../transport.ts";
import type { StreamLimits } from "./limits.ts";
import type { Wire, WireListener } from "./wire.ts";

type ConnectionParts = {
  readonly wire: Wire;
  readonly remote: SipAddress;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly receiver: Receiver;
  readonly limits: StreamLimits;
  /** How long it may be idle before its first message. */
  readonly patienceMs: number;
  /** Whether we ask now and then if the peer is there (RFC 5626 §4.4.1: whoever connected does; RFC 6455: either may). */
  readonly pings: boolean;
  readonly closed: () => void;
};

export class Connection implements WireListener {
  readonly #parts: ConnectionParts;
  #patienceMs: number;
  /** When the last message or byte came or went; our pings do not count. */
  #idleSinceMs: number;
  #heardAtMs: number;
  #pingedAtMs: number;
  /** When the first byte of the message came that is not whole yet. */
  #begunAtMs: number;
  /** The peer has answered a ping before, so its silence means something. */
  #answersPings = false;
  /** Why we closed it, when we did. */
  #closeReason: string | undefined;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.#patienceMs = parts.patienceMs;
    this.#idleSinceMs = this.#heardAtMs = this.#pingedAtMs = this.#begunAtMs = parts.clock.now();
    parts.wire.listen(this);
  }

  /** `failed` is called at most once, also when the connection breaks before the bytes have left. */
  send(bytes: Uint8Array, failed: (reason: string) => void): void {
    const { wire, limits, clock } = this.#parts;
    if (!wire.isOpen) return failed(this.#closeReason ?? "connection closed");
    if (wire.queuedBytes + bytes.length > limits.maxQueuedBytes) {
      failed("peer does not read");
      return this.destroy("peer does not read");
    }
    this.#idleSinceMs = clock.now();
    wire.write(bytes, (error) => {
      if (error !== null && error !== undefined) failed(this.#closeReason ?? error.message);
    });
  }

  destroy(reason: string): void {
    this.#closeReason ??= reason;
    this.#parts.wire.destroy();
  }

  /** Now and then: pings what is silent, and closes what has been for too long. */
  attend(nowMs: number): void {
    const { limits, pings, wire } = this.#parts;
    const isUnanswered = this.#answersPings && this.#pingedAtMs > this.#heardAtMs && nowMs - this.#pingedAtMs >= limits.pongMs;
    if (isUnanswered) this.destroy("pings are not answered any more");
    else if (this.#idleSinceMs + this.#patienceMs <= nowMs) this.destroy("idle");
    // Byte by byte, many of these would hold much memory for hours.
    else if (wire.pendingBytes > 0 && this.#begunAtMs + limits.firstMessageMs <= nowMs) this.destroy("message not finished in time");
    else if (pings && wire.isOpen && nowMs - Math.max(this.#heardAtMs, this.#pingedAtMs) >= limits.pingEveryMs) {
      this.#pingedAtMs = nowMs;
      wire.ping();
    }
  }

  item(item: StreamItem, isLast: boolean): void {
    const { wire, remote, receiver, limits, clock } = this.#parts;
    // The bytes after it, in the same chunk, begin the next one.
    this.#begunAtMs = clock.now();
    if (item.kind === "ping") this.send(pong, () => undefined);
    else {
      if (item.message.ok) this.#patienceMs = limits.idleMs;
      receiver.take(item.message, remote, item.bytes);
    }
    // What the handler answered to the broken message still goes out before the connection closes.
    if (isLast) wire.end();
  }

  heard(isPong: boolean, isBeginning: boolean): void {
    const nowMs = this.#parts.clock.now();
    if (isBeginning) this.#begunAtMs = nowMs;
    if (isPong && this.#pingedAtMs >= this.#heardAtMs && this.#parts.pings) this.#answersPings = true;
    this.#heardAtMs = this.#idleSinceMs = nowMs;
  }

  failed(error: Error): void {
    this.#closeReason ??= error.message;
    this.#parts.logger.debug({ err: error, remote: this.#parts.remote }, "SIP connection failed");
  }

  closed(): void {
    this.#parts.closed();
  }
}

const pong = Buffer.from("\r\n");
