import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import { type RtpNetwork, type RtpSockets, sendEach } from "./rtp-network.ts";

type Lookup = (host: string, options: unknown, done: (error: null, address: string, family: number) => void) => void;

/**
 * Sockets of node:dgram, for systems that have no polled ones. With a lookup that answers at once, bind and send hand over to the kernel inside the call;
 * with the default one they wait for the next tick, and a buffer used again by then goes out twice. The system's receive buffer (208 KiB) holds over 4 s of
 * one peer. What comes is handed on as it comes: kept until the next slot it costs the same or more, since each is read one by one in any case.
 */
export const nodeNetwork: RtpNetwork = {
  openSockets(address, port, listener) {
    const rtp = bindNow(address, port);
    if (rtp === undefined) return undefined;
    const rtcp = bindNow(address, port + 1);
    if (rtcp === undefined) {
      rtp.close();
      return undefined;
    }
    rtp.on("message", (bytes, from) => listener.rtp(bytes, from.address, from.port));
    rtcp.on("message", (bytes, from) => listener.rtcp(bytes, from.address, from.port));
    return new NodeRtpSockets(rtp, rtcp);
  },

  sendBatch: sendEach,
};

class NodeRtpSockets implements RtpSockets {
  readonly #rtp: Socket;
  readonly #rtcp: Socket;
  #address = "";
  #port = 0;
  #isConnected = false;
  #isClosed = false;

  constructor(rtp: Socket, rtcp: Socket) {
    this.#rtp = rtp;
    this.#rtcp = rtcp;
  }

  aim(address: string, port: number, isOnlyPeer: boolean): void {
    if (this.#isConnected === isOnlyPeer && this.#port === port && this.#address === address) return;
    if (this.#isConnected) this.#rtp.disconnect();
    this.#address = address;
    this.#port = port;
    this.#isConnected = isOnlyPeer && connectNow(this.#rtp, address, port);
  }

  sendRtp(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    if (this.#isConnected) this.#rtp.send(bytes);
    else this.#rtp.send(bytes, this.#port, this.#address);
  }

  sendRtcp(bytes: Uint8Array, address: string, port: number): void {
    if (!this.#isClosed) this.#rtcp.send(bytes, port, address);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#rtp.close();
    this.#rtcp.close();
  }
}

/**
 * Connects a socket to its one peer. False when there is no way there: then sends fail one by one, as they do unconnected. A peer whose port is closed
 * (ECONNREFUSED) costs at most the next packet; the "error" that it can raise ends in `bindNow`.
 */
function connectNow(socket: Socket, address: string, port: number): boolean {
  try {
    socket.connectSync(port, address);
    return true;
  } catch {
    return false;
  }
}

function bindNow(address: string, port: number): Socket | undefined {
  const family = isIPv6(address) ? 6 : 4;
  const lookup: Lookup = (host, _options, done) => done(null, host, family);
  const socket = createSocket({ type: family === 6 ? "udp6" : "udp4", ipv6Only: family === 6, lookup });
  let isFailed = false;
  // Also where errors of later sends end, such as an unreachable peer.
  socket.on("error", () => {
    isFailed = true;
  });
  socket.bind({ address, port, exclusive: true });
  if (!isFailed) return socket;
  socket.close();
  return undefined;
}
