/**
 * A Bayeux 1.0 server: long-polling, callback-polling and WebSocket, with the ack and timesync extensions. It delivers to users, never
 * to everybody: a channel has the same name for all of them and other events for each.
 */
import type { FastifyInstance } from "fastify";
import type { Clock, Ids, Logger } from "../../kernel/index.ts";
import type { ClientChange } from "./client/clients.ts";
import { type BayeuxLimits, defaultLimits } from "./limits.ts";
import { Protocol } from "./protocol.ts";
import type { SubscribeGuard } from "./meta/subscription.ts";
import { registerHttpTransports } from "./transport/http.ts";
import type { Authenticate } from "./transport/identity.ts";
import { type HttpServer, WebSocketTransport } from "./transport/websocket.ts";

export type BayeuxServerOptions = {
  /** Where clients connect, without a slash at its end. */
  readonly path: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly authenticate: Authenticate;
  /** Everything may be subscribed to unless this says otherwise; /meta never. */
  readonly subscribeGuard?: SubscribeGuard;
  readonly onClient?: (change: ClientChange) => void;
  readonly limits?: Partial<BayeuxLimits>;
  /** Address under which clients reach the server; an https one makes the cookie Secure. */
  readonly publicUrl?: string | undefined;
  /** Whether pages of this origin may open WebSockets here; by default those of the same host name. */
  readonly acceptsOrigin?: (origin: string, host: string) => boolean;
};

export type BayeuxServer = {
  readonly clientCount: number;
  /** The transports over HTTP, in a scope of their own. They close with the server. */
  register(scope: FastifyInstance): Promise<void>;
  /** Takes upgrades of `server` at the same addresses. From then on websocket is offered to clients. */
  attachWebSocket(server: HttpServer): void;
  /** Delivers to every client of the user that subscribed to `channel`, one copy each, in the order of the calls. */
  publish(userKey: string, channel: string, data: unknown): void;
  /** Delivers to one client, subscribed or not. False when it is gone. */
  publishToClient(clientId: string, channel: string, data: unknown): boolean;
  /** Drops the clients of a login that ended; it opens nothing more. */
  disconnectLogin(loginId: string): void;
  /** Answers every held connect and closes every socket. Calling it again is harmless. */
  close(): void;
};

export function createBayeuxServer(options: BayeuxServerOptions): BayeuxServer {
  const { path, clock, ids, authenticate } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const logger = options.logger.child({ part: "bayeux" });
  const isSecure = options.publicUrl?.startsWith("https:") ?? false;
  const protocol = new Protocol({
    clock,
    ids,
    logger,
    limits,
    subscribeGuard: options.subscribeGuard ?? (() => true),
    onClient: options.onClient ?? (() => undefined),
    connectionTypes: () => (webSockets.isAttached ? ["websocket", ...httpTypes] : httpTypes),
  });
  const transport = {
    path,
    clock,
    ids,
    logger,
    limits,
    authenticate,
    isSecure,
    receive: protocol.receive.bind(protocol),
    lose: protocol.lose.bind(protocol),
  };
  const webSockets = new WebSocketTransport({ ...transport, acceptsOrigin: options.acceptsOrigin ?? isSameHost });
  const close = () => {
    protocol.close();
    webSockets.close();
  };
  return {
    get clientCount() {
      return protocol.clientCount;
    },
    async register(scope) {
      await scope.register(async (own) => {
        registerHttpTransports(own, transport);
        own.addHook("preClose", async () => close());
      });
    },
    attachWebSocket: (server) => webSockets.attach(server),
    publish: protocol.publish.bind(protocol),
    publishToClient: protocol.publishToClient.bind(protocol),
    disconnectLogin(loginId) {
      protocol.disconnectLogin(loginId);
      webSockets.endLogin(loginId);
    },
    close,
  };
}

const httpTypes = ["long-polling", "callback-polling"];

function isSameHost(origin: string, host: string): boolean {
  return URL.canParse(origin) && URL.canParse(`http://${host}`) && new URL(origin).hostname === new URL(`http://${host}`).hostname;
}
