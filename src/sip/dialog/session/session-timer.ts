/**
 * The session timer of one confirmed dialog (RFC 4028 §10). What holds is in the dialog's values; this only waits.
 *
 *   refresher  waits for                                          then
 *   local      half the interval, and half of what is left after  refresh
 *              each refresh that failed, at least 10 s
 *   remote     the interval less 32 s, or less a third if that    expired
 *              is shorter
 */
import type { Timer } from "../../../kernel/index.ts";
import type { Dialog } from "../dialog.ts";
import type { UsageHost } from "../usage-host.ts";

export type SessionTimerOwner = { refresh(): void; expired(): void };

const shortestRetryMs = 10_000;

export class SessionTimer {
  readonly #host: UsageHost;
  readonly #dialog: Dialog;
  readonly #owner: SessionTimerOwner;
  #timer: Timer | undefined;
  /** Since the last refresh, as far as that is known. */
  #waitedMs = 0;

  constructor(host: UsageHost, dialog: Dialog, owner: SessionTimerOwner) {
    this.#host = host;
    this.#dialog = dialog;
    this.#owner = owner;
  }

  /** The session was refreshed just now, by whomever, on the terms in the dialog. */
  restart(): void {
    this.stop();
    const terms = this.#dialog.values.timer;
    if (terms === undefined) return;
    const intervalMs = terms.intervalS * 1000;
    this.#waitedMs = intervalMs / 2;
    this.#timer =
      terms.refresher === "local"
        ? this.#host.clock.after(intervalMs / 2, () => this.#owner.refresh())
        : this.#host.clock.after(intervalMs - Math.min(32_000, intervalMs / 3), () => this.#owner.expired());
  }

  /** Our refresh was refused, which ends nothing: once more before the peer gives up. */
  retry(): void {
    this.stop();
    const terms = this.#dialog.values.timer;
    if (terms === undefined) return;
    const delayMs = Math.max(shortestRetryMs, (terms.intervalS * 1000 - this.#waitedMs) / 2);
    this.#waitedMs += delayMs;
    this.#timer = this.#host.clock.after(delayMs, () => this.#owner.refresh());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
