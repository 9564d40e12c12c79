/**
 * One subscription of a peer to state of ours, from the moment it was accepted (RFC 6665 §4.2). NOTIFYs go out one after the other, so
 * that they arrive in order; what changed several times meanwhile is told once, as it is then.
 *
 *   state       until                                          next
 *   pending     `activate`                                     active
 *   active      expiry, a SUBSCRIBE with Expires 0, `end`      ending: the last NOTIFY is on its way
 *   ending      that NOTIFY is answered or not                 over
 *   over        for ever
 *
 * A NOTIFY that fails leads from every state to over, without another word (§4.2.2). `end` also works in pending, `refresh` in both.
 * Changes are told `leastIntervalMs` apart at least; what was asked for by SUBSCRIBE, and the end, do not wait.
 */
import type { Timer } from "../../kernel/index.ts";
import type { Body } from "../message/builder.ts";
import { type EventName, formatEvent } from "./event.ts";
import type { SubscriptionHost } from "./subscription-host.ts";
import { type EndOfSubscription, formatSubscriptionState, type SubscriptionState } from "./subscription-state.ts";

export type NotifierState = "pending" | "active" | "ending" | "over";

/** A function is asked when a NOTIFY is built: for documents that count themselves, or tell what is new since the one before. */
export type BodySource = Body | undefined | (() => Body | undefined);

export type NotifierOptions = {
  readonly event: EventName;
  readonly expiresS: number;
  /** What a further SUBSCRIBE may ask for; anything when left out. */
  readonly limitsS?: { readonly least: number; readonly most: number };
  /** RFC 6665 §5.4.10; 0 when left out. */
  readonly leastIntervalMs?: number | undefined;
  readonly state?: "pending" | "active";
  /** The state to tell first; a pending subscriber need not be told any (§4.2.1.3). */
  readonly body?: BodySource;
};

export type NotifierEvents = {
  /** A further SUBSCRIBE came; a NOTIFY with all there is follows, or the last one when this ends it. */
  refreshed?(): void;
  /** Once: the subscriber hears nothing more. `failed`: its NOTIFY was refused or not answered. */
  over?(why: "ended" | "failed"): void;
  /** A NOTIFY was answered by 2xx and nothing newer waits. */
  told?(): void;
};

export class Notifier {
  readonly event: EventName;
  readonly limitsS: NotifierOptions["limitsS"];
  readonly #host: SubscriptionHost;
  readonly #leastIntervalMs: number;
  readonly #events: NotifierEvents;
  readonly #gone: (notifier: Notifier) => void;
  #state: NotifierState;
  #body: BodySource;
  #expiresAtMs = 0;
  #expiry: Timer | undefined;
  #mayTellAtMs = 0;
  /** Until the next change may be told. */
  #pause: Timer | undefined;
  #end: Extract<SubscriptionState, { state: "terminated" }> | undefined;
  #isSending = false;
  /** Something to tell came up while a NOTIFY was under way. */
  #isStale = false;

  /** Tells the first state at once, as §4.2.1.2 demands. `gone` is its owner's, and comes before `over`. */
  constructor(host: SubscriptionHost, options: NotifierOptions, events: NotifierEvents, gone: (notifier: Notifier) => void) {
    this.#host = host;
    this.event = options.event;
    this.limitsS = options.limitsS;
    this.#leastIntervalMs = options.leastIntervalMs ?? 0;
    this.#events = events;
    this.#gone = gone;
    this.#state = options.state ?? "active";
    this.#body = options.body;
    this.#expireIn(options.expiresS);
    this.#tellNow();
  }

  get state(): NotifierState {
    return this.#state;
  }

  /** The state changed. */
  notify(body: BodySource = this.#body): void {
    if (this.#isEnded()) return;
    this.#body = body;
    this.#tell();
  }

  activate(body?: BodySource): void {
    if (this.#state !== "pending") return;
    this.#state = "active";
    this.notify(body);
  }

  /** A further SUBSCRIBE: 0 ends it. It is told the state either way (§4.2.1.2). */
  refresh(expiresS: number): void {
    if (this.#isEnded()) return;
    this.#events.refreshed?.();
    if (this.#isEnded()) return;
    if (expiresS === 0) return this.end("timeout");
    this.#expireIn(expiresS);
    this.#tellNow();
  }

  /** Tells the last state and that it is the last. `retryAfterS`: when the subscriber may come again. */
  end(reason: EndOfSubscription, body: BodySource = this.#body, retryAfterS?: number): void {
    if (this.#isEnded()) return;
    this.#state = "ending";
    this.#expiry?.cancel();
    this.#body = body;
    this.#end = { state: "terminated", reason, ...(retryAfterS !== undefined && { retryAfterS }) };
    this.#tellNow();
  }

  /** Without a word: the stack is closing. */
  close(): void {
    this.#state = "over";
    this.#expiry?.cancel();
    this.#pause?.cancel();
  }

  #isEnded(): boolean {
    return this.#state === "ending" || this.#state === "over";
  }

  #expireIn(seconds: number): void {
    this.#expiry?.cancel();
    this.#expiresAtMs = this.#host.clock.now() + seconds * 1000;
    this.#expiry = this.#host.clock.after(seconds * 1000, () => this.end("timeout"));
  }

  #tell(): void {
    const waitMs = this.#mayTellAtMs - this.#host.clock.now();
    if (this.#isSending || waitMs <= 0) return this.#tellNow();
    this.#pause ??= this.#host.clock.after(waitMs, () => this.#tellNow());
  }

  #tellNow(): void {
    if (this.#isSending) {
      this.#isStale = true;
      return;
    }
    this.#pause?.cancel();
    this.#pause = undefined;
    this.#isSending = true;
    this.#isStale = false;
    this.#mayTellAtMs = this.#host.clock.now() + this.#leastIntervalMs;
    const left = Math.max(0, Math.ceil((this.#expiresAtMs - this.#host.clock.now()) / 1000));
    const isLast = this.#end !== undefined;
    const state: SubscriptionState = this.#end ?? { state: this.#state === "pending" ? "pending" : "active", expiresS: left };
    const headers = [
      ["Event", formatEvent(this.event)],
      ["Subscription-State", formatSubscriptionState(state)],
    ] as const;
    this.#host.send("NOTIFY", { headers, body: typeof this.#body === "function" ? this.#body() : this.#body }, ({ status }) =>
      this.#told(status, isLast),
    );
  }

  #told(status: number, wasLast: boolean): void {
    this.#isSending = false;
    if (this.#state === "over") return;
    const isTaken = status >= 200 && status < 300;
    if (!isTaken || wasLast) return this.#finish(isTaken ? "ended" : "failed");
    if (this.#end !== undefined) this.#tellNow();
    else if (this.#isStale) this.#tell();
    else if (this.#pause === undefined) this.#events.told?.();
  }

  #finish(why: "ended" | "failed"): void {
    this.close();
    this.#gone(this);
    this.#events.over?.(why);
  }
}
