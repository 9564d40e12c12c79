/** SIP over UDP, RFC 3261 §18: one socket, one datagram a message. */
import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import type { Logger } from "../../kernel/index.ts";
import { parseMessage } from "../message/parse-message.ts";
import { plainAddress, socketAddress } from "./address.ts";
import { type ListenerOptions, listenerName, type SipListener } from "./listener.ts";
import type { Receiver } from "./receiver.ts";
import { answerBinding, looksLikeStun } from "./stun.ts";

/** Half of a burst was lost with the kernel's usual 208 KiB, nothing with this. The kernel may cap it (net.core.rmem_max). */
const receiveBufferBytes = 4 * 1024 * 1024;

/** The most that fits into a datagram. What goes by TCP instead, because it has over 1,300 bytes, was decided above (transaction/large-requests.ts). */
const maxDatagramBytes = 65_507;

/** An empty datagram or bare line ends keep a NAT binding open (RFC 5626 §4.4): shorter than any message. */
const shortestMessageBytes = 20;

export type UdpOptions = Omit<ListenerOptions, "protocol"> & {
  readonly logger: Logger;
  readonly receiver: Receiver;
  /** Only peers that name it are its own. */
  readonly isNamed: boolean;
  /** Leaves IPv4 to another listener on the same port. */
  readonly ipv6Only?: boolean;
};

export async function openUdp(options: UdpOptions): Promise<SipListener> {
  const { logger, receiver, advertise } = options;
  const ipv6 = isIPv6(options.host);
  const socket = createSocket({
    type: ipv6 ? "udp6" : "udp4",
    ipv6Only: options.ipv6Only ?? false,
    recvBufferSize: receiveBufferBytes,
    // Destinations are numeric; looked up at once, the datagram leaves within send() and its buffer is free again.
    lookup: (host, _options, callback) => callback(null, host, ipv6 ? 6 : 4),
  });
  await bound(socket, options.host, options.port);
  // ICMP errors and the like belong to one peer, never to the socket.
  socket.on("error", (error) => {
    receiver.counters.sendFailures++;
    logger.debug({ err: error }, "error on the SIP socket");
  });
  socket.on("message", (bytes, remote) => {
    if (bytes.length < shortestMessageBytes) return;
    const address = plainAddress(remote.address);
    if (looksLikeStun(bytes)) {
      const answer = answerBinding(bytes, address, remote.port);
      if (answer !== undefined) socket.send(answer, remote.port, remote.address, () => undefined);
      return;
    }
    receiver.take(parseMessage(bytes), { protocol: "udp", address, port: remote.port, ...named }, bytes);
  });

  const { port } = socket.address();
  const name = options.isNamed ? listenerName({ protocol: "udp", host: options.host, port }) : undefined;
  const named = name === undefined ? undefined : { listener: name };
  let isClosed = false;
  return {
    protocol: "udp",
    name,
    host: options.host,
    port,
    sentBy: { host: advertise?.host ?? options.host, port: advertise?.port ?? port },
    sendBytes(bytes, destination, failed) {
      const refuse = (reason: string) => {
        receiver.counters.sendFailures++;
        if (failed !== undefined) queueMicrotask(() => failed(reason));
      };
      if (isClosed) return refuse("transport closed");
      if (bytes.length > maxDatagramBytes) return refuse("too large for UDP");
      receiver.counters.sent++;
      try {
        socket.send(bytes, destination.port, socketAddress(destination.address, ipv6), (error) => {
          if (error !== null) refuse(error.message);
        });
      } catch (error) {
        // A port out of range, or an address of the other family.
        refuse(error instanceof Error ? error.message : String(error));
      }
    },
    isReachable: () => !isClosed,
    close() {
      if (isClosed) return Promise.resolve();
      isClosed = true;
      return new Promise((resolve) => {
        socket.close(resolve);
      });
    },
  };
}

function bound(socket: Socket, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("error", (error) => {
      socket.close();
      reject(error);
    });
    socket.bind(port, host, () => {
      socket.removeAllListeners("error");
      resolve();
    });
  });
}
