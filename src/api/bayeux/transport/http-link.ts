import type { FastifyReply } from "fastify";
import type { Client, Link, Sender } from "../client/client.ts";

/** One HTTP request that waits for its answer. */
export class HttpLink implements Link {
  readonly sender: Sender;
  readonly canPush = false;
  readonly clients = new Set<Client>();
  readonly unsentBytes = 0;
  readonly #reply: FastifyReply;
  readonly #write: (reply: FastifyReply, frame: string) => void;
  #settled: ((hasLeft: boolean) => void) | undefined;
  #isAnswered = false;

  /** `onGone` hears when the connection ended before there was an answer. */
  constructor(reply: FastifyReply, sender: Sender, write: (reply: FastifyReply, frame: string) => void, onGone: (link: Link) => void) {
    this.#reply = reply;
    this.sender = sender;
    this.#write = write;
    reply.raw.once("close", () => {
      if (this.#isAnswered) this.#settled?.(reply.raw.writableFinished);
      else onGone(this);
    });
  }

  send(frame: string, settled?: (hasLeft: boolean) => void): void {
    this.#isAnswered = true;
    this.#settled = settled;
    if (this.#reply.raw.closed) settled?.(false);
    else this.#write(this.#reply, frame);
  }

  end(): void {}
}
