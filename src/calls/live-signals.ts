/**
 * What media tell all the time: who talks, and how good the lines are. It is delivered as it happens and kept nowhere, but for the latest quality of each
 * leg of a live call: a reader who was away, or is slow, has missed it.
 */
import type { Logger } from "../kernel/index.ts";
import type { MediaEvent } from "../media/index.ts";
import type { LegQuality } from "./leg-values.ts";
import type { Call } from "./model.ts";
import type { EventSubscription, LiveSignal } from "./views.ts";

export type LiveMediaEvent = Extract<MediaEvent, { kind: "talking" | "quality" | "closed" }>;

type Handler = (signal: LiveSignal) => void;

export class LiveSignals {
  readonly #log: Logger;
  /** By account. */
  readonly #followers = new Map<string, Set<Handler>>();
  readonly #qualities = new Map<string, LegQuality>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Of a live call. A leg that has ended has its totals still to come, and nothing else. */
  take(call: Call, legId: string, event: LiveMediaEvent, at: number): void {
    const leg = call.legs[legId];
    if (leg === undefined || (leg.state === "ended") !== (event.kind === "closed")) return;
    if (event.kind !== "talking") this.#qualities.set(legId, event.counters);
    const followers = this.#followers.get(call.accountId);
    if (followers === undefined || event.kind === "closed") return;
    const { partyId } = leg;
    const of = { accountId: call.accountId, callId: call.id, at, partyId, legId };
    const signal: LiveSignal =
      event.kind === "talking"
        ? { ...of, kind: "call.talking", isTalking: event.isTalking }
        : { ...of, kind: "leg.quality", quality: event.counters };
    for (const handler of followers) {
      try {
        handler(signal);
      } catch (error) {
        this.#log.error({ err: error, callId: call.id }, "A follower of live signals failed");
      }
    }
  }

  quality(legId: string): LegQuality | undefined {
    return this.#qualities.get(legId);
  }

  callOver(call: Call): void {
    for (const legId in call.legs) this.#qualities.delete(legId);
  }

  follow(accountId: string, handler: Handler): EventSubscription {
    // Of its own, so that the same function may follow twice.
    const own: Handler = (signal) => handler(signal);
    const followers = this.#followers.get(accountId) ?? new Set<Handler>();
    this.#followers.set(accountId, followers);
    followers.add(own);
    return {
      close: () => {
        followers.delete(own);
        if (followers.size === 0 && this.#followers.get(accountId) === followers) this.#followers.delete(accountId);
      },
    };
  }
}
