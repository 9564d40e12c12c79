/**
 * One INVITE dialog usage (RFC 5057) from the first INVITE to the end of the dialog, in both roles.
 *
 *   phase           until                                  commands that do something
 *   inviting        final answer to our INVITE             bye (CANCEL); reoffer, once an early dialog agreed
 *   ringing         our final answer to the peer's INVITE  ring, answer, reject; bye rejects with 480; reoffer likewise
 *   unacknowledged  ACK of the 2xx, ours at most 64*T1     reoffer and bye, which wait for it (§15)
 *   confirmed       BYE, either way, or a lost peer        reoffer, refresh, bye, options
 *   leaving         the final answer to our BYE, or ours   none
 *                   to the BYE or CANCEL of the peer, or
 *                   the ACK of our refusal
 *   ended           for ever                               none
 *
 * Every other command in a phase is ignored: it crossed something that decided first.
 */
import type { Timer } from "../../kernel/index.ts";
import { sessionBodyOf } from "../body/session-body.ts";
import { type Body, responseTo } from "../message/builder.ts";
import type { HeaderPair } from "../message/header-list.ts";
import type { SipRequest, SipResponse } from "../message/message.ts";
import { tagOf } from "../message/name-addr.ts";
import type { InviteServerTransaction } from "../transaction/invite-server.ts";
import type { SipAddress } from "../transport/transport.ts";
import { Dialog, type DialogValues } from "./dialog.ts";
import type { DialogRequests } from "./dialog-requests.ts";
import { DialogSession } from "./dialog-session.ts";
import { answerInDialog, answerRequest } from "./in-dialog-answers.ts";
import { InitialInvite } from "./initial-invite.ts";
import { IncomingInvite } from "./incoming-invite.ts";
import type { AcceptOptions, Authorize, Ending, EndReason, InviteEvents, InviteFailure, InviteOptions } from "./invite-events.ts";
import type { ProvisionalRepeater } from "./reliable/provisional-repeater.ts";
import type { ExchangeState } from "./session/exchange.ts";
import { expiredReason, termsToGrant } from "./session/session-interval.ts";
import type { SessionChange } from "./session-change.ts";
import { endReasonOf, type UsageHost } from "./usage-host.ts";

export type InvitePhase = "inviting" | "ringing" | "unacknowledged" | "confirmed" | "leaving" | "ended";

export type UsageUser = { readonly events: InviteEvents; released(usage: InviteUsage): void };

export class InviteUsage {
  readonly callId: string;
  readonly localTag: string;
  readonly #host: UsageHost;
  readonly #events: InviteEvents;
  readonly #authorize: Authorize | undefined;
  readonly #released: UsageUser["released"];
  #phase: InvitePhase;
  #initial: InitialInvite | undefined;
  #incoming: IncomingInvite | undefined;
  /** A reliable provisional answer of ours whose PRACK may still come although the 2xx is out (RFC 3262 §3). */
  #provisionals: ProvisionalRepeater | undefined;
  /** Of the one dialog that is or will be confirmed; undefined until our INVITE is answered. */
  #session: DialogSession | undefined;
  /** A BYE that waits for ACK. */
  #waitingBye: { readonly headers: readonly HeaderPair[]; readonly ending: Ending } | undefined;
  /** Until the user releases what the peer that left is owed. */
  #patience: Timer | undefined;

  private constructor(
    host: UsageHost,
    identity: { callId: string; localTag: string; phase: InvitePhase; authorize: Authorize | undefined },
    user: UsageUser,
  ) {
    this.#host = host;
    this.callId = identity.callId;
    this.localTag = identity.localTag;
    this.#phase = identity.phase;
    this.#authorize = identity.authorize;
    this.#events = user.events;
    this.#released = user.released;
  }

