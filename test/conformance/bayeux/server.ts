/** A Bayeux server on a loopback port, and requests to it byte by byte. Users sign in with the header `x-user`. */
import { fastify } from "fastify";
import { WebSocket } from "ws";
import { type BayeuxServer, type BayeuxServerOptions, createBayeuxServer } from "../../../src/api/bayeux/bayeux-server.ts";
import { type Clock, silentLogger, systemIds } from "../../../src/kernel/index.ts";
import { type Received, received } from "../../support/fakes/bayeux.ts";
import { eventually } from "../../support/waiting.ts";

const path = "/api/v2/notifications";

export type RunningServer = {
  readonly bayeux: BayeuxServer;
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
};

export async function runServer(clock: Clock, options: Partial<BayeuxServerOptions> = {}, port = 0): Promise<RunningServer> {
  const bayeux = createBayeuxServer({
    path,
    clock,
    ids: systemIds(clock),
    logger: silentLogger,
    authenticate: async ({ headers, cookies }) => {
      const user = headers["x-user"] ?? cookies["user"];
      return typeof user === "string" && user !== "" ? { key: user, loginId: `login of ${user}` } : undefined;
    },
    ...options,
  });
  const server = fastify({ forceCloseConnections: true, routerOptions: { ignoreTrailingSlash: true } });
  await bayeux.register(server);
  bayeux.attachWebSocket(server.server);
  await server.listen({ host: "127.0.0.1", port });
  const address = server.server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { bayeux, port: address.port, url: `http://127.0.0.1:${address.port}${path}`, close: () => server.close() };
}

export type Answer = {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly messages: readonly Received[];
};

/** A browser of one user: keeps its cookie. */
export class Browser {
  readonly #server: RunningServer;
  readonly #user: string;
  cookie = "";

  constructor(server: RunningServer, user = "ann") {
    this.#server = server;
    this.#user = user;
  }

  async ask(
    suffix: string,
    init: { method?: string; body?: string; type?: string; signal?: AbortSignal } = {},
  ): Promise<Answer & { setCookie: string }> {
    const { body, type = "application/json", method = body === undefined ? "GET" : "POST", signal } = init;
    const answer = await fetch(this.#server.url + suffix, {
      method,
      headers: {
        "x-user": this.#user,
        ...(body === undefined ? {} : { "content-type": type }),
        ...(this.cookie === "" ? {} : { cookie: this.cookie }),
      },
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
    const setCookie = answer.headers.get("set-cookie") ?? "";
    if (setCookie !== "") this.cookie = setCookie.split(";", 1)[0] ?? "";
    const text = await answer.text();
    const isJson = answer.headers.get("content-type")?.startsWith("application/json") === true;
    return {
      status: answer.status,
      type: answer.headers.get("content-type") ?? "",
      text,
      messages: isJson ? received(text) : [],
      setCookie,
    };
  }

  async send(messages: unknown, suffix = ""): Promise<readonly Received[]> {
    return (await this.ask(suffix, { body: JSON.stringify(messages) })).messages;
  }

  async handshake(fields: object = {}): Promise<Received & { readonly clientId: string }> {
    const [reply] = await this.send([
      { channel: "/meta/handshake", version: "1.0", supportedConnectionTypes: ["long-polling"], ...fields },
    ]);
    if (reply?.clientId === undefined) throw new Error(`no client: ${JSON.stringify(reply)}`);
    return { ...reply, clientId: reply.clientId };
  }

  /** A client that has subscribed. */
  async subscriber(subscription: string | readonly string[], fields: object = {}): Promise<string> {
    const { clientId } = await this.handshake(fields);
    await this.send([{ channel: "/meta/subscribe", clientId, subscription }]);
    return clientId;
  }

  connect(clientId: string, fields: object = {}): Promise<readonly Received[]> {
    return this.send([{ channel: "/meta/connect", clientId, connectionType: "long-polling", ...fields }], "/connect");
  }
}

/** A WebSocket that keeps what came. */
export class Socket {
  readonly webSocket: WebSocket;
  readonly frames: string[] = [];
  closeCode: number | undefined;

  private constructor(webSocket: WebSocket) {
    this.webSocket = webSocket;
    webSocket.on("message", (data) => this.frames.push((data as Buffer).toString("utf8")));
    webSocket.on("close", (code) => {
      this.closeCode = code;
    });
    webSocket.on("error", () => undefined);
  }

  static async open(server: RunningServer, headers: Record<string, string> = { "x-user": "ann" }, suffix = ""): Promise<Socket> {
    const socket = new Socket(new WebSocket(server.url.replace("http", "ws") + suffix, { headers }));
    await new Promise<void>((resolve, reject) => {
      socket.webSocket.once("open", resolve);
      socket.webSocket.once("error", reject);
    });
    return socket;
  }

  get messages(): readonly Received[] {
    return this.frames.flatMap(received);
  }

  send(messages: unknown): void {
    this.webSocket.send(JSON.stringify(messages));
  }

  /** The reply with this id. */
  async ask(message: { readonly id: string; readonly [name: string]: unknown }): Promise<Received> {
    this.send([message]);
    return this.reply(message.id);
  }

  reply(id: string): Promise<Received> {
    return eventually(`reply ${id}`, () => this.messages.find((message) => message.id === id));
  }

  async handshake(fields: object = {}): Promise<string> {
    const reply = await this.ask({
      channel: "/meta/handshake",
      id: "handshake",
      version: "1.0",
      supportedConnectionTypes: ["websocket"],
      ...fields,
    });
    return reply.clientId ?? "";
  }
}
