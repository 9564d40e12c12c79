/** Offers and answers of one leg (RFC 3264): what we offered, what the peer offers, and the signal that each outcome is. */
import { isDeepStrictEqual } from "node:util";
import type { Body, SipAddress } from "../../sip/index.ts";
import type { Call, Leg, MediaDirection, Negotiated } from "../model.ts";
import { directionToOffer, wantedDirection } from "../plans/session-plan.ts";
import type { SignalingContext } from "./context.ts";
import { type LegSignalParts, type LegView, signalOf } from "./leg-view.ts";
import { agreedBy, answerTo, firstAnswerTo, offerOf, type SessionSettings } from "./session.ts";

type Offered = { readonly leg: Leg; readonly version: number; readonly direction: MediaDirection };

type InitialAnswer = { readonly ok: true; readonly body: Body | undefined } | { readonly ok: false; readonly status: number };

export class LegSession {
  readonly #context: SignalingContext;
  readonly #view: LegView;
  /** The offer of our INVITE, or of our answer to one without, until it is answered. */
  #initial: Offered | undefined;
  /** What early dialogs of our INVITE agreed on, by remote tag. */
  readonly #early = new Map<string, Negotiated>();
  /** Our later offer that the peer has not answered yet. */
  #offered: Offered | undefined;
  /** The peer's offer waits for our answer; ours is made after it, so that versions rise. */
  #isAnswering = false;
  /** The offer that our last description answered; undefined when that was an offer of our own, or of before a restart. */
  #answeredTo: string | undefined;
  /** Where the peer's signalling comes from. */
  peer: SipAddress;

  constructor(context: SignalingContext, view: LegView) {
    this.#context = context;
    this.#view = view;
    this.peer = { protocol: "udp", address: view.leg.media?.signalingAddress ?? "", port: 0 };
  }

