import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";

export type DatagramListener = {
  rtp(bytes: Uint8Array, address: string, port: number): void;
  rtcp(bytes: Uint8Array, address: string, port: number): void;
};

/** The two sockets of one media endpoint. Sending never fails: UDP promises nothing, and what ICMP says is no news to RTP. */
export type RtpSockets = {
  /** The kernel has taken `bytes` when this returns: the buffer may be used again. */
  sendRtp(bytes: Uint8Array, address: string, port: number): void;
  sendRtcp(bytes: Uint8Array, address: string, port: number): void;
  /** Frees the ports at once; settles when nothing is delivered any more. */
  close(): Promise<void>;
};

/** Binds RTP to `port` and RTCP to the next. Undefined when one of them is taken. `address` is numeric. */
export type OpenRtpSockets = (address: string, port: number, listener: DatagramListener) => RtpSockets | undefined;

type Lookup = (host: string, options: unknown, done: (error: null, address: string, family: number) => void) => void;

/**
 * The sockets of the system. With a lookup that answers at once, bind and send of node:dgram hand over to the kernel inside the call; with the default one
 * they wait for the next tick, and a buffer used again by then goes out twice. The system's receive buffer (208 KiB) holds over 4 s of one peer.
 */
export const openUdpSockets: OpenRtpSockets = (address, port, listener) => {
  const rtp = bindNow(address, port);
  if (rtp === undefined) return undefined;
  const rtcp = bindNow(address, port + 1);
  if (rtcp === undefined) {
    rtp.close();
    return undefined;
  }
  rtp.on("message", (bytes, from) => listener.rtp(bytes, from.address, from.port));
  rtcp.on("message", (bytes, from) => listener.rtcp(bytes, from.address, from.port));
  return {
    sendRtp: (bytes, toAddress, toPort) => rtp.send(bytes, toPort, toAddress),
    sendRtcp: (bytes, toAddress, toPort) => rtcp.send(bytes, toPort, toAddress),
    close: async () => {
      await Promise.all([rtp, rtcp].map((socket) => new Promise<void>((closed) => socket.close(closed))));
    },
  };
};

function bindNow(address: string, port: number): Socket | undefined {
  const family = isIPv6(address) ? 6 : 4;
  const lookup: Lookup = (host, _options, done) => done(null, host, family);
  const socket = createSocket({ type: family === 6 ? "udp6" : "udp4", lookup });
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
