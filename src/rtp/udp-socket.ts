import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";

export type DatagramListener = {
  rtp(bytes: Uint8Array, address: string, port: number): void;
  rtcp(bytes: Uint8Array, address: string, port: number): void;
};

/** The two sockets of one media endpoint. Sending never fails: UDP promises nothing, and what ICMP says is no news to RTP. */
export type RtpSockets = {
  /** Where RTP goes from now on. With `isOnlyPeer`, what comes from elsewhere may be dropped unseen: the socket is connected, and sending costs 15 % less. */
  aim(address: string, port: number, isOnlyPeer: boolean): void;
  /** To where `aim` says. The kernel has taken `bytes` when this returns: the buffer may be used again. Does nothing after `close`. */
  sendRtp(bytes: Uint8Array): void;
  sendRtcp(bytes: Uint8Array, address: string, port: number): void;
  /** Frees the ports at once; nothing is delivered any more. */
  close(): void;
};

/** Binds RTP to `port` and RTCP to the next. Undefined when one of them is taken. `address` is numeric. */
export type OpenRtpSockets = (address: string, port: number, listener: DatagramListener) => RtpSockets | undefined;

/** The one door between the media of a thread and its sockets. */
export type RtpNetwork = {
  readonly openSockets: OpenRtpSockets;
  /** `sendRtp` for each of the first `count` packets, each by the sockets at its place: all that one slot says. */
  sendBatch(sockets: readonly RtpSockets[], packets: readonly Uint8Array[], count: number): void;
};

type Lookup = (host: string, options: unknown, done: (error: null, address: string, family: number) => void) => void;

/**
 * The sockets of the system. With a lookup that answers at once, bind and send of node:dgram hand over to the kernel inside the call; with the default one
 * they wait for the next tick, and a buffer used again by then goes out twice. The system's receive buffer (208 KiB) holds over 4 s of one peer.
 *
 * A packet is a system call either way, which is 86 % of what it costs to send. What comes is handed on as it comes: kept until the end of the turn it
 * costs 1 to 4 % more (1,000 calls), kept until the next slot the same, and it is later.
 */
export const udpNetwork: RtpNetwork = {
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
    return new UdpRtpSockets(rtp, rtcp);
  },

  sendBatch(sockets, packets, count) {
    for (let index = 0; index < count; index++) {
      const packet = packets[index];
      if (packet !== undefined) sockets[index]?.sendRtp(packet);
    }
  },
};

class UdpRtpSockets implements RtpSockets {
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
