/** Somebody else's server, which takes webhooks well or badly. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Received = { readonly id: string; readonly contentType: string | undefined; readonly body: unknown };

/** What it does with a request. */
export type Manner = (response: ServerResponse, request: Received) => void;

export const manners = {
  well: (response) => void response.writeHead(200).end("ok"),
  silent: () => undefined,
  failing: (response) => void response.writeHead(500).end(),
  /** Promises more than it sends. */
  lying: (response) => void response.writeHead(200, { "Content-Length": "100" }).write("x", () => response.destroy()),
  breaking: (response) => void response.destroy(),
  /** The answer has no end. */
  huge: (response) => {
    response.writeHead(200);
    const more = () => {
      while (!response.destroyed && response.write("x".repeat(16_384)));
    };
    response.on("drain", more);
    more();
  },
  slowBody: (response) => void response.writeHead(200).write("x"),
} as const satisfies Record<string, Manner>;

export class Receiver implements AsyncDisposable {
  readonly requests: Received[] = [];
  manner: Manner = manners.well;
  /** Requests under way at once, at most so far. */
  most = 0;
  readonly #server = createServer((request, response) => this.#take(request, response));
  #open = 0;

  static async open(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, "127.0.0.1", resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    this.#open += 1;
    this.most = Math.max(this.most, this.#open);
    response.on("close", () => (this.#open -= 1));
    let text = "";
    request.on("data", (part: Buffer) => (text += part.toString()));
    request.on("end", () => {
      const id = String(request.headers["idempotency-key"]);
      const received = { id, contentType: request.headers["content-type"], body: JSON.parse(text) as unknown };
      this.requests.push(received);
      this.manner(response, received);
    });
  }
}
