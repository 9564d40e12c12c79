/**
 * Whose turn it is in one dialog's offers and answers (RFC 3264 §4, RFC 6337 §2). Messages without a description are no turn.
 *
 *   state     means                                           an offer of the peer now gets
 *   none      nobody has offered: only the INVITE's own        500
 *             reliable answers may
 *   offering  our offer waits for its answer                   491 (RFC 3311 §5.2, RFC 3261 §14.2)
 *   owing     the peer's offer waits for ours                  500 with Retry-After
 *   agreed    either side may offer                            its answer
 */
export type ExchangeState = "none" | "offering" | "owing" | "agreed";
export type ExchangeEvent = "offer-sent" | "offer-taken" | "answer-sent" | "answer-taken" | "refused";

/** A refused offer leaves the session as it was, so there is one. */
const table: Readonly<Record<ExchangeState, Partial<Readonly<Record<ExchangeEvent, ExchangeState>>>>> = {
  none: { "offer-sent": "offering", "offer-taken": "owing" },
  offering: { "answer-taken": "agreed", refused: "agreed" },
  owing: { "answer-sent": "agreed", refused: "agreed" },
  agreed: { "offer-sent": "offering", "offer-taken": "owing" },
};

export class Exchange {
  #state: ExchangeState;

  constructor(state: ExchangeState) {
    this.#state = state;
  }

  get state(): ExchangeState {
    return this.#state;
  }

  /** True when it was that side's turn; otherwise nothing changes. */
  step(event: ExchangeEvent): boolean {
    const next = table[this.#state][event];
    if (next === undefined) return false;
    this.#state = next;
    return true;
  }

  /** The INVITE has its ACK: what was left open with it is not waited for. */
  settle(): void {
    this.#state = "agreed";
  }

  /** What an offer of the peer gets now instead of an answer; undefined when it may be answered. */
  get collision(): 491 | 500 | undefined {
    if (this.#state === "agreed") return undefined;
    return this.#state === "offering" ? 491 : 500;
  }
}
