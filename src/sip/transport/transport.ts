/**
 * The transport layer of RFC 3261 §18 as the layers above see it. Listeners of all protocols implement it over sockets, the virtual network
 * of the tests without any.
 */
import type { SipMessage, SipRequest, SipResponse } from "../message/message.ts";

export const sipProtocols = ["udp", "tcp", "tls", "ws", "wss"] as const;
export type SipProtocol = (typeof sipProtocols)[number];

/** Over these nothing is lost while the connection stands: no message is repeated (RFC 3261 §17). */
export function isReliable(protocol: SipProtocol): boolean {
  return protocol !== "udp";
}

/** Where a message goes, or came from: always a numeric address; names are resolved before (location). */
export type SipAddress = {
  readonly protocol: SipProtocol;
  readonly address: string;
  readonly port: number;
  /** The host name under which the address was found, for a certificate to be checked against; left out when there was none. */
  readonly name?: string;
  /** Our listener that a message came in by; answers leave by it. Left out: whichever serves the protocol and family. */
  readonly listener?: string;
};

/** Sees a message as it is on the wire. `bytes` are its only during the call; `message` is there for what is received. Must not throw. */
export type MessageTap = (direction: "sent" | "received", bytes: Uint8Array, peer: SipAddress, message: SipMessage | undefined) => void;

export type MessageHandler = (message: SipMessage, source: SipAddress) => void;

export type SipTransport = {
  /**
   * Sends a message. Never throws; `failed` is called later, at most once, when the transport knows that it did not go out
   * (RFC 3261 §18.4: connection refused, unreachable, too large). The Via of a request must already carry sentBy(destination).
   */
  send(message: SipRequest | SipResponse, destination: SipAddress, failed?: (reason: string) => void): void;
  /** Bytes of an already formatted message: retransmissions. */
  sendBytes(bytes: Uint8Array, destination: SipAddress, failed?: (reason: string) => void): void;
  /** The host and port to write into Via and Contact of what goes to, or answers, this peer. */
  sentBy(peer: SipAddress): { readonly host: string; readonly port: number };
  /** Whether we can send by this protocol at all. Left out: nobody needs to know. */
  serves?(protocol: SipProtocol): boolean;
  /** Sets the one receiver of parsed messages. A request arrives with `received` and `rport` already filled in its top Via (RFC 3261 §18.2.1, RFC 3581). */
  onMessage(handler: MessageHandler): void;
  /** Sets the one who sees every message that goes out or comes in, repeats too. */
  tap(tap: MessageTap): void;
  close(): Promise<void>;
};
