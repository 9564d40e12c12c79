/**
 * Requests that are too large for a datagram, RFC 3261 §18.1.1: above 1,300 bytes they go by TCP, and by UDP after all when the peer takes
 * no connection. That is remembered, because each time costs the wait for the connection.
 */
import type { Clock } from "../../kernel/index.ts";
import type { SipRequest } from "../message/message.ts";
import { formatVia, parseVia } from "../message/via.ts";
import type { SipAddress, SipTransport } from "../transport/transport.ts";

/** §18.1.1: the MTU, which we do not know, less 200; routers break up what is above, and many NATs drop the parts. */
export const largestDatagramBytes = 1_300;

const rememberedMs = 600_000;
const maxRemembered = 1_000;

export class LargeRequests {
  readonly #transport: SipTransport;
  readonly #clock: Clock;
  /** Until when a peer is known to take no connection, the longest known first. */
  readonly #refusing = new Map<string, number>();

  constructor(transport: SipTransport, clock: Clock) {
    this.#transport = transport;
    this.#clock = clock;
  }

  /** Where a large request goes instead of `destination`; undefined when that is right. */
  byTcp(destination: SipAddress): SipAddress | undefined {
    if (destination.protocol !== "udp" || this.#transport.serves?.("tcp") !== true) return undefined;
    const untilMs = this.#refusing.get(keyOf(destination));
    return untilMs !== undefined && untilMs > this.#clock.now() ? undefined : { ...destination, protocol: "tcp" };
  }

  refused(destination: SipAddress): void {
    const key = keyOf(destination);
    this.#refusing.delete(key);
    const oldest = this.#refusing.size >= maxRemembered ? this.#refusing.keys().next().value : undefined;
    if (oldest !== undefined) this.#refusing.delete(oldest);
    this.#refusing.set(key, this.#clock.now() + rememberedMs);
  }

  /** Writes the protocol into the top Via, in place: CANCEL and ACK take theirs from the request. The branch stays. */
  address(request: SipRequest, destination: SipAddress): void {
    const via = parseVia(request.headers.get("Via") ?? "");
    if (!via.ok) return;
    const { host, port } = this.#transport.sentBy(destination);
    request.headers.replaceFirst("Via", formatVia({ ...via.value, protocol: destination.protocol.toUpperCase(), host, port }));
  }
}

function keyOf({ address, port }: SipAddress): string {
  return `${address} ${port}`;
}
