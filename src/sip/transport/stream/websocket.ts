/**
 * SIP over WebSocket, RFC 7118, as server only: a browser cannot listen, and whoever can has TCP. Host and path of the upgrade do not
 * matter; who the peer is, its digest credentials say.
 */
import { createServer, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { Handshake } from "./handshake.ts";
import type { Secure } from "./tls.ts";
import { frameWire, maxFrameBytes, type Wire } from "./wire.ts";

const subprotocol = "sip";

/** With `secure`, TLS comes before the upgrade: wss. */
export function webSocketHandshake(secure: Secure | undefined, refused: (reason: string) => void): Handshake {
  // Never listens: it is given sockets that were counted and limited before.
  const http = createServer({ keepAliveTimeout: 0, maxHeaderSize: 16 * 1024 });
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: maxFrameBytes,
    perMessageDeflate: false,
    handleProtocols: () => subprotocol,
  });
  const waiting = new WeakMap<Duplex, (wire: Wire) => void>();
  http.on("request", (_request, response) => {
    refused("no upgrade");
    response.writeHead(426, { Upgrade: "websocket", Connection: "close", "Content-Length": 0 }).end();
  });
  http.on("clientError", (error: Error, socket: Duplex) => {
    refused(error.message);
    socket.destroy();
  });
  http.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const ready = waiting.get(socket);
    socket.on("error", () => socket.destroy());
    if (ready === undefined || !offersSip(request)) {
      refused("the upgrade does not offer the subprotocol sip");
      socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => ready(frameWire(webSocket)));
  });
  const upgrade = (socket: Socket, ready: (wire: Wire) => void) => {
    waiting.set(socket, ready);
    http.emit("connection", socket);
  };
  return {
    accept: (socket, ready) => {
      if (secure === undefined) upgrade(socket, ready);
      else secure(socket, (secured) => upgrade(secured, ready));
    },
    connect: undefined,
  };
}

/** RFC 7118 §5.1: a client that does not offer it speaks something else. */
function offersSip({ headers }: IncomingMessage): boolean {
  const offered = headers["sec-websocket-protocol"] ?? "";
  return offered.split(",").some((name) => name.trim() === subprotocol);
}
