/** Digits of one leg in INFO: those of the peer, and ours to a peer without telephone-events, one after the other and each once. */
import { formatInfoDigit } from "../../sip/index.ts";
import type { SignalingContext } from "./context.ts";
import { type LegView, signalOf } from "./leg-view.ts";

const toneMs = 100;
const gapMs = 100;

/** A peer with these answers does not take digits in INFO, or no INFO at all. */
const refusals: ReadonlySet<number> = new Set([400, 405, 406, 415, 420, 469, 488, 489, 501, 603, 606]);

export class LegDigits {
  readonly #context: SignalingContext;
  readonly #view: LegView;
  /** The latest digits that were begun. After a restart those that were under way have been given up. */
  #latest: string | undefined;

  constructor(context: SignalingContext, view: LegView) {
    this.#context = context;
    this.#view = view;
  }

  /** Begins what the call wants sent and what has not been begun. Nothing goes to a caller before its ACK. */
  pursue(): void {
    const { call, leg } = this.#view;
    const order = call.parties[leg.partyId]?.digitsToSend;
    if (order?.by !== "info" || order.digitsId === this.#latest || leg.state !== "answered" || !leg.acknowledged) return;
    this.#latest = order.digitsId;
    this.#send(order.digitsId, order.digits, 0);
  }

  #send(digitsId: string, digits: string, index: number): void {
    const digit = digits[index];
    if (digit === undefined) return this.#tell(digitsId, "sent");
    const sentAt = this.#context.clock.now();
    this.#view.usage?.request("INFO", { body: formatInfoDigit({ digit, durationMs: toneMs }) }, ({ status }) => {
      if (status >= 300) return this.#tell(digitsId, index === 0 && refusals.has(status) ? "refused" : "failed");
      const leftMs = Math.max(0, sentAt + toneMs + gapMs - this.#context.clock.now());
      this.#context.clock.after(leftMs, () => this.#next(digitsId, digits, index + 1));
    });
  }

  /** Not after the leg has ended, nor when the digits were given up meanwhile. */
  #next(digitsId: string, digits: string, index: number): void {
    const { call, leg } = this.#view;
    if (call.parties[leg.partyId]?.digitsToSend?.digitsId === digitsId && leg.state === "answered") this.#send(digitsId, digits, index);
  }

  #tell(digitsId: string, result: "sent" | "refused" | "failed"): void {
    void signalOf(this.#context, this.#view.leg, { kind: "leg-digits", digitsId, result });
  }
}
