/** SIP over TLS, RFC 3261 §26.2 and RFC 5922: we show the certificate the peer asks for by name, and check the one it shows us. */
import { isIP, type Socket } from "node:net";
import { connect, createServer, type TLSSocket } from "node:tls";
import { identityError } from "../tls/server-identity.ts";
import type { Certificates } from "../tls/certificates.ts";
import type { Handshake } from "./handshake.ts";
import { connectOptions } from "./tcp.ts";
import { byteWire } from "./wire.ts";

/** Brings an accepted TCP socket through its TLS handshake. */
export type Secure = (socket: Socket, ready: (secured: TLSSocket) => void) => void;

/** `refused` hears of each handshake that fails, ours to others included. */
export function tlsHandshake(certificates: Certificates, refused: (reason: string) => void): Handshake {
  const secure = tlsAcceptor(certificates, refused);
  return {
    accept: (socket, ready) => secure(socket, (secured) => ready(byteWire(secured))),
    connect(destination, localAddress) {
      const { address, name } = destination;
      const socket = connect({
        ...connectOptions(destination, localAddress),
        ...(name !== undefined && isIP(name) === 0 && { servername: name }),
        secureContext: certificates.clientContext(),
        rejectUnauthorized: certificates.verifiesServers,
        checkServerIdentity: (_host, certificate) => identityError(name ?? address, certificate),
      });
      let isReady = false;
      socket.once("secureConnect", () => (isReady = true));
      socket.once("error", (error) => {
        if (!isReady) refused(error.message);
      });
      return { wire: byteWire(socket), onReady: (handler) => void socket.once("secureConnect", handler) };
    },
  };
}

/** A TLS server without a socket of its own: connections are counted and limited before they come here. */
export function tlsAcceptor(certificates: Certificates, refused: (reason: string) => void): Secure {
  const server = createServer({
    ...certificates.serverOptions(),
    SNICallback: (name, done) => done(null, certificates.contextFor(name)),
  });
  let revision = certificates.revision;
  /** Handshakes under way. */
  const waiting = new Map<string, (secured: TLSSocket) => void>();
  server.on("secureConnection", (secured: TLSSocket) => waiting.get(keyOf(secured))?.(secured));
  server.on("tlsClientError", (error: Error, secured: TLSSocket) => {
    refused(error.message);
    secured.destroy();
  });
  return (socket, ready) => {
    if (revision !== certificates.revision) {
      // For clients that name no host; the others ask `contextFor` each time.
      server.setSecureContext(certificates.serverOptions());
      revision = certificates.revision;
    }
    const key = keyOf(socket);
    waiting.set(key, ready);
    socket.once("close", () => {
      if (waiting.get(key) === ready) waiting.delete(key);
    });
    server.emit("connection", socket);
  };
}

function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
