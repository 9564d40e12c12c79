/**
 * Keeps one leg's INVITE usage the same as the leg's durable state, and turns what its far end does into signals. Holds nothing that a
 * restart would need: everything is in the leg or derived from its id.
 */
import { derive } from "../../kernel/index.ts";
import {
  type AnswerParts,
  asksForSips,
  type Body,
  type DialogValues,
  type Ending,
  type EndReason,
  HeaderList,
  type InviteEvents,
  type InviteFailure,
  type InviteServerTransaction,
  type InviteUsage,
  isSips,
  sessionBodyOf,
  type SipAddress,
  type SipAddresses,
  type SipRequest,
  type SipResponse,
} from "../../sip/index.ts";
import type { Call, Leg } from "../model.ts";
import type { SignalingContext } from "./context.ts";
import { LegDigits } from "./leg-digits.ts";
import {
  contactHeaders,
  contactsOf,
  fromOf,
  inviteHeaders,
  keptOf,
  requestReason,
  responseReason,
  whyOf,
  writtenAddress,
} from "./leg-headers.ts";
import { invitedBy } from "./leg-names.ts";
import { takeRequest } from "./leg-requests.ts";
import { LegRefer } from "./leg-refer.ts";
import { LegReferral } from "./leg-referral.ts";
import { LegSession } from "./leg-session.ts";
import { type LegSignalParts, type LegView, signalOf } from "./leg-view.ts";

/** After a crash our CSeq may be behind what the peer has seen; gaps are legal (RFC 3261 §12.2.1.1). */
const cseqMargin = 1000;

export class LegDriver implements InviteEvents, LegView {
  readonly #context: SignalingContext;
  #call: Call;
  #leg: Leg;
  #usage: InviteUsage | undefined;
  /** INVITEs sent so far. */
  #attempt = 0;
  /** There is more than one server that our INVITE may go to. */
  #hasChoice = false;
  #hasRung = false;
  #hasProgressed = false;
  /** To of the first answer to our INVITE that has made an early dialog. */
  rangAs: string | undefined;
  #isEnding = false;
  #isFinished = false;
  readonly #session: LegSession;
  readonly #digits: LegDigits;
  /** Made when first needed: most legs have neither. */
  #referral: LegReferral | undefined;
  #refer: LegRefer | undefined;

  constructor(context: SignalingContext, call: Call, leg: Leg) {
    this.#context = context;
    this.#call = call;
    this.#leg = leg;
    this.#session = new LegSession(context, this);
    this.#digits = new LegDigits(context, this);
  }

  get call(): Call {
    return this.#call;
  }

  get leg(): Leg {
    return this.#leg;
  }

  get usage(): InviteUsage | undefined {
    return this.#usage;
  }

  /** Takes the peer's INVITE for a leg that begins with it. */
  accept(transaction: InviteServerTransaction, legId: string, isRestored = false): DialogValues | undefined {
    this.#session.peer = transaction.source;
    const { stack, secret } = this.#context;
    const { localTag } = invitedBy(secret, legId);
    const contact = this.#context.contactOf(legId, transaction.source, asksForSips(transaction.request));
    this.#usage = stack.acceptInvite(transaction, { localTag, contact, isRestored }, this);
    return this.#usage.dialog;
  }

  /** No call came of the INVITE. */
  refuse(status: number): void {
    this.#isEnding = true;
    this.#usage?.reject(status);
  }

