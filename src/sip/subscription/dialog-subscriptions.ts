/**
 * The subscriptions that live in one dialog, beside an INVITE usage or alone (RFC 5057 §4). The dialog is theirs to answer in: SUBSCRIBE
 * and NOTIFY come here once the dialog has taken their CSeq.
 */
import type { AnswerParts } from "../dialog/invite-events.ts";
import { wholeNumber } from "../message/cseq.ts";
import type { SipRequest } from "../message/message.ts";
import { type EventName, parseEvent, sameEvent } from "./event.ts";
import { Notifier, type NotifierEvents, type NotifierOptions } from "./notifier.ts";
import { Subscriber, type SubscriberEvents, type SubscriberOptions } from "./subscriber.ts";
import type { SubscriptionHost } from "./subscription-host.ts";
import { parseSubscriptionState } from "./subscription-state.ts";

export type Respond = (status: number, parts?: AnswerParts) => void;

/** Far more than any user agent wants in one dialog. */
const mostInADialog = 8;
/** What a SUBSCRIBE that says nothing refreshes it for. */
const usualExpiresS = 3600;
const longestExpiresS = 86_400;

/** §4.2.1.1: an hour and more is never refused; 0 is no time at all. */
export function isTooBrief(expiresS: number, leastS: number): boolean {
  return expiresS > 0 && expiresS < leastS && expiresS < 3600;
}

export class DialogSubscriptions {
  readonly #host: SubscriptionHost;
  #emptied: (() => void) | undefined;
  readonly #notifiers = new Set<Notifier>();
  readonly #subscribers = new Set<Subscriber>();

  constructor(host: SubscriptionHost) {
    this.#host = host;
  }

  /** Sets who hears each time that the last one has gone. */
  onEmptied(handler: () => void): void {
    this.#emptied = handler;
  }

  get isEmpty(): boolean {
    return this.#notifiers.size + this.#subscribers.size === 0;
  }

  get isFull(): boolean {
    return this.#notifiers.size + this.#subscribers.size >= mostInADialog;
  }

  /** The peer's subscription was accepted. Call it when the answer has gone out: its first NOTIFY follows at once. */
  notifier(options: NotifierOptions, events: NotifierEvents): Notifier {
    const notifier = new Notifier(this.#host, options, events, (gone) => {
      this.#notifiers.delete(gone);
      this.#settle();
    });
    this.#notifiers.add(notifier);
    return notifier;
  }

  /** Ours. The request that asks for it is the caller's to send, and its answer goes to `Subscriber.answered`. */
  subscriber(options: SubscriberOptions, events: SubscriberEvents): Subscriber {
    const subscriber = new Subscriber(this.#host, options, events, (gone) => {
      this.#subscribers.delete(gone);
      this.#settle();
    });
    this.#subscribers.add(subscriber);
    return subscriber;
  }

  /** SUBSCRIBE and NOTIFY in the dialog. False when it is none of them, or a SUBSCRIBE for something new. */
  receive(request: SipRequest, respond: Respond): boolean {
    if (request.method !== "SUBSCRIBE" && request.method !== "NOTIFY") return false;
    const event = parseEvent(request.headers.get("Event"));
    if (!event.ok) {
      // §7.2.1: the header field must be there.
      respond(489);
      return true;
    }
    if (request.method === "SUBSCRIBE") return this.#refreshed(event.value, request, respond);
    this.#notified(event.value, request, respond);
    return true;
  }

  close(): void {
    for (const one of [...this.#notifiers, ...this.#subscribers]) one.close();
    this.#notifiers.clear();
    this.#subscribers.clear();
  }

  #refreshed(event: EventName, request: SipRequest, respond: Respond): boolean {
    const notifier = [...this.#notifiers].find((candidate) => sameEvent(candidate.event, event));
    if (notifier === undefined) return false;
    const { least = 0, most = longestExpiresS } = notifier.limitsS ?? {};
    const expiresS = Math.min(most, wholeNumber(request.headers.get("Expires")) ?? usualExpiresS);
    if (isTooBrief(expiresS, least)) {
      respond(423, { headers: [["Min-Expires", String(least)]] });
      return true;
    }
    respond(200, { headers: [this.#host.contact, ["Expires", String(expiresS)]] });
    notifier.refresh(expiresS);
    return true;
  }

  #notified(event: EventName, request: SipRequest, respond: Respond): void {
    const subscriber = [...this.#subscribers].find((candidate) => candidate.matches(event));
    const state = parseSubscriptionState(request.headers.get("Subscription-State"));
    // §4.1.3: a NOTIFY that belongs to nothing gets 481.
    if (subscriber === undefined) return respond(481);
    if (!state.ok) return respond(400);
    respond(200);
    const contentType = request.headers.get("Content-Type") ?? "";
    subscriber.received(request.body.length === 0 ? undefined : { contentType, content: request.body }, state.value);
  }

  #settle(): void {
    if (this.isEmpty) this.#emptied?.();
  }
}
