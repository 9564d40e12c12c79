/** One dialog of an INVITE usage, early or confirmed, with all that goes on in it: its requests, its session, and its session timer. */
import type { Body } from "../message/builder.ts";
import type { HeaderPair } from "../message/header-list.ts";
import type { Dialog } from "./dialog.ts";
import { DialogRequests } from "./dialog-requests.ts";
import type { Authorize, InviteEvents } from "./invite-events.ts";
import { SessionChange, type SessionOwner } from "./session-change.ts";
import { Exchange, type ExchangeState } from "./session/exchange.ts";
import { grantHeaders } from "./session/session-interval.ts";
import { SessionTimer } from "./session/session-timer.ts";
import type { UsageHost } from "./usage-host.ts";

export type DialogSessionOwner = Pick<SessionOwner, "isSettled" | "lost" | "ackMissing" | "changed" | "answered"> & {
  /** How an offer of ours may go out in this dialog now. */
  means(dialog: Dialog): ReturnType<SessionOwner["means"]>;
  /** The peer, which was to refresh the session, did not (RFC 4028 §10). */
  expired(): void;
};

export class DialogSession {
  readonly dialog: Dialog;
  readonly requests: DialogRequests;
  readonly change: SessionChange;
  readonly #host: UsageHost;
  readonly #owner: DialogSessionOwner;
  #timer: SessionTimer | undefined;

  constructor(
    host: UsageHost,
    dialog: Dialog,
    state: ExchangeState,
    { events, authorize }: { readonly events: InviteEvents; readonly authorize: Authorize | undefined },
    owner: DialogSessionOwner,
  ) {
    this.#host = host;
    this.#owner = owner;
    this.dialog = dialog;
    this.requests = new DialogRequests(host, dialog, authorize);
    this.change = new SessionChange(this.requests, new Exchange(state), events, {
      means: () => owner.means(dialog),
      isSettled: () => owner.isSettled(),
      lost: (status) => owner.lost(status),
      ackMissing: () => owner.ackMissing(),
      changed: () => owner.changed(),
      answered: () => owner.answered(),
      refreshed: () => this.restartTimer(),
      refreshFailed: () => this.#timer?.retry(),
    });
  }

  /** Our 2xx to the peer's INVITE is about to go out: what it says of the session timer. */
  confirm(description: Body | undefined): readonly HeaderPair[] {
    this.dialog.confirm();
    this.change.described(description);
    return grantHeaders(this.dialog.values.timer);
  }

  /** The session was agreed on, or refreshed, just now. */
  restartTimer(): void {
    const { timer, state } = this.dialog.values;
    if (state === "early" || (timer === undefined && this.#timer === undefined)) return;
    this.#timer ??= new SessionTimer(this.#host, this.dialog, {
      refresh: () => this.change.refresh(),
      expired: () => this.#owner.expired(),
    });
    this.#timer.restart();
  }

  stop(): void {
    this.change.stop();
    this.#timer?.stop();
  }
}
