/** SIP over TCP has no handshake of its own (RFC 3261 §18). */
import { connect, isIPv6 } from "node:net";
import { socketAddress } from "../address.ts";
import type { SipAddress } from "../transport.ts";
import type { Handshake } from "./handshake.ts";
import { byteWire } from "./wire.ts";

export const tcpHandshake: Handshake = {
  accept: (socket, ready) => ready(byteWire(socket)),
  connect(destination, localAddress) {
    const socket = connect(connectOptions(destination, localAddress));
    return { wire: byteWire(socket), onReady: (handler) => void socket.once("connect", handler) };
  },
};

/** For a numeric destination: nothing is looked up. */
export function connectOptions({ address, port }: SipAddress, localAddress: string | undefined) {
  const ipv6 = isIPv6(address);
  return {
    host: address,
    port,
    noDelay: true,
    ...(localAddress !== undefined && { localAddress }),
    lookup: (name: string, _options: unknown, done: (error: null, address: string, family: number) => void) =>
      done(null, socketAddress(name, ipv6), ipv6 ? 6 : 4),
  };
}
