/** What stands between a TCP connection and the first SIP message, both ways, for each protocol. */
import type { Socket } from "node:net";
import type { SipAddress } from "../transport.ts";
import type { Wire } from "./wire.ts";

/** An outgoing connection under way: it takes messages at once and sends them when `ready` was heard. */
export type Outgoing = { readonly wire: Wire; onReady(handler: () => void): void };

export type Handshake = {
  /**
   * Takes an accepted socket to where messages flow and calls `ready`, at once when there is nothing to do. When it fails it closes the
   * socket; when it takes too long its caller does.
   */
  accept(socket: Socket, ready: (wire: Wire) => void): void;
  /** Undefined for protocols in which we are never the client. `localAddress` is where to connect from, when that matters. */
  readonly connect: ((destination: SipAddress, localAddress: string | undefined) => Outgoing) | undefined;
};