  /**
   * The dialog of before a restart, or the peer's INVITE that still needs our answer. A CANCEL that is still owed needs our INVITE: that
   * goes out again as a repeat, unless the far end may have forgotten it.
   */
  restore(isLate: boolean): void {
    const { dialog, state, attempt, invite, offer, answeredAt } = this.#leg;
    if (invite !== undefined) {
      const headers = new HeaderList(invite.headers);
      const request: SipRequest = { kind: "request", method: "INVITE", uri: invite.uri, headers, body: Buffer.from(offer ?? "") };
      this.accept(this.#context.stack.restoreInvite(request, invite.source), this.#leg.id, true);
      // Our 2xx may have gone out or not; a BYE that is owed waits for its ACK.
      if (answeredAt !== undefined) this.#answer(this.#leg);
    } else if (dialog !== undefined && (state === "answered" || this.#leg.owes !== null)) {
      this.#session.peer = dialog.peer;
      this.#attempt = attempt;
      const values = { ...dialog, state: "confirmed", localCseq: dialog.localCseq + cseqMargin * (this.#call.recoveries + 1) } as const;
      this.#usage = this.#context.stack.restore(values, this, this.#context.authorizeFor(this.#leg));
      if (this.#leg.refer !== undefined) this.#refers().restore(this.#leg);
    } else if (this.#leg.owes?.kind === "end" && this.#leg.direction === "outbound" && !isLate) {
      this.#isEnding = true;
      this.#invite(this.#leg);
    }
  }

  /** Asks the peer whether it still has the dialog, by the session refresh that may be due. */
  probe(): void {
    this.#usage?.refresh();
  }

  apply(call: Call, leg: Leg): void {
    if (this.#isFinished) return;
    this.#call = call;
    this.#leg = leg;
    if (leg.state === "ended") {
      this.#end(leg);
      return;
    }
    if (leg.direction === "inbound") this.#respond(leg);
    else if (leg.state !== "answered" && leg.attempt > this.#attempt) this.#invite(leg);
    this.#session.pursue();
    this.#digits.pursue();
    if (leg.referral !== undefined) this.#referrals().pursue();
    if (leg.refer !== undefined || this.#refer !== undefined) this.#refers().pursue();
  }

  #invite(leg: Leg): void {
    this.#attempt = leg.attempt;
    this.#context.locate(leg, (located) => {
      if (this.#isFinished) return;
      if (located.ok) return this.#inviteAt(located.addresses, leg);
      this.#tell({ kind: "leg-failed", cause: "transport", status: 503, reason: located.reason });
      this.#isFinished = true;
    });
  }

  #inviteAt(destinations: SipAddresses, leg: Leg): void {
    const { stack, secret } = this.#context;
    const [destination] = destinations;
    this.#hasChoice = destinations.length > 1;
    this.#session.peer = destination;
    const body = this.#session.initialOffer(this.#call, leg);
    const contactAt = (peer: SipAddress) => this.#context.contactOf(leg.id, peer, isSips(leg.route.requestUri));
    const authorization =
      leg.challenge && this.#context.authorizationFor(leg, leg.challenge, { method: "INVITE", uri: leg.route.requestUri });
    const authorize = this.#context.authorizeFor(leg);
    this.#usage = stack.invite(
      {
        requestUri: leg.route.requestUri,
        from: fromOf(leg.route),
        to: `<${leg.route.toUri}>`,
        ...invitedBy(secret, leg.id),
        branch: `z9hG4bK${derive(secret, 12, leg.id, "invite", leg.attempt)}`,
        sequence: leg.attempt,
        contact: contactAt(destination),
        destinations,
        ...(this.#hasChoice && { contactAt }),
        reachedAtPeer: leg.route.phoneId !== undefined,
        ...(leg.route.maxForwards !== undefined && { maxForwards: leg.route.maxForwards }),
        ...(leg.minSessionS !== undefined && { minSessionS: leg.minSessionS }),
        ...(this.#call.recoveries > 0 && { cseqMargin: cseqMargin * this.#call.recoveries }),
        headers: inviteHeaders(leg),
        body,
        ...(authorization && { authorization }),
        ...(authorize && { authorize }),
      },
      this,
    );
    if (this.#isEnding) this.#usage.bye();
  }

  /** Our side of the peer's INVITE. */
  #respond(leg: Leg): void {
    if (this.#usage?.phase !== "ringing") return;
    if (leg.state === "answered") this.#answer(leg);
    else if (leg.early !== undefined) this.#progress(leg);
    else if (leg.state === "ringing" && !this.#hasRung) {
      this.#hasRung = true;
      this.#usage.ring(180);
    }
  }

  /** The caller is to hear what comes before the answer. */
  #progress(leg: Leg): void {
    if (this.#hasProgressed) return;
    this.#hasProgressed = true;
    const answer = this.#session.initialAnswer(leg);
    if (answer.ok) this.#usage?.ring(183, answer.body);
  }

  #answer(leg: Leg): void {
    const answer = this.#session.initialAnswer(leg);
    if (answer.ok) this.#usage?.answer(answer.body);
    else this.#usage?.reject(answer.status);
  }

  #end(leg: Leg): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    const { owes } = leg;
    if (owes === null) {
      this.#isFinished = true;
      return;
    }
    const usage = this.#usage;
    // An INVITE that waits for its address to be found is not sent at all.
    if (usage === undefined || usage.phase === "ended") this.#release();
    else if (owes.kind === "reject" && usage.phase === "ringing")
      usage.reject(owes.status, [...responseReason(leg.outcome), ...contactHeaders(owes.contacts)]);
    else if (leg.referral === undefined && this.#referral === undefined) usage.bye(requestReason(leg.outcome));
    else this.#referrals().afterwards(() => usage.bye(requestReason(leg.outcome)));
  }

  #release(): void {
    this.#tell({ kind: "leg-released" });
    this.#isFinished = true;
  }

  #referrals(): LegReferral {
    return (this.#referral ??= new LegReferral(this.#context, this));
  }

  #refers(): LegRefer {
    return (this.#refer ??= new LegRefer(this.#context, this));
  }

  #signal(signal: LegSignalParts): Promise<Call | undefined> {
    return signalOf(this.#context, this.#leg, signal);
  }

  // What the far end does (InviteEvents)

  progressed(description: Body, remoteTag: string): undefined {
    const media = this.#session.progressed(description, remoteTag);
    if (media !== undefined) this.#tell({ kind: "leg-progressed", media, remoteTag, ...this.#reached() });
  }

  answeredEarly(answer: Body): void {
    const media = this.#session.answeredInitially(answer);
    if (media !== undefined) this.#tell({ kind: "leg-progressed", media });
  }

  provisional(status: number, response: SipResponse): void {
    if (status > 100) this.rangAs ??= response.headers.get("To");
    if (status < 180 || this.#leg.state !== "inviting") return;
    this.#tell({ kind: "leg-rang", status, ...this.#reached(), ...keptOf(this.#leg, response) });
  }

  /** Which of several servers it is. */
  #reached(): { readonly reached?: SipAddress } {
    const reached = this.#hasChoice ? this.#usage?.destination : undefined;
    return reached === undefined ? {} : { reached };
  }

  answered(response: SipResponse, dialog: DialogValues, agreedEarly: boolean): Body | undefined {
    this.#session.peer = dialog.peer;
    const media = this.#session.agreedInitially(agreedEarly ? undefined : sessionBodyOf(response), dialog.remoteTag);
    this.#tell(
      media === undefined ? { kind: "leg-unusable", dialog } : { kind: "leg-answered", dialog, media, ...keptOf(this.#leg, response) },
    );
    return undefined;
  }

  challenged(response: SipResponse): void {
    this.#usage = undefined;
    const header = response.status === 401 ? "WWW-Authenticate" : "Proxy-Authenticate";
    const values = response.headers.all(header);
    if (this.#isEnding) this.#release();
    else if (values.length === 0 || !this.#context.hasCredentials(this.#leg)) {
      this.#tell({ kind: "leg-failed", cause: "response", status: response.status, reason: response.reason });
      this.#isFinished = true;
    } else this.#tell({ kind: "leg-challenged", header, values });
  }

  failed(failure: InviteFailure): void {
    const { cause, status, tried, response } = failure;
    const minSessionS = status === 422 ? Number(response?.headers.get("Min-SE")) : Number.NaN;
    if (minSessionS > (this.#leg.minSessionS ?? 0) && !this.#isEnding) {
      this.#usage = undefined;
      return this.#tell({ kind: "leg-interval-too-small", minSessionS });
    }
    const said = response?.reason ?? failure.reason ?? "";
    const reason = [said, ...(tried === undefined ? [] : [`tried ${tried.map(writtenAddress).join(", ")}`])].filter(Boolean).join("; ");
    const told = { ...whyOf(failure), ...keptOf(this.#leg, response), ...contactsOf(response) };
    this.#tell({ kind: "leg-failed", cause, status, reason, ...told });
    this.#isFinished = true;
  }

  acknowledged(body: Body | undefined): void {
    if (this.#session.awaitsAnswer) return this.#agreedByAck(body);
    if (!this.#leg.acknowledged) this.#tell({ kind: "leg-acknowledged" });
    // The answer to an offer that we made in the 2xx to a re-INVITE without one.
    if (body !== undefined) this.#session.answered(body);
  }

  #agreedByAck(answer: Body | undefined): void {
    const media = this.#session.answeredInitially(answer);
    const dialog = this.#usage?.dialog;
    if (media !== undefined) this.#tell({ kind: "leg-acknowledged", media });
    else if (dialog !== undefined) this.#tell({ kind: "leg-unusable", dialog });
  }

  ackMissing(): void {
    // `ended` follows when the BYE is done.
  }

  cancelled(reason: EndReason, release: () => void): void {
    void this.#signal({ kind: "leg-cancelled", ...whyOf(reason) }).then(release);
    this.#isFinished = true;
  }

  offered(offer: Body | undefined, respond: (status: number, body?: Body) => void, remoteTag: string): void {
    this.#session.offered(offer, respond, remoteTag);
  }

  sessionAccepted(body: Body | undefined): Body | undefined {
    if (body !== undefined) this.#session.answered(body);
    else this.#session.refused(488);
    return undefined;
  }

  refreshDue(): void {
    this.#session.refresh();
  }

  sessionRefused(status: number): void {
    this.#session.refused(status);
  }

  received(request: SipRequest, respond: (status: number, parts?: AnswerParts) => void): boolean {
    return takeRequest(this.#context, this, () => this.#referrals(), request, respond);
  }

  dialogChanged(dialog: DialogValues): void {
    const known = this.#leg.dialog;
    // Sequence numbers alone are not worth a record: the margin covers ours, and the peer's only grow.
    const moved =
      known === undefined ||
      known.remoteTarget !== dialog.remoteTarget ||
      known.peer.port !== dialog.peer.port ||
      known.allowsUpdate !== dialog.allowsUpdate ||
      known.timer?.intervalS !== dialog.timer?.intervalS ||
      known.timer?.refresher !== dialog.timer?.refresher ||
      known.peer.address !== dialog.peer.address;
    if (moved && this.#leg.state === "answered") this.#tell({ kind: "leg-dialog", dialog });
  }

  alive(): void {
    // Nothing follows from a peer that is still there.
  }

  ended(ending: Ending, release: () => void): void {
    if (ending.by === "peer") this.#referral?.left();
    if (ending.by === "peer") void this.#signal({ kind: "leg-hung-up", ...whyOf(ending) }).then(release);
    else if (ending.by === "local") this.#tell({ kind: "leg-released" });
    else
      this.#tell({
        kind: "leg-gone",
        reason: ending.reason ?? (ending.status === undefined ? "no ACK came" : `SIP ${ending.status}`),
        owes: false,
      });
    this.#isFinished = true;
  }

  #tell(signal: LegSignalParts): void {
    void this.#signal(signal);
  }
}