  /** Sends INVITE. With the options of before a restart it is a repeat to the peer. */
  static invite(host: UsageHost, options: InviteOptions, user: UsageUser): InviteUsage {
    const { callId, localTag, authorize } = options;
    const usage = new InviteUsage(host, { callId, localTag, phase: "inviting", authorize }, user);
    usage.#initial = new InitialInvite(host, options, user.events, {
      isInviting: () => usage.#phase === "inviting",
      sessionOf: (dialog, state) => usage.#sessionOf(dialog, state),
      confirmed: (session, owesAnswer) => {
        usage.#phase = owesAnswer ? "unacknowledged" : "confirmed";
        usage.#session = session;
      },
      acknowledged: () => usage.#settle(),
      surplus: (response, source) => usage.success(response, source),
      failed: (failure, isCancelled) => usage.#refused(failure, isCancelled),
    });
    return usage;
  }

  /** Takes over an INVITE of a peer; say something with ring, answer or reject. */
  static accept(host: UsageHost, transaction: InviteServerTransaction, options: AcceptOptions, user: UsageUser): InviteUsage {
    const { localTag, contact, authorize, isRestored = false } = options;
    const { request } = transaction;
    const callId = request.headers.get("Call-ID") ?? "";
    const usage = new InviteUsage(host, { callId, localTag, phase: "ringing", authorize }, user);
    const dialog = Dialog.ofInvite(request, transaction.source, { tag: localTag, contact });
    dialog.setTimer(termsToGrant(request, host.sessionTimer, undefined));
    const session = usage.#sessionOf(dialog, request.body.length === 0 ? "none" : "owing");
    usage.#session = session;
    usage.#incoming = new IncomingInvite(host, transaction, { tag: localTag, contact, isRestored }, session.change, {
      cancelled: (reason) => usage.#cancelled(reason, () => undefined),
      ackMissing: () => {
        user.events.ackMissing();
        usage.#ackMissing();
      },
      prackMissing: (status) => usage.#end({ by: "lost", status }),
      answering: (body) => {
        usage.#phase = "unacknowledged";
        const headers = session.confirm(body);
        usage.#changed();
        return headers;
      },
    });
    return usage;
  }

  /** A confirmed dialog after a restart. Add to `localCseq` before, when the values may be old. */
  static restore(host: UsageHost, values: DialogValues, user: UsageUser, authorize?: Authorize): InviteUsage {
    const { callId, localTag } = values;
    const usage = new InviteUsage(host, { callId, localTag, phase: "confirmed", authorize }, user);
    usage.#session = usage.#sessionOf(Dialog.restore(values), "agreed");
    usage.#session.restartTimer();
    return usage;
  }

  get phase(): InvitePhase {
    return this.#phase;
  }

  /** Undefined until our INVITE is answered. */
  get dialog(): DialogValues | undefined {
    return this.#session?.dialog.values;
  }

  /** Where our INVITE is now; undefined once it is answered. */
  get destination(): SipAddress | undefined {
    return this.#initial?.destination;
  }

  ring(status: number, body?: Body): void {
    if (this.#phase === "ringing") this.#incoming?.ring(status, body);
  }

  /** Waits for the PRACK of a session description of ours; until then another answer takes its place, and reject is possible. */
  answer(body?: Body): void {
    if (this.#phase === "ringing") this.#incoming?.answer(body);
  }

  reject(status: number, headers: readonly HeaderPair[] = []): void {
    if (this.#phase !== "ringing") return;
    this.#phase = "leaving";
    this.#stopSession();
    this.#incoming?.reject(status, headers, () => this.#end({ by: "local", status }));
  }

  /** re-INVITE, UPDATE while the dialog is early, or the PRACK that is due; without a body the peer makes the offer. */
  reoffer(body?: Body): void {
    if (this.#phase === "inviting") this.#initial?.early.latest?.change.offer(body);
    else if (this.#phase !== "leaving" && this.#phase !== "ended") this.#session?.change.offer(body);
  }

  /** Refreshes the session now: after a restart nobody knows when that was done last. Asks like `options` when there is no session timer. */
  refresh(): void {
    if (this.#phase !== "confirmed") return;
    if (this.dialog?.timer?.refresher === "local") this.#session?.change.refresh();
    else this.options();
  }

  /** CANCEL, a refusal or BYE, whichever the phase asks for. */
  bye(headers: readonly HeaderPair[] = []): void {
    if (this.#phase === "inviting") this.#initial?.cancel(headers);
    else if (this.#phase === "ringing") this.reject(480, headers);
    else if (this.#phase === "unacknowledged") this.#waitingBye ??= { headers, ending: { by: "local" } };
    else if (this.#phase === "confirmed") this.#leave(headers, { by: "local" });
  }

  /** True for the remote tag of a dialog of this usage, confirmed or early. */
  has(remoteTag: string): boolean {
    return this.dialog?.remoteTag === remoteTag || this.#initial?.early.get(remoteTag) !== undefined;
  }

  /** For other requests in this dialog (REFER, INFO, …) and for its subscriptions; undefined until our INVITE is answered. */
  get requests(): DialogRequests | undefined {
    return this.#session?.requests;
  }

  /** Asks whether the peer still has the dialog: `alive`, or `ended` by `lost`. */
  options(): void {
    this.request("OPTIONS", {}, ({ status }) => {
      if (this.#phase === "confirmed" && status !== 408 && status !== 481 && status !== 503) this.#events.alive();
    });
  }

  /** A request that neither changes nor ends the session, such as INFO. `done` hears the final status; 408 and 481 also end the dialog (RFC 5057 §5.1). */
  request(...[method, parts, done]: Parameters<DialogRequests["send"]>): void {
    if (this.#phase !== "confirmed") return;
    this.#session?.requests.send(method, parts, (outcome) => {
      done(outcome);
      if (this.#phase === "confirmed" && (outcome.status === 408 || outcome.status === 481)) this.#lost(outcome.status);
    });
  }

  /** A request of the peer for this Call-ID and local tag, neither ACK nor CANCEL. False when it is for no dialog of ours. */
  receive(request: SipRequest, source: SipAddress): boolean {
    const remoteTag = tagOf(request.headers.get("From") ?? "") ?? "";
    const isOurs = this.dialog?.remoteTag === remoteTag;
    const session = isOurs ? this.#session : this.#initial?.early.get(remoteTag);
    if (session === undefined || this.#phase === "ended") return false;
    if (!session.dialog.take(request, source)) {
      this.#answer(request, source, 500);
      return true;
    }
    // A re-INVITE shows that our 2xx arrived, and that only its ACK was lost or is late (RFC 5407 §3.1.4).
    if (request.method === "INVITE" && this.#incoming?.takeImplicitAck() === true) {
      this.#events.acknowledged(undefined);
      this.#settle();
    }
    if (request.method === "BYE") this.#receiveBye(request, source);
    else if (this.#phase === "leaving" && this.#session?.requests.isOfSubscription(request) !== true) this.#answer(request, source, 481);
    else {
      if (isOurs) this.#changed();
      this.#receiveOther(request, source, session.change);
    }
    return true;
  }

  acknowledged(ack: SipRequest): void {
    if (this.#incoming?.acknowledged(ack) === true) {
      this.#session?.change.exchange.settle();
      this.#events.acknowledged(sessionBodyOf(ack));
      this.#settle();
    } else this.#session?.change.peer.acknowledged(ack);
  }

  /** A further 2xx to an INVITE of ours. */
  success(response: SipResponse, source: SipAddress): void {
    if (this.#initial?.success(response, source, this.#session?.dialog) !== true) this.#session?.change.repeatAck(response);
  }

  /** Ends it here without a word to the peer or the user: the stack is closing. */
  close(): void {
    this.#stop();
  }

  #refused(failure: InviteFailure, isCancelled: boolean): void {
    const { response, status } = failure;
    const isChallenge = !isCancelled && (status === 401 || status === 407);
    this.#finish(() => (isChallenge && response !== undefined ? this.#events.challenged(response) : this.#events.failed(failure)));
  }

  #sessionOf(dialog: Dialog, state: ExchangeState): DialogSession {
    const isOurs = () => this.#session?.dialog === dialog;
    const user = { events: this.#events, authorize: this.#authorize };
    return new DialogSession(this.#host, dialog, state, user, {
      means: () => this.#meansIn(dialog),
      isSettled: () => this.#phase === "confirmed",
      // Of an early dialog, its INVITE tells the end.
      lost: (status) => (this.#phase === "confirmed" && isOurs() ? this.#lost(status) : this.#events.sessionRefused(status)),
      ackMissing: () => this.#ackMissing(),
      changed: () => {
        if (isOurs()) this.#changed();
      },
      answered: () => this.#incoming?.proceed(),
      expired: () => this.#leave([expiredReason], { by: "lost", reason: "Session expired" }),
    });
  }

  /** RFC 3261 §14.1, RFC 3311 §5.1. */
  #meansIn(dialog: Dialog): "INVITE" | "UPDATE" | undefined {
    if (this.#phase === "confirmed") return "INVITE";
    const isEarly = this.#phase === "inviting" || this.#phase === "ringing";
    const isAcknowledged = this.#incoming?.provisionals?.isWaiting !== true && this.#initial?.early.isProgressing !== true;
    return isEarly && isAcknowledged && dialog.values.allowsUpdate === true ? "UPDATE" : undefined;
  }

  #settle(): void {
    if (this.#phase !== "unacknowledged") return;
    this.#phase = "confirmed";
    // It holds the whole INVITE, for which nobody asks any more.
    this.#provisionals = this.#incoming?.provisionals;
    this.#incoming = undefined;
    this.#session?.restartTimer();
    if (this.#waitingBye !== undefined) this.#leave(this.#waitingBye.headers, this.#waitingBye.ending);
    else this.#session?.change.proceed();
  }

  #receiveBye(request: SipRequest, source: SipAddress): void {
    const transaction = this.#host.layer.open(request, source);
    const toTag = this.localTag;
    const agree = () => transaction.respond(responseTo(request, 200, { toTag, headers: [["Server", this.#host.product]] }));
    const reason = endReasonOf(request);
    if (this.#phase === "ringing") this.#cancelled(reason, agree);
    else if (this.#phase === "unacknowledged" || this.#phase === "confirmed")
      this.#part(agree, (release) => this.#events.ended({ by: "peer", ...reason }, release));
    else agree();
  }

  #cancelled(reason: EndReason, agree: () => void): void {
    if (this.#phase !== "ringing") return;
    const answer = () => {
      agree();
      this.#incoming?.reject(487, []);
    };
    this.#part(answer, (release) => this.#events.cancelled(reason, release));
  }

  /** The peer left. Its answer waits for the user, at most as long as the peer does; repeats of its request are absorbed meanwhile. */
  #part(answer: () => void, tell: (release: () => void) => void): void {
    this.#phase = "leaving";
    this.#incoming?.stop();
    this.#stopSession();
    const release = () => this.#finish(answer);
    this.#patience = this.#host.clock.after(64 * this.#host.timers.t1Ms, release);
    tell(release);
  }

  #receiveOther(request: SipRequest, source: SipAddress, session: SessionChange): void {
    const isEarly = this.#phase === "inviting" || this.#phase === "ringing";
    if (request.method === "PRACK") this.#receivePrack(request, source, session);
    else if (request.method === "UPDATE") session.peer.receiveUpdate(request, source);
    // One INVITE after the other (RFC 3261 §14.2).
    else if (request.method === "INVITE" && isEarly) this.#answer(request, source, 500, [["Retry-After", "5"]]);
    else if (request.method === "INVITE") session.peer.receiveInvite(request, source);
    else
      answerInDialog(
        this.#host,
        request,
        source,
        this.localTag,
        (respond) => this.#session?.requests.receive(request, respond) === true || this.#events.received(request, respond),
      );
  }

  /** RFC 3262 §3: 481 unless its RAck names an answer of ours that waits for it. What it describes is an offer, unless that answer of ours had one. */
  #receivePrack(request: SipRequest, source: SipAddress, session: SessionChange): void {
    const provisionals = this.#incoming?.provisionals ?? this.#provisionals;
    if (provisionals?.acknowledge(request) !== true && this.#incoming?.takesAnyPrack !== true) return this.#answer(request, source, 481);
    const body = sessionBodyOf(request);
    if (body !== undefined && (session.exchange.state === "agreed" || session.isBusy)) session.peer.receivePrack(request, source);
    else {
      this.#answer(request, source, 200);
      if (body !== undefined && session.exchange.step("answer-taken")) this.#events.answeredEarly?.(body);
    }
    this.#incoming?.proceed();
    session.proceed();
  }

  #answer(request: SipRequest, source: SipAddress, status: number, headers: readonly HeaderPair[] = []): void {
    answerRequest(this.#host, request, source, this.localTag, { status, headers });
  }

  #ackMissing(): void {
    this.#phase = "confirmed";
    this.#leave(this.#waitingBye?.headers ?? [], this.#waitingBye?.ending ?? { by: "lost" });
  }

  #lost(status: number): void {
    // Nobody waits another 32 s for an answer to this BYE; it is for a peer that only seemed to be gone.
    if (status === 408) this.#session?.requests.send("BYE", {}, () => undefined);
    this.#end({ by: "lost", status });
  }

  #leave(headers: readonly HeaderPair[], ending: Ending): void {
    if (this.#phase !== "confirmed") return;
    this.#phase = "leaving";
    this.#stopSession();
    this.#session?.requests.send("BYE", { headers }, () => this.#end(ending));
  }

  /** Not by the peer, so there is nothing to release. */
  #end(ending: Ending): void {
    this.#finish(() => this.#events.ended(ending, () => undefined));
  }

  #changed(): void {
    const values = this.dialog;
    if (values !== undefined && this.#phase !== "ended") this.#events.dialogChanged(values);
  }

  #finish(tell: () => void): void {
    if (this.#phase === "ended") return;
    this.#stop();
    this.#released(this);
    tell();
  }

  #stop(): void {
    this.#phase = "ended";
    this.#patience?.cancel();
    this.#incoming?.stop();
    this.#stopSession();
  }

  #stopSession(): void {
    this.#initial?.stop();
    this.#session?.stop();
  }
}
