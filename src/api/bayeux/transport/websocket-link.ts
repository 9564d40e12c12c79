import { WebSocket } from "ws";
import type { Client, Link, Sender } from "../client/client.ts";

/** RFC 6455 §7.4.1. */
export const closeCodes = { goingAway: 1001, unsupported: 1003, policy: 1008, failed: 1011 } as const;

export class WebSocketLink implements Link {
  readonly canPush = true;
  readonly clients = new Set<Client>();
  /** True when the last sweep found no client here. */
  isIdle = false;
  readonly #socket: WebSocket;
  #sender: Sender;

  constructor(socket: WebSocket, sender: Sender) {
    this.#socket = socket;
    this.#sender = sender;
  }

  get sender(): Sender {
    return this.#sender;
  }

  get unsentBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(frame: string, settled?: (hasLeft: boolean) => void): void {
    if (this.#socket.readyState !== WebSocket.OPEN) {
      settled?.(false);
      return;
    }
    this.#socket.send(frame, (error) => settled?.(error === undefined || error === null));
  }

  /** Whoever is at the other end is nobody any more. */
  signOut(): void {
    this.#sender = { ...this.#sender, subject: undefined };
  }

  /** Says goodbye; a peer that does not answer is cut off by the library after 30 s. */
  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  end(): void {
    this.#socket.terminate();
  }
}
