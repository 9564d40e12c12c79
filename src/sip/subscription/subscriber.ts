/**
 * One subscription of ours to state of a peer (RFC 6665 §4.1).
 *
 *   state     until                                                         next
 *   asked     a NOTIFY; nothing for 64*T1 (timer N, §4.1.2.4)               active; over
 *   active    a NOTIFY that ends it; expiry without one; a refresh refused  over
 *   ending    after `end`: the NOTIFY that ends it, or 64*T1                over
 *   over      for ever
 *
 * It is refreshed by SUBSCRIBE before it expires, except one that REFER made, which the peer ends when it knows the outcome.
 */
import type { Timer } from "../../kernel/index.ts";
import type { AnswerParts } from "../dialog/invite-events.ts";
import { wholeNumber } from "../message/cseq.ts";
import type { Body } from "../message/builder.ts";
import { type EventName, formatEvent } from "./event.ts";
import type { SubscriptionAnswer, SubscriptionHost } from "./subscription-host.ts";
import type { EndOfSubscription, SubscriptionState } from "./subscription-state.ts";

export type SubscriberState = "asked" | "active" | "ending" | "over";

export type SubscriberOptions = {
  readonly event: EventName;
  /** Undefined for the one that REFER makes: it is not refreshed, and how long it lasts the peer says. */
  readonly expiresS?: number;
  readonly accept?: string;
};

export type SubscriberEvents = {
  /** The peer's state. `pending`: it has not decided yet whether we may know. */
  notified(body: Body | undefined, state: SubscriptionState): void;
  /** Once, and nothing after it. The reason is the peer's, `timeout` when it fell silent, and with a status what SUBSCRIBE was refused with. */
  over(why: { readonly reason?: EndOfSubscription; readonly retryAfterS?: number; readonly status?: number }): void;
};

/** A refresh goes out when this share of the time has passed. */
const refreshShare = 0.8;

export class Subscriber {
  readonly #host: SubscriptionHost;
  readonly #options: SubscriberOptions;
  readonly #events: SubscriberEvents;
  readonly #gone: (subscriber: Subscriber) => void;
  #event: EventName;
  #state: SubscriberState = "asked";
  /** Ends the waiting in asked and ending, and the subscription when it expires. */
  #patience: Timer | undefined;
  #refresh: Timer | undefined;

  /** The request that asks for it is sent by whoever makes this. `gone` is its owner's, and comes before `over`. */
  constructor(host: SubscriptionHost, options: SubscriberOptions, events: SubscriberEvents, gone: (subscriber: Subscriber) => void) {
    this.#host = host;
    this.#options = options;
    this.#events = events;
    this.#gone = gone;
    this.#event = options.event;
    this.#wait(host.patienceMs);
  }

  get state(): SubscriberState {
    return this.#state;
  }

  /** The CSeq of a REFER is its id from the second on, and may be of the first (RFC 3515 §2.4.6); it is known once REFER went out. */
  named(id: string): void {
    this.#event = { ...this.#event, id };
  }

  /** A peer may leave the id out while one REFER is all there is. */
  matches(event: EventName): boolean {
    const { package: name, id } = this.#event;
    return event.package === name && (event.id === id || (this.#isOfRefer() && (event.id === undefined || id === undefined)));
  }

  /** The answer to the SUBSCRIBE or REFER that asked for it. */
  answered({ status, response }: SubscriptionAnswer): void {
    if (this.#state === "over") return;
    if (status >= 300) return this.#finish({ status });
    const expiresS = wholeNumber(response?.headers.get("Expires"));
    if (expiresS !== undefined && this.#state !== "ending") this.#lastFor(expiresS);
  }

  /** A NOTIFY for it came; it is answered 200. */
  received(body: Body | undefined, state: SubscriptionState): void {
    if (this.#state === "over") return;
    if (this.#state === "asked") this.#state = "active";
    if (state.state !== "terminated" && state.expiresS !== undefined && this.#state === "active") this.#lastFor(state.expiresS);
    this.#events.notified(body, state);
    if (state.state === "terminated") this.#finish(state);
  }

  /** Ends it by SUBSCRIBE with Expires 0 (§4.1.2.3). */
  end(): void {
    if (this.#state === "over" || this.#state === "ending") return;
    this.#state = "ending";
    this.#refresh?.cancel();
    this.#wait(this.#host.patienceMs);
    this.#subscribe(0);
  }

  /** Without a word: the stack is closing, or the peer cannot be told any more. */
  close(): void {
    this.#state = "over";
    this.#patience?.cancel();
    this.#refresh?.cancel();
  }

  /** What SUBSCRIBE says. */
  parts(expiresS: number): AnswerParts {
    const { accept } = this.#options;
    const headers: (readonly [string, string])[] = [
      ["Event", formatEvent(this.#event)],
      ["Expires", String(expiresS)],
    ];
    if (accept !== undefined) headers.push(["Accept", accept]);
    return { headers };
  }

  #isOfRefer(): boolean {
    return this.#options.expiresS === undefined;
  }

  #lastFor(seconds: number): void {
    // Until the first NOTIFY came only timer N counts, from the answer on (§4.1.2.4).
    if (this.#state === "asked") this.#wait(this.#host.patienceMs);
    else this.#wait(seconds * 1000 + (this.#isOfRefer() ? 0 : this.#host.patienceMs));
    this.#refresh?.cancel();
    const { expiresS } = this.#options;
    if (expiresS !== undefined) this.#refresh = this.#host.clock.after(seconds * 1000 * refreshShare, () => this.#subscribe(expiresS));
  }

  #subscribe(expiresS: number): void {
    this.#host.send("SUBSCRIBE", this.parts(expiresS), (outcome) => {
      // §4.1.2.2: a refresh that fails otherwise leaves it to its time; 481 says that the peer has forgotten it.
      if (outcome.status < 300 || outcome.status === 481 || this.#state === "ending") this.answered(outcome);
    });
  }

  #wait(forMs: number): void {
    this.#patience?.cancel();
    this.#patience = this.#host.clock.after(forMs, () => this.#finish({ reason: "timeout" }));
  }

  #finish(why: Parameters<SubscriberEvents["over"]>[0]): void {
    if (this.#state === "over") return;
    this.close();
    this.#gone(this);
    this.#events.over({
      ...(why.reason !== undefined && { reason: why.reason }),
      ...(why.retryAfterS !== undefined && { retryAfterS: why.retryAfterS }),
      ...(why.status !== undefined && { status: why.status }),
    });
  }
}
