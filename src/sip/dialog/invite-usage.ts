/**
 * One INVITE dialog usage (RFC 5057) from the first INVITE to the end of the dialog, in both roles.
 *
 *   phase           until                                  commands that do something
 *   inviting        final answer to our INVITE             cancel, bye (as cancel)
 *   ringing         our final answer to the peer's INVITE  ring, answer, reject; bye and cancel reject with 480
 *   unacknowledged  ACK of the 2xx, ours at most 64*T1     reoffer and bye, which wait for it (§15)
 *   confirmed       BYE, either way, or a lost peer        reoffer, bye, options
 *   leaving         the final answer to our BYE, or ours   none
 *                   to the BYE or CANCEL of the peer
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
import { sequenceOf } from "../transaction/matching.ts";
import type { SipAddress } from "../transport/transport.ts";
import { Dialog, type DialogValues, type LocalSide } from "./dialog.ts";
import { DialogRequests, type RequestOutcome } from "./dialog-requests.ts";
import { answerInDialog, answerRequest } from "./in-dialog-answers.ts";
import { IncomingInvite } from "./incoming-invite.ts";
import type {
  AcceptOptions,
  AnswerParts,
  Authorize,
  Ending,
  EndReason,
  InviteEvents,
  InviteFailure,
  InviteOptions,
} from "./invite-events.ts";
import { type InviteUnderWay, sendInvite } from "./invite-attempts.ts";
import { inviteOf } from "./outgoing-invite.ts";
import { SessionChange } from "./session-change.ts";
import { acknowledge, endReasonOf, refuseSuccess, type UsageHost } from "./usage-host.ts";

export type InvitePhase = "inviting" | "ringing" | "unacknowledged" | "confirmed" | "leaving" | "ended";

export class InviteUsage {
  readonly callId: string;
  readonly localTag: string;
  readonly #host: UsageHost;
  readonly #events: InviteEvents;
  readonly #authorize: Authorize | undefined;
  readonly #released: (usage: InviteUsage) => void;
  #phase: InvitePhase;
  #outgoing: InviteUnderWay | undefined;
  /** Our side of the INVITE we sent, for the 2xx of other forks. */
  #local: LocalSide | undefined;
  /** Dialogs that provisional answers made, by remote tag. Gone when one is confirmed. */
  readonly #early = new Map<string, Dialog>();
  #incoming: IncomingInvite | undefined;
  #requests: DialogRequests | undefined;
  #session: SessionChange | undefined;
  /** CSeq and body of the ACK for our INVITE, for repeated 2xx. */
  #ack: { readonly sequence: number; readonly body: Body | undefined } | undefined;
  /** A BYE that waits for ACK. */
  #waitingBye: { readonly headers: readonly HeaderPair[]; readonly ending: Ending } | undefined;
  /** Until the user releases what the peer that left is owed. */
  #patience: Timer | undefined;

  private constructor(
    host: UsageHost,
    identity: { callId: string; localTag: string; phase: InvitePhase; authorize: Authorize | undefined },
    events: InviteEvents,
    released: (usage: InviteUsage) => void,
  ) {
    this.#host = host;
    this.callId = identity.callId;
    this.localTag = identity.localTag;
    this.#phase = identity.phase;
    this.#authorize = identity.authorize;
    this.#events = events;
    this.#released = released;
  }

  /** Sends INVITE. With the options of before a restart it is a repeat to the peer. */
  static invite(host: UsageHost, options: InviteOptions, events: InviteEvents, released: (usage: InviteUsage) => void): InviteUsage {
    const { callId, localTag, authorize } = options;
    const usage = new InviteUsage(host, { callId, localTag, phase: "inviting", authorize }, events, released);
    const local = { contact: options.contact, requestUri: options.requestUri, reachedAtPeer: options.reachedAtPeer ?? false };
    usage.#local = local;
    usage.#outgoing = sendInvite(host, inviteOf(host, options), options, {
      provisional: (response, source) => usage.#progress(response, source),
      success: (response, source) => usage.#answered(response, source),
      failed: (failure) => usage.#refused(failure),
      surplus: (response, source) => usage.success(response, source),
      moved: (contact) => (usage.#local = { ...local, contact }),
    });
    return usage;
  }

  /** Takes over an INVITE of a peer; say something with ring, answer or reject. */
  static accept(
    host: UsageHost,
    transaction: InviteServerTransaction,
    options: AcceptOptions,
    events: InviteEvents,
    released: (usage: InviteUsage) => void,
  ): InviteUsage {
    const { localTag, contact, authorize } = options;
    const callId = transaction.request.headers.get("Call-ID") ?? "";
    const usage = new InviteUsage(host, { callId, localTag, phase: "ringing", authorize }, events, released);
    const dialog = Dialog.ofInvite(transaction.request, transaction.source, { tag: localTag, contact });
    usage.#enter(dialog);
    usage.#incoming = new IncomingInvite(
      host,
      transaction,
      { tag: localTag, contact },
      {
        cancelled: (reason) => usage.#cancelled(reason, () => undefined),
        ackMissing: () => {
          events.ackMissing();
          usage.#ackMissing();
        },
      },
    );
    return usage;
  }

  /** A confirmed dialog after a restart. Add to `localCseq` before, when the values may be old. */
  static restore(
    host: UsageHost,
    values: DialogValues,
    events: InviteEvents,
    released: (usage: InviteUsage) => void,
    authorize?: Authorize,
  ): InviteUsage {
    const { callId, localTag } = values;
    const usage = new InviteUsage(host, { callId, localTag, phase: "confirmed", authorize }, events, released);
    usage.#enter(Dialog.restore(values));
    return usage;
  }

  get phase(): InvitePhase {
    return this.#phase;
  }

  /** Undefined until our INVITE is answered. */
  get dialog(): DialogValues | undefined {
    return this.#requests?.dialog.values;
  }

  /** Where our INVITE is now; undefined once it is answered. */
  get destination(): SipAddress | undefined {
    return this.#outgoing?.destination;
  }

  cancel(headers: readonly HeaderPair[] = []): void {
    if (this.#phase === "inviting") this.#outgoing?.cancel(headers);
    else this.bye(headers);
  }

  ring(status: number, body?: Body): void {
    if (this.#phase === "ringing") this.#incoming?.ring(status, body);
  }

  answer(body?: Body): void {
    if (this.#phase !== "ringing") return;
    this.#phase = "unacknowledged";
    this.#requests?.dialog.confirm();
    this.#incoming?.answer(body);
    this.#changed();
  }

  reject(status: number, headers: readonly HeaderPair[] = []): void {
    if (this.#phase !== "ringing") return;
    this.#incoming?.reject(status, headers);
    this.#end({ by: "local", status });
  }

  /** re-INVITE; without a body the peer makes the offer. */
  reoffer(body?: Body): void {
    if (this.#phase === "unacknowledged" || this.#phase === "confirmed") this.#session?.offer(body);
  }

  bye(headers: readonly HeaderPair[] = []): void {
    if (this.#phase === "inviting") this.cancel(headers);
    else if (this.#phase === "ringing") this.reject(480, headers);
    else if (this.#phase === "unacknowledged") this.#waitingBye ??= { headers, ending: { by: "local" } };
    else if (this.#phase === "confirmed") this.#leave(headers, { by: "local" });
  }

  /** Asks whether the peer still has the dialog: `alive`, or `ended` by `lost`. */
  options(): void {
    this.request("OPTIONS", {}, ({ status }) => {
      if (this.#phase === "confirmed" && status !== 408 && status !== 481 && status !== 503) this.#events.alive();
    });
  }

  /** A request that neither changes nor ends the session, such as INFO. `done` hears the final status; 408 and 481 also end the dialog (RFC 5057 §5.1). */
  request(method: string, parts: AnswerParts, done: (outcome: RequestOutcome) => void): void {
    if (this.#phase !== "confirmed") return;
    this.#requests?.send(method, parts, (outcome) => {
      done(outcome);
      if (this.#phase === "confirmed" && (outcome.status === 408 || outcome.status === 481)) this.#lost(outcome.status);
    });
  }

  /** A request of the peer for this Call-ID and local tag, neither ACK nor CANCEL. False when it is for no dialog of ours. */
  receive(request: SipRequest, source: SipAddress): boolean {
    const remoteTag = tagOf(request.headers.get("From") ?? "") ?? "";
    const confirmed = this.#requests?.dialog;
    const dialog = confirmed?.values.remoteTag === remoteTag ? confirmed : this.#early.get(remoteTag);
    if (dialog === undefined || this.#phase === "ended") return false;
    if (!dialog.take(request, source)) {
      this.#answer(request, source, 500);
      return true;
    }
    // A re-INVITE shows that our 2xx arrived, and that only its ACK was lost or is late (RFC 5407 §3.1.4).
    if (request.method === "INVITE" && this.#incoming?.takeImplicitAck() === true) {
      this.#events.acknowledged(undefined);
      this.#settle();
    }
    if (request.method === "BYE") this.#receiveBye(request, source);
    else if (this.#phase === "leaving") this.#answer(request, source, 481);
    else {
      if (dialog === confirmed) this.#changed();
      this.#receiveOther(request, source, dialog === confirmed);
    }
    return true;
  }

  acknowledged(ack: SipRequest): void {
    if (this.#incoming?.acknowledged(ack) === true) {
      this.#events.acknowledged(sessionBodyOf(ack));
      this.#settle();
    } else this.#session?.acknowledged(ack);
  }

  /** A further 2xx to an INVITE of ours. */
  success(response: SipResponse, source: SipAddress): void {
    const dialog = this.#requests?.dialog;
    const isOurs = dialog?.values.remoteTag === (tagOf(response.headers.get("To") ?? "") ?? "");
    if (dialog === undefined || !isOurs) {
      if (this.#local !== undefined) refuseSuccess(this.#host, response, source, this.#local);
    } else if (this.#ack?.sequence === sequenceOf(response)) acknowledge(this.#host, dialog, this.#ack.sequence, this.#ack.body);
    else this.#session?.repeatAck(response);
  }

  /** Ends it here without a word to the peer or the user: the stack is closing. */
  close(): void {
    this.#stop();
  }

  #progress(response: SipResponse, source: SipAddress): void {
    if (this.#phase !== "inviting" || response.status === 100) return;
    const remoteTag = tagOf(response.headers.get("To") ?? "");
    if (remoteTag !== undefined && this.#local !== undefined && !this.#early.has(remoteTag) && this.#early.size < 16)
      this.#early.set(remoteTag, Dialog.ofResponse(response, source, this.#local));
    this.#events.provisional(response.status, response);
  }

  #answered(response: SipResponse, source: SipAddress): void {
    const outgoing = this.#outgoing;
    const local = this.#local;
    if (outgoing === undefined || local === undefined || this.#phase !== "inviting") return;
    if (outgoing.isCancelled) {
      refuseSuccess(this.#host, response, source, local);
      this.#finish(() => this.#events.failed({ status: 487, cause: "response" }));
      return;
    }
    const dialog = Dialog.ofResponse(response, source, local);
    const sequence = sequenceOf(response);
    const hadOffer = outgoing.request.body.length > 0;
    this.#early.clear();
    this.#outgoing = undefined;
    this.#phase = hadOffer ? "confirmed" : "unacknowledged";
    this.#enter(dialog);
    if (hadOffer) acknowledge(this.#host, dialog, sequence, undefined);
    const answer = this.#events.answered(response, dialog.values);
    this.#ack = { sequence, body: hadOffer ? undefined : answer };
    if (hadOffer) return;
    acknowledge(this.#host, dialog, sequence, answer);
    this.#settle();
  }

  #refused(failure: InviteFailure): void {
    const { response } = failure;
    const isChallenge = response !== undefined && (failure.status === 401 || failure.status === 407);
    if (isChallenge && this.#outgoing?.isCancelled !== true) this.#finish(() => this.#events.challenged(response));
    else this.#finish(() => this.#events.failed(failure));
  }

  #enter(dialog: Dialog): void {
    this.#requests = new DialogRequests(this.#host, dialog, this.#authorize);
    this.#session = new SessionChange(this.#requests, this.#events, {
      isSettled: () => this.#phase === "confirmed",
      lost: (status) => this.#lost(status),
      ackMissing: () => this.#ackMissing(),
      changed: () => this.#changed(),
    });
  }

  #settle(): void {
    if (this.#phase !== "unacknowledged") return;
    this.#phase = "confirmed";
    // It holds the whole INVITE, for which nobody asks any more.
    this.#incoming = undefined;
    if (this.#waitingBye !== undefined) this.#leave(this.#waitingBye.headers, this.#waitingBye.ending);
    else this.#session?.proceed();
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
    this.#session?.stop();
    const release = () => this.#finish(answer);
    this.#patience = this.#host.clock.after(64 * this.#host.timers.t1Ms, release);
    tell(release);
  }

  #receiveOther(request: SipRequest, source: SipAddress, isConfirmedDialog: boolean): void {
    const { method } = request;
    if ((method === "INVITE" || method === "UPDATE") && isConfirmedDialog) {
      if (method === "INVITE") this.#session?.receiveInvite(request, source);
      else this.#session?.receiveUpdate(request, source);
      return;
    }
    // An offer in an early dialog would need reliable provisional answers (RFC 3262), which we do not have.
    if (method === "INVITE" || method === "UPDATE") return this.#answer(request, source, 500, [["Retry-After", "5"]]);
    answerInDialog(this.#host, request, source, this.localTag, (respond) => this.#events.received(request, respond));
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
    if (status === 408) this.#requests?.send("BYE", {}, () => undefined);
    this.#end({ by: "lost", status });
  }

  #leave(headers: readonly HeaderPair[], ending: Ending): void {
    if (this.#phase !== "confirmed") return;
    this.#phase = "leaving";
    this.#session?.stop();
    this.#requests?.send("BYE", { headers }, () => this.#end(ending));
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
    this.#outgoing?.detach();
    this.#incoming?.stop();
    this.#session?.stop();
  }
}
