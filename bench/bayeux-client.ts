/** A CometD client that does only what a bench needs of one: as little work as possible beside the server's. */
import { Agent, request } from "node:http";
import { WebSocket } from "ws";

export const transports = ["long-polling", "websocket"] as const;
export type Transport = (typeof transports)[number];

type Reply = { readonly channel: string; readonly clientId?: string; readonly successful?: boolean; readonly data?: unknown };
type Send = (message: object) => void;

const path = "/api/v2/notifications";

export type BayeuxClient = { close(): void };

/** Shakes hands, subscribes to all of the user's own and goes on connecting until it is closed. `onEvent` gets what is told. */
export async function openBayeuxClient(
  { url, cookie, transport }: { readonly url: string; readonly cookie: string; readonly transport: Transport },
  onEvent: (data: unknown) => void,
): Promise<BayeuxClient> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let clientId = "";
  let isClosed = false;
  const connect = (send: Send) => send({ channel: "/meta/connect", clientId, connectionType: transport });
  const take = (replies: readonly Reply[], send: Send) => {
    for (const reply of replies) {
      if (reply.data !== undefined) onEvent(reply.data);
      else if (reply.successful !== true) reject(new Error(JSON.stringify(reply)));
      else if (reply.channel === "/meta/handshake") {
        clientId = reply.clientId ?? "";
        send({ channel: "/meta/subscribe", clientId, subscription: "/v2/me/*" });
      } else {
        if (reply.channel === "/meta/subscribe") resolve();
        if (!isClosed) connect(send);
      }
    }
  };
  const fail = (error: Error) => {
    if (!isClosed) reject(error);
  };
  const open = transport === "websocket" ? overWebSocket : overHttp;
  const end = open(
    { url: url + path, cookie, take, fail },
    { channel: "/meta/handshake", version: "1.0", supportedConnectionTypes: [transport] },
  );
  await promise;
  return {
    close() {
      isClosed = true;
      end();
    },
  };
}

type Way = {
  readonly url: string;
  readonly cookie: string;
  readonly take: (replies: readonly Reply[], send: Send) => void;
  readonly fail: (error: Error) => void;
};

function overHttp({ url, cookie, take, fail }: Way, first: object): () => void {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let browser = "";
  const send = (message: object) => {
    const headers = { "content-type": "application/json", cookie: `${cookie}${browser}` };
    const sent = request(url, { method: "POST", agent, headers }, (response) => {
      const [, name] = /(BAYEUX_BROWSER=\w+)/.exec(String(response.headers["set-cookie"])) ?? [];
      if (name !== undefined) browser = `; ${name}`;
      response.setEncoding("utf8");
      let text = "";
      response.on("data", (part: string) => (text += part));
      response.on("end", () => take(JSON.parse(text) as readonly Reply[], send));
    });
    sent.on("error", fail);
    sent.end(JSON.stringify([message]));
  };
  send(first);
  return () => agent.destroy();
}

function overWebSocket({ url, cookie, take, fail }: Way, first: object): () => void {
  const socket = new WebSocket(url.replace("http", "ws"), { headers: { cookie } });
  const send = (message: object) => socket.send(JSON.stringify([message]));
  socket.on("open", () => send(first));
  socket.on("message", (frame: Buffer) => take(JSON.parse(frame.toString("utf8")) as readonly Reply[], send));
  socket.on("error", fail);
  return () => socket.terminate();
}
