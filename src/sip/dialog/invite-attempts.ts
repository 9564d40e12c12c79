/**
 * One INVITE and the addresses it may go to: RFC 3263 §4.3. Its table:
 *
 *   the address at hand            while others are left                       when it is the last
 *   cannot be reached, or 503      the next one                                the INVITE failed
 *   silent for 8*T1                the next one; what it says later is undone  -
 *   silent for 64*T1               -                                           the INVITE failed
 *   any other answer               decides; no other address is tried
 *   cancelled                      no other address is tried
 *
 * Undone: a provisional answer of an address that was given up gets CANCEL, a 2xx ACK and BYE.
 */
import type { HeaderPair } from "../message/header-list.ts";
import type { SipRequest } from "../message/message.ts";
import { patienceMs, requestTo, retryAfterMs } from "../transaction/in-turn.ts";
import type { SipAddress } from "../transport/transport.ts";
import type { InviteFailure, InviteOptions } from "./invite-events.ts";
import { OutgoingInvite, type OutgoingInviteOwner } from "./outgoing-invite.ts";
import type { UsageHost } from "./usage-host.ts";

/** What an INVITE under way is to its owner, whether it has one address or more. */
export type InviteUnderWay = Pick<OutgoingInvite, "request" | "destination" | "isCancelled" | "cancel" | "detach">;

/** Where an INVITE goes, and our Contact at all but the first of these. */
export type InviteWays = Pick<InviteOptions, "destinations" | "contactAt">;

/** Sends INVITE. `request` has the Via of the first address; with one address this is an OutgoingInvite and nothing more. */
export function sendInvite(host: UsageHost, request: SipRequest, ways: InviteWays, owner: OutgoingInviteOwner): InviteUnderWay {
  const { destinations } = ways;
  return destinations.length === 1
    ? new OutgoingInvite(host, request, destinations[0], owner)
    : new InviteAttempts(host, request, ways, owner);
}

class InviteAttempts implements InviteUnderWay {
  readonly #host: UsageHost;
  readonly #request: SipRequest;
  readonly #owner: OutgoingInviteOwner;
  readonly #contactAt: InviteWays["contactAt"];
  /** Not tried yet. */
  readonly #waiting: SipAddress[];
  readonly #tried: SipAddress[] = [];
  #current: OutgoingInvite;

  constructor(host: UsageHost, request: SipRequest, { destinations, contactAt }: InviteWays, owner: OutgoingInviteOwner) {
    const [first, ...others] = destinations;
    this.#host = host;
    this.#contactAt = contactAt;
    this.#request = request;
    this.#owner = owner;
    this.#waiting = others;
    this.#current = this.#send(first);
  }

  get request(): SipRequest {
    return this.#current.request;
  }

  get destination(): SipAddress {
    return this.#current.destination;
  }

  get isCancelled(): boolean {
    return this.#current.isCancelled;
  }

  cancel(headers: readonly HeaderPair[]): void {
    this.#current.cancel(headers);
  }

  detach(): void {
    this.#waiting.length = 0;
    this.#current.detach();
  }

  #send(destination: SipAddress, contact?: string): OutgoingInvite {
    this.#tried.push(destination);
    const owner = this.#owner;
    const request = requestTo(this.#request, destination, this.#host.transport);
    if (contact !== undefined) request.headers.replaceFirst("Contact", `<${contact}>`);
    let isGivenUp = false;
    const invite: OutgoingInvite = new OutgoingInvite(
      this.#host,
      request,
      destination,
      {
        provisional(response, source) {
          if (!isGivenUp) owner.provisional(response, source);
        },
        success(response, source) {
          if (isGivenUp) owner.surplus(response, source);
          else owner.success(response, source);
        },
        surplus: (response, source) => owner.surplus(response, source),
        failed: (failure) => {
          if (!isGivenUp) this.#failed(failure);
        },
        silent: () => {
          if (invite.isCancelled || this.#waiting.length === 0) return;
          isGivenUp = true;
          invite.giveUp();
          this.#goOn();
        },
      },
      this.#waiting.length === 0 ? undefined : patienceMs(this.#host.timers),
    );
    return invite;
  }

  #failed(failure: InviteFailure): void {
    const isServersFault = failure.cause !== "response" || failure.status === 503;
    if (!isServersFault || this.isCancelled) this.#owner.failed(failure);
    else if (!this.#goOn(retryAfterMs(failure.response))) this.#owner.failed({ ...failure, tried: this.#tried });
  }

  /** False when there is no other address. */
  #goOn(avoidForMs?: number): boolean {
    this.#host.avoid(this.#current.destination, avoidForMs);
    const next = this.#waiting.shift();
    if (next === undefined) return false;
    const contact = this.#contactAt?.(next);
    if (contact !== undefined) this.#owner.moved?.(contact);
    this.#current = this.#send(next, contact);
    return true;
  }
}
