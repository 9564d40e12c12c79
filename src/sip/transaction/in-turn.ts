/**
 * One request and the addresses it may go to: RFC 3263 §4.3. The next one is tried, in a new transaction, when the one before could not be reached, stayed
 * silent, or answered 503; Call-ID, tags and CSeq stay. What is said here for all requests, INVITE follows too (dialog/invite-attempts.ts).
 */
import { createHash } from "node:crypto";
import { leadingSeconds } from "../message/cseq.ts";
import { HeaderList } from "../message/header-list.ts";
import type { SipRequest, SipResponse } from "../message/message.ts";
import { formatVia, magicCookie, parseVia } from "../message/via.ts";
import type { SipAddresses } from "../location/locator.ts";
import type { SipAddress, SipTransport } from "../transport/transport.ts";
import type { ClientEvents } from "./invite-client.ts";
import type { TimerBase } from "./timers.ts";
import type { TransactionLayer } from "./transaction-layer.ts";

export type AttemptHost = {
  readonly layer: TransactionLayer;
  readonly transport: SipTransport;
  readonly timers: TimerBase;
  /** The address failed: others are tried before it for a while. */
  avoid(address: SipAddress, forMs?: number): void;
};

/**
 * How long an address may be silent while there are others, 4 s: a server that lives has sent 100 to INVITE within 200 ms (RFC 3261 §17.2.1) and to anything else after
 * 3.5 s (RFC 4320 §4.1), and by then four copies have gone out by UDP. Timer B or F is for the last one, behind which there is nothing.
 */
export function patienceMs(timers: TimerBase): number {
  return 8 * timers.t1Ms;
}

/** The same request for another address: only Via differs. Its branch follows from the first one and the address, so that a repeat after a restart is a repeat to that peer. */
export function requestTo(request: SipRequest, destination: SipAddress, transport: SipTransport): SipRequest {
  const headers = new HeaderList(request.headers);
  const via = parseVia(headers.get("Via") ?? "");
  if (!via.ok) return request;
  const { protocol, address, port } = destination;
  const hash = createHash("sha256")
    .update([via.value.branch ?? "", protocol, address, port].join("\0"))
    .digest("hex");
  const branch = `${magicCookie}${hash.slice(0, 24)}`;
  headers.replaceFirst("Via", formatVia({ ...via.value, protocol: protocol.toUpperCase(), ...transport.sentBy(destination), branch }));
  return { ...request, headers };
}

/** How long a 503 asks to be left alone; undefined when it does not say (RFC 3261 §20.33). */
export function retryAfterMs(response: SipResponse | undefined): number | undefined {
  const seconds = leadingSeconds(response?.headers.get("Retry-After"));
  return seconds === undefined ? undefined : seconds * 1_000;
}

/** Sends any request but INVITE and ACK. `request` has the Via of the first address; with one address this is a transaction and nothing more. */
export function requestInTurn(host: AttemptHost, request: SipRequest, destinations: SipAddresses, events: ClientEvents): void {
  if (destinations.length === 1) host.layer.request(request, destinations[0], events);
  else attempt(host, request, destinations, events);
}

function attempt(host: AttemptHost, request: SipRequest, [destination, ...others]: SipAddresses, events: ClientEvents): void {
  const [next, ...rest] = others;
  const goOn = (forMs?: number): boolean => {
    host.avoid(destination, forMs);
    if (next === undefined) return false;
    attempt(host, request, [next, ...rest], events);
    return true;
  };
  const transaction = host.layer.request(
    requestTo(request, destination, host.transport),
    destination,
    {
      response(response, source) {
        if (response.status !== 503 || !goOn(retryAfterMs(response))) events.response(response, source);
      },
      failed(failure) {
        if (!goOn()) events.failed(failure);
      },
      silent() {
        host.layer.abandon(transaction);
        goOn();
      },
    },
    next === undefined ? undefined : patienceMs(host.timers),
  );
}
