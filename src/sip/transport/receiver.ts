/** What the socket transports share: one handler for messages, one for requests that can only be refused, and the counters. */
import type { Logger } from "../../kernel/index.ts";
import type { SipRequest } from "../message/message.ts";
import type { ParsedMessage } from "../message/parse-message.ts";
import { stampSource } from "./address.ts";
import type { MessageHandler, MessageTap, SipAddress } from "./transport.ts";

/** A request that is answered with `status` and goes no further; its top Via is filled in as for any other. */
export type MalformedHandler = (request: SipRequest, status: 400 | 505 | 513, reason: string, source: SipAddress) => void;

export type TransportCounters = {
  /** Messages that were understood. */
  received: number;
  sent: number;
  /** Requests handed to the malformed handler. */
  refused: number;
  /** Bytes that were no message, or one that cannot be answered. */
  dropped: number;
  sendFailures: number;
  connectionsOpened: number;
  /** Connections turned away or closed because of a limit. */
  connectionsRefused: number;
  /** Incoming connections that came to no message: TLS failed, no proper upgrade to WebSocket, or too slow. Outgoing ones whose TLS failed. */
  handshakeFailures: number;
  /** Open now, those in their handshake too. */
  connections: number;
};

export class Receiver {
  readonly counters: TransportCounters = {
    received: 0,
    sent: 0,
    refused: 0,
    dropped: 0,
    sendFailures: 0,
    connectionsOpened: 0,
    connectionsRefused: 0,
    handshakeFailures: 0,
    connections: 0,
  };
  /** Sees each message that can be understood or refused, and what the transport sends. */
  tap: MessageTap | undefined;
  readonly #logger: Logger;
  #onMessage: MessageHandler | undefined;
  #onMalformed: MalformedHandler | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  onMessage(handler: MessageHandler): void {
    this.#onMessage = handler;
  }

  onMalformed(handler: MalformedHandler): void {
    this.#onMalformed = handler;
  }

  /** Hands the message of `bytes` up. A request whose Via cannot be read cannot be answered and is dropped. An exception of a handler is a bug above: it is logged and does not reach the socket. */
  take(message: ParsedMessage, source: SipAddress, bytes: Uint8Array): void {
    const value = message.ok ? message.value : message.refusable?.request;
    if (value === undefined || (value.kind === "request" && !stampSource(value, source))) {
      this.counters.dropped++;
      this.#logger.debug({ source, reason: message.ok ? "Via" : message.reason }, "dropped bytes that are no SIP message");
      return;
    }
    this.tap?.("received", bytes, source, value);
    try {
      if (message.ok) {
        this.counters.received++;
        this.#onMessage?.(message.value, source);
      } else if (message.refusable !== undefined) {
        this.counters.refused++;
        this.#onMalformed?.(message.refusable.request, message.refusable.status, message.reason, source);
      }
    } catch (error) {
      this.#logger.error({ err: error, source }, "a handler of SIP messages failed");
    }
  }
}
