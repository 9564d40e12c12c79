/**
 * The early dialogs of our INVITE, one for each fork that answered provisionally (RFC 3261 §12.1.2, §13.2.2.4), and what is agreed on in
 * each before the 2xx (RFC 3262 §5, RFC 3311 §5.1).
 *
 *   provisional answer            then
 *   reliable, first description   our offer is answered; without one of ours it is the offer, and its answer goes out in the PRACK
 *   reliable, any other           PRACK; with the offer that waits, if the session is agreed
 *   ordinary, with description    what the answer will be: told, agrees on nothing
 *   199                           the early dialog is gone (RFC 6228)
 */
import { sessionBodyOf } from "../body/session-body.ts";
import type { Body } from "../message/builder.ts";
import type { SipResponse } from "../message/message.ts";
import { tagOf } from "../message/name-addr.ts";
import type { SipAddress } from "../transport/transport.ts";
import { Dialog, type LocalSide } from "./dialog.ts";
import type { DialogSession } from "./dialog-session.ts";
import type { InviteEvents } from "./invite-events.ts";
import { isReliable, ProvisionalAcknowledger } from "./reliable/provisional-acknowledger.ts";

/** Nobody forks to more that matter; each one costs memory that the peer decides on. */
const mostDialogs = 16;

type EarlyDialog = {
  readonly session: DialogSession;
  readonly provisionals: ProvisionalAcknowledger;
  /** What the peer described last without being bound to it. */
  description: string;
};

export class EarlyDialogs {
  readonly #local: () => LocalSide;
  readonly #events: InviteEvents;
  readonly #make: (dialog: Dialog) => DialogSession;
  readonly #dialogs = new Map<string, EarlyDialog>();
  /** The one that progressed last: offers of ours go there. */
  #latest: EarlyDialog | undefined;
  #isProgressing = false;

  constructor(local: () => LocalSide, events: InviteEvents, make: (dialog: Dialog) => DialogSession) {
    this.#local = local;
    this.#events = events;
    this.#make = make;
  }

  /** An answer is being taken: its PRACK is the next to go out. */
  get isProgressing(): boolean {
    return this.#isProgressing;
  }

  get latest(): DialogSession | undefined {
    return this.#latest?.session;
  }

  get(remoteTag: string): DialogSession | undefined {
    return this.#dialogs.get(remoteTag)?.session;
  }

  /** 101-199. False when it is a repeat, or of one dialog too many that asks for PRACK: then it means nothing. */
  progress(response: SipResponse, source: SipAddress): boolean {
    const remoteTag = tagOf(response.headers.get("To") ?? "");
    const early = remoteTag === undefined ? undefined : this.#earlyOf(remoteTag, response, source);
    if (early === undefined || remoteTag === undefined) return !isReliable(response);
    const kind = early.provisionals.take(response);
    if (kind === "dropped") return false;
    const description = sessionBodyOf(response);
    if (description !== undefined || this.#latest === undefined) this.#latest = early;
    this.#isProgressing = true;
    const answer = description && this.#describe(early, remoteTag, description, kind === "reliable");
    this.#isProgressing = false;
    if (kind === "reliable") acknowledgeProvisional(early, response, answer);
    if (response.status === 199) this.#drop(remoteTag, early);
    return true;
  }

  /** The dialog of a 2xx, which need not have been early. */
  confirm(response: SipResponse, source: SipAddress): DialogSession {
    const early = this.#dialogs.get(tagOf(response.headers.get("To") ?? "") ?? "");
    if (early === undefined) return this.#make(Dialog.ofResponse(response, source, this.#local()));
    early.session.dialog.confirmBy(response, source, this.#local());
    return early.session;
  }

  /** All but the one that was confirmed. */
  stop(confirmed?: DialogSession): void {
    for (const early of this.#dialogs.values()) if (early.session !== confirmed) early.session.stop();
    this.#dialogs.clear();
    this.#latest = undefined;
  }

  #earlyOf(remoteTag: string, response: SipResponse, source: SipAddress): EarlyDialog | undefined {
    const known = this.#dialogs.get(remoteTag);
    if (known !== undefined || this.#dialogs.size >= mostDialogs) return known;
    const session = this.#make(Dialog.ofResponse(response, source, this.#local()));
    const early = { session, provisionals: new ProvisionalAcknowledger(), description: "" };
    this.#dialogs.set(remoteTag, early);
    return early;
  }

  #describe(early: EarlyDialog, remoteTag: string, description: Body, reliably: boolean): Body | undefined {
    const { exchange, isBusy } = early.session.change;
    if (exchange.state === "offering" && !isBusy) {
      if (reliably) exchange.step("answer-taken");
      const text = Buffer.from(description.content).toString();
      // Repeated each minute; peers that ring one device after the other change it.
      if (early.description !== text) this.#events.progressed?.(description, remoteTag);
      early.description = text;
    } else if (reliably && exchange.state === "none") {
      exchange.step("offer-taken");
      const answer = this.#events.progressed?.(description, remoteTag);
      exchange.step(answer === undefined ? "refused" : "answer-sent");
      return answer;
    }
    return undefined;
  }

  #drop(remoteTag: string, early: EarlyDialog): void {
    early.session.stop();
    this.#dialogs.delete(remoteTag);
    if (this.#latest === early) this.#latest = undefined;
  }
}

function acknowledgeProvisional({ provisionals, session }: EarlyDialog, response: SipResponse, answer: Body | undefined): void {
  const { requests, change } = session;
  const offer = answer === undefined ? change.takeForPrack() : undefined;
  provisionals.acknowledge(requests, response, answer ?? offer, (outcome) => {
    if (offer !== undefined) change.answeredInPrack(offer, outcome);
    else change.proceed();
  });
}