  get #settings(): SessionSettings {
    return this.#context.sessionFor(this.peer, this.#view.leg.media?.remote.address);
  }

  /** The offer of an INVITE. */
  initialOffer(call: Call, leg: Leg): Body {
    const direction = wantedDirection(call, leg);
    this.#initial = { leg, version: leg.version, direction };
    return offerOf(leg, leg.version, direction, this.#settings);
  }

  /** What the description in a provisional answer to that INVITE agrees to; undefined when it is of no use. */
  progressed(description: Body, remoteTag: string): Negotiated | undefined {
    const media = this.#initial && agreedBy(description, this.#initial, this.peer.address, this.#settings);
    if (media !== undefined) this.#early.set(remoteTag, media);
    return media;
  }

  /** What holds once that INVITE is answered in the dialog with this tag. An answer without a description keeps what was said before. */
  agreedInitially(answer: Body | undefined, remoteTag: string): Negotiated | undefined {
    const offered = this.#initial;
    const { early } = this.#view.leg;
    const before = this.#early.get(remoteTag) ?? (early?.remoteTag === remoteTag ? early.media : undefined);
    this.#initial = undefined;
    this.#early.clear();
    return answer === undefined || offered === undefined ? before : agreedBy(answer, offered, this.peer.address, this.#settings);
  }

  /** Our answer to the offer of the peer's INVITE, or our offer when it had none; no body when that is settled. */
  initialAnswer(leg: Leg): InitialAnswer {
    const session = this.#settings;
    if (leg.offer !== undefined) {
      // What was agreed on before the answer stands in it.
      const media = leg.media ?? leg.early?.media;
      const known = media === undefined ? leg : { ...leg, media };
      const answer = firstAnswerTo(leg.offer, known, this.peer.address, session);
      if (answer.ok) this.#answeredTo = answer.offerVersion;
      return answer;
    }
    // Our offer was answered in PRACK: it is not made again (RFC 3262 §5), after a restart neither.
    if (this.#initial === undefined && leg.media !== undefined) return { ok: true, body: undefined };
    this.#initial ??= { leg, version: leg.version, direction: "sendrecv" };
    return { ok: true, body: offerOf(leg, leg.version, "sendrecv", session) };
  }

  /** True while our offer to an INVITE without one waits for its answer. */
  get awaitsAnswer(): boolean {
    return this.#initial !== undefined && this.#view.leg.direction === "inbound";
  }

  /** What the answer to it, in PRACK or ACK, agrees to; undefined when it is of no use. */
  answeredInitially(answer: Body | undefined): Negotiated | undefined {
    const offered = this.#initial;
    this.#initial = undefined;
    return offered && agreedBy(answer, offered, this.peer.address, this.#settings);
  }

  /** Offers again when the call wants another session than was agreed on. */
  pursue(): void {
    const { call, leg } = this.#view;
    const direction = directionToOffer(call, leg);
    if (direction !== undefined && this.#offered === undefined && !this.#isAnswering) this.#offer(leg, direction);
  }

  /** A session refresh is due, and what we offered last is of before a restart. */
  refresh(): void {
    const { call, leg } = this.#view;
    if (this.#offered === undefined && !this.#isAnswering) this.#offer(leg, wantedDirection(call, leg));
  }

  /** The peer's re-INVITE or UPDATE, in an early dialog too. */
  offered(offer: Body | undefined, respond: (status: number, body?: Body) => void, remoteTag: string): void {
    const session = this.#settings;
    const { call, leg } = this.#view;
    const direction = wantedDirection(call, leg);
    if (offer === undefined) {
      this.#answeredTo = undefined;
      this.#offered = { leg, version: leg.version + 1, direction };
      respond(200, offerOf(leg, leg.version + 1, direction, session));
      return;
    }
    const answer = answerTo(offer.content, leg, leg.version, direction, this.peer.address, session);
    if (!answer.ok) {
      respond(answer.status);
      return;
    }
    // A refresh: what was said stands, and is said again (RFC 3264 §8). Some phones change an offer and not its version.
    const isKnown = answer.offerVersion === this.#answeredTo && this.#offered === undefined && leg.moved === undefined;
    if (isKnown && isDeepStrictEqual(answer.media, leg.media)) {
      respond(200, answer.body);
      return;
    }
    this.#isAnswering = true;
    const version = Math.max(leg.version, this.#offered?.version ?? 0) + 1;
    void this.#signal({ kind: "leg-offered", media: answer.media, version }).then((after) => {
      this.#isAnswering = false;
      const now = after?.legs[leg.id];
      if (now === undefined || now.state === "ended") return respond(481);
      const agreed = answerTo(offer.content, now, version, now.media?.stated ?? direction, this.peer.address, session);
      if (agreed.ok) {
        if (this.#initial !== undefined) this.#early.set(remoteTag, answer.media);
        this.#answeredTo = agreed.offerVersion;
        respond(200, agreed.body);
      } else respond(agreed.status);
      // An offer of ours that still waits is made anew.
      if (this.#offered !== undefined) this.#offer(this.#view.leg, wantedDirection(this.#view.call, this.#view.leg));
      else this.pursue();
    });
  }

  /** The answer to our offer, in a 2xx or, when the offer was in our 2xx, in its ACK. */
  answered(answer: Body): void {
    const offered = this.#offered;
    if (offered === undefined) return this.#refreshed(answer);
    const { direction, version } = offered;
    const media = agreedBy(answer, offered, this.peer.address, this.#settings);
    this.#settle(media === undefined ? { kind: "leg-refused", direction, status: 488 } : { kind: "leg-agreed", media, version });
  }

  refused(status: number): void {
    const direction = this.#offered?.direction;
    if (direction !== undefined) this.#settle({ kind: "leg-refused", direction, status });
  }

  /** The answer to what had been offered before, to refresh the session: mostly the same as then. */
  #refreshed(answer: Body): void {
    const { leg } = this.#view;
    if (leg.media === undefined) return;
    const { version, media: before } = leg;
    const media = agreedBy(answer, { leg, version, direction: before.stated }, this.peer.address, this.#settings);
    if (media !== undefined && !isDeepStrictEqual({ ...media, signalingAddress: before.signalingAddress }, { ...before }))
      void this.#signal({ kind: "leg-agreed", media, version });
  }

  #offer(leg: Leg, direction: MediaDirection): void {
    const version = leg.version + 1;
    this.#answeredTo = undefined;
    this.#offered = { leg, version, direction };
    this.#view.usage?.reoffer(offerOf(leg, version, direction, this.#settings));
  }

  /** Our offer is out of the way once its result is durable: older states still ask for it. */
  #settle(signal: LegSignalParts): void {
    void this.#signal(signal).then(() => {
      this.#offered = undefined;
      this.pursue();
    });
  }

  #signal(signal: LegSignalParts): Promise<Call | undefined> {
    return signalOf(this.#context, this.#view.leg, signal);
  }
}
