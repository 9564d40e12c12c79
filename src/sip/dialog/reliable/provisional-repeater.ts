/**
 * Our reliable provisional answers to the peer's INVITE (RFC 3262 §3): each is repeated at T1, doubling, until its PRACK, at most for
 * 64*T1, and the next waits for it.
 *
 *   state     until
 *   idle      an answer is to be sent
 *   waiting   PRACK with its RAck: the next one, or idle; 64*T1: the owner is told
 *   final     for ever: nothing is repeated, a late PRACK still matches once
 */
import type { Timer } from "../../../kernel/index.ts";
import { wholeNumber } from "../../message/cseq.ts";
import { formatMessage } from "../../message/format-message.ts";
import type { HeaderPair } from "../../message/header-list.ts";
import type { SipRequest, SipResponse } from "../../message/message.ts";
import type { InviteServerTransaction } from "../../transaction/invite-server.ts";
import { sequenceOf } from "../../transaction/matching.ts";
import type { UsageHost } from "../usage-host.ts";

type Provisional = { readonly build: (headers: readonly HeaderPair[]) => SipResponse; readonly hasDescription: boolean };

export class ProvisionalRepeater {
  readonly #host: UsageHost;
  readonly #transaction: InviteServerTransaction;
  readonly #unacknowledged: () => void;
  readonly #queue: Provisional[] = [];
  #waiting: { readonly hasDescription: boolean } | undefined;
  #sequence: number;
  #isFinal = false;
  #repeat: Timer | undefined;
  #deadline: Timer | undefined;

  constructor(host: UsageHost, transaction: InviteServerTransaction, unacknowledged: () => void) {
    this.#host = host;
    this.#transaction = transaction;
    this.#unacknowledged = unacknowledged;
    // §3: random, and with room to count on below 2^31.
    this.#sequence = Number.parseInt(host.ids.random(4), 16) % (2 ** 31 - 1000);
  }

  /** A description of ours that the peer may not have seen: the 2xx waits (§3). */
  get holdsFinal(): boolean {
    return this.#waiting?.hasDescription === true || this.#queue.some(({ hasDescription }) => hasDescription);
  }

  get isWaiting(): boolean {
    return this.#waiting !== undefined;
  }

  send(provisional: Provisional): void {
    if (this.#isFinal) return;
    this.#queue.push(provisional);
    if (this.#waiting === undefined) this.#next();
  }

  /** True when the PRACK is for the answer that waits. */
  acknowledge(prack: SipRequest): boolean {
    const [sequence, cseq, method] = (prack.headers.get("RAck") ?? "").trim().split(/[ \t]+/);
    const isOurs =
      wholeNumber(sequence) === this.#sequence && wholeNumber(cseq) === sequenceOf(this.#transaction.request) && method === "INVITE";
    if (!isOurs || this.#waiting === undefined) return false;
    this.#stop();
    this.#waiting = undefined;
    if (!this.#isFinal) this.#next();
    return true;
  }

  /** The final answer goes out, or nobody waits for one any more. */
  finish(): void {
    this.#isFinal = true;
    this.#queue.length = 0;
    this.#stop();
  }

  #next(): void {
    const provisional = this.#queue.shift();
    if (provisional === undefined) return;
    this.#waiting = { hasDescription: provisional.hasDescription };
    this.#sequence++;
    const response = provisional.build([
      ["Require", "100rel"],
      ["RSeq", String(this.#sequence)],
    ]);
    const bytes = formatMessage(response);
    this.#transaction.respond(response);
    const { t1Ms } = this.#host.timers;
    this.#deadline = this.#host.clock.after(64 * t1Ms, () => {
      this.finish();
      this.#unacknowledged();
    });
    this.#repeatAfter(t1Ms, bytes);
  }

  #repeatAfter(delayMs: number, bytes: Uint8Array): void {
    this.#repeat = this.#host.clock.after(delayMs, () => {
      this.#host.transport.sendBytes(bytes, this.#transaction.destination);
      this.#repeatAfter(delayMs * 2, bytes);
    });
  }

  #stop(): void {
    this.#repeat?.cancel();
    this.#deadline?.cancel();
  }
}
