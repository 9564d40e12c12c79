/** The WebSocket transport: each text frame is a JSON array of Bayeux messages, both ways. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { FastifyInstance } from "fastify";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import type { Clock, Ids, Logger, Timer } from "../../../kernel/index.ts";
import type { BayeuxLimits } from "../limits.ts";
import type { Link } from "../client/client.ts";
import { type Message, parseMessages } from "../message.ts";
import { unreadable } from "../reply.ts";
import { type Authenticate, browserCookie, senderOf } from "./identity.ts";
import { closeCodes, WebSocketLink } from "./websocket-link.ts";

export type WebSocketTransportOptions = {
  readonly path: string;
  readonly limits: BayeuxLimits;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly authenticate: Authenticate;
  readonly isSecure: boolean;
  /** Whether pages of this origin may connect with the cookies of this server. */
  readonly acceptsOrigin: (origin: string, host: string) => boolean;
  readonly receive: (messages: readonly Message[], link: Link) => void;
  readonly lose: (link: Link) => void;
};

export type HttpServer = FastifyInstance["server"];

/** How long peers have to answer when the server stops. */
const farewellMs = 1_000;

export class WebSocketTransport {
  readonly #options: WebSocketTransportOptions;
  readonly #sockets: WebSocketServer;
  readonly #links = new Set<WebSocketLink>();
  readonly #detachers: (() => void)[] = [];
  /** Of upgrades under way: the cookie that the answer sets. */
  readonly #cookies = new WeakMap<IncomingMessage, string>();
  #sweep: Timer | undefined;

  constructor(options: WebSocketTransportOptions) {
    this.#options = options;
    this.#sockets = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: options.limits.requestBytes });
    this.#sockets.on("headers", (headers, request) => {
      const cookie = this.#cookies.get(request);
      if (cookie !== undefined) headers.push(`Set-Cookie: ${cookie}`);
    });
  }

  get isAttached(): boolean {
    return this.#detachers.length > 0;
  }

  attach(server: HttpServer): void {
    const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (this.#isOurs(request)) void this.#upgrade(request, socket, head);
      // Otherwise somebody else's, if there is somebody else.
      else if (server.listenerCount("upgrade") === 1) refuse(socket, "404 Not Found");
    };
    server.on("upgrade", onUpgrade);
    this.#detachers.push(() => server.off("upgrade", onUpgrade));
    this.#sweep ??= this.#sweepLater();
  }

  /** Its sockets stay for the denial of the next handshake, from which a client knows that it is over. The sweep closes them. */
  endLogin(loginId: string): void {
    for (const link of this.#links) if (link.sender.subject?.loginId === loginId) link.signOut();
  }

  close(): void {
    this.#sweep?.cancel();
    for (const detach of this.#detachers.splice(0)) detach();
    for (const link of this.#links) link.close(closeCodes.goingAway, "The server stops.");
    if (this.#links.size === 0) return;
    this.#options.clock.after(farewellMs, () => {
      for (const link of this.#links) link.end();
    });
  }

  #isOurs({ url = "/" }: IncomingMessage): boolean {
    const [path = "/"] = url.split("?", 1);
    return path === this.#options.path || path.startsWith(`${this.#options.path}/`);
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { authenticate, acceptsOrigin, ids, logger, isSecure } = this.#options;
    const onError = () => socket.destroy();
    socket.on("error", onError);
    try {
      const { origin, host = "" } = request.headers;
      // A page of another site could otherwise use the cookies of whoever looks at it.
      if (origin !== undefined && !acceptsOrigin(origin, host)) {
        refuse(socket, "403 Forbidden");
        return;
      }
      const sender = await senderOf(request.headers, addressOf(request), authenticate, ids);
      if (socket.destroyed || !this.isAttached) {
        onError();
        return;
      }
      // Client libraries cannot put headers on an upgrade. Refused, they go on over long-polling, where they can, and hear there why not.
      if (sender.subject === undefined) {
        refuse(socket, "403 Forbidden");
        return;
      }
      if (!sender.isBrowserKnown) this.#cookies.set(request, browserCookie(sender, isSecure));
      socket.off("error", onError);
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#open(webSocket, new WebSocketLink(webSocket, sender)));
    } catch (error) {
      logger.error({ err: error }, "A WebSocket could not be opened.");
      refuse(socket, "500 Internal Server Error");
    }
  }

  #open(socket: WebSocket, link: WebSocketLink): void {
    const { logger, lose } = this.#options;
    this.#links.add(link);
    socket.on("message", (data, isBinary) => this.#take(link, data, isBinary));
    // It is closed right after: a frame too large, text that is not UTF-8, a reset.
    socket.on("error", (error) => logger.debug({ err: error }, "A WebSocket failed."));
    socket.once("close", () => {
      this.#links.delete(link);
      lose(link);
    });
  }

  #take(link: WebSocketLink, data: RawData, isBinary: boolean): void {
    const { limits, logger, receive } = this.#options;
    if (isBinary) return link.close(closeCodes.unsupported, "Only text is read here.");
    // Who sends and never reads would fill the memory with replies.
    if (link.unsentBytes > limits.waitingBytes) return link.end();
    const messages = parseMessages([textOf(data)], limits.messagesPerRequest);
    if (!messages.ok) {
      link.send(unreadable(messages.reason));
      return link.close(closeCodes.policy, "Not an array of Bayeux messages.");
    }
    try {
      receive(messages.value, link);
    } catch (error) {
      logger.error({ err: error }, "A Bayeux frame failed.");
      link.close(closeCodes.failed, "The server failed.");
    }
  }

  /** Ends sockets on which nobody has shaken hands, or whose clients are gone, after one to two rounds. */
  #sweepLater(): Timer {
    return this.#options.clock.after(this.#options.limits.maxIntervalMs, () => {
      for (const link of this.#links) {
        if (link.clients.size > 0) link.isIdle = false;
        else if (link.isIdle) link.close(closeCodes.policy, "No client.");
        else link.isIdle = true;
      }
      this.#sweep = this.#sweepLater();
    });
  }
}

function textOf(data: RawData): string {
  return Buffer.isBuffer(data) ? data.toString("utf8") : "";
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** As for HTTP: a proxy on this machine may say for whom it speaks. */
function addressOf({ socket, headers }: IncomingMessage): string {
  const address = socket.remoteAddress ?? "";
  const isLocal = address === "::1" || address.replace("::ffff:", "").startsWith("127.");
  const forwarded = [headers["x-forwarded-for"] ?? []].flat().join(",").split(",").at(-1)?.trim();
  return isLocal && forwarded !== undefined && forwarded !== "" ? forwarded : address;
}
