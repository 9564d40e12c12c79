/**
 * The REFERs of a leg's far end (RFC 3515): 202 when the call has taken it, and NOTIFYs that follow what the leg's durable state says of
 * it. After a restart the NOTIFY goes out again as the state is then; only the last one that was answered is known as told.
 */
import {
  type AnswerParts,
  formatReplaces,
  type InviteUsage,
  type Notifier,
  parseRefer,
  type ReferRequest,
  sipfragOf,
  type SipRequest,
} from "../../sip/index.ts";
import { referralRefusal } from "../decide/transfer/referred.ts";
import type { AskedTransfer } from "../decide/inputs.ts";
import type { Leg } from "../model.ts";
import type { SignalingContext } from "./context.ts";
import { type LegView, signalOf } from "./leg-view.ts";

type Respond = (status: number, parts?: AnswerParts) => void;

/** Longer than any call rings. */
const expiresS = 300;

export class LegReferral {
  readonly #context: SignalingContext;
  readonly #view: LegView;
  /** Of the referral that the state names now. */
  #notifier: { readonly referId: string; readonly notifier: Notifier; status: number } | undefined;
  /** A REFER waits for its record: no NOTIFY goes out before its 202. */
  #isTaking = false;
  /** What waits until the far end knows how it went. */
  #afterwards: (() => void) | undefined;

  constructor(context: SignalingContext, view: LegView) {
    this.#context = context;
    this.#view = view;
  }

  /** Takes a REFER: answered when it is durable. */
  take(request: SipRequest, respond: Respond): void {
    const read = parseRefer(request);
    const { call, leg } = this.#view;
    const refusal = !read.ok ? read.status : this.#isTaking ? 491 : referralRefusal(call, leg);
    if (!read.ok || refusal !== undefined) return respond(refusal ?? 400);
    const asked = this.#askedBy(read, leg);
    this.#isTaking = true;
    void signalOf(this.#context, leg, { kind: "leg-referred", ...asked }).then((after) => {
      this.#isTaking = false;
      const taken = after?.legs[leg.id];
      if (taken?.referral?.referId === asked.referId) this.#accept(asked, respond);
      else respond(603);
      this.pursue();
    });
  }

  #accept({ notifies }: AskedTransfer, respond: Respond): void {
    const { requests } = this.#view.usage ?? {};
    const contact = requests === undefined ? [] : [["Contact", `<${requests.dialog.values.localContact}>`] as const];
    respond(202, { headers: notifies ? contact : [...contact, ["Refer-Sub", "false"]] });
  }

  /** Tells what the state says and the far end has not heard. */
  pursue(): void {
    const { leg, usage } = this.#view;
    const { referral } = leg;
    if (this.#isTaking) return;
    if (referral === undefined || referral.told || usage === undefined) return this.#settle();
    const { referId, status } = referral;
    if (this.#notifier?.referId !== referId) this.#begin(usage, leg);
    const known = this.#notifier;
    if (known === undefined || known.status >= status) return;
    known.status = status;
    if (status < 200) known.notifier.notify(sipfragOf(status));
    else known.notifier.end("noresource", sipfragOf(status));
  }

  /** Runs `then` when nothing is left to tell: a dialog is not ended over a NOTIFY that says why. */
  afterwards(then: () => void): void {
    const { referral } = this.#view.leg;
    this.#afterwards = then;
    if (referral === undefined || referral.status >= 200) return this.pursue();
    // Put out of the call before its transfer was decided, the far end hears nothing more of it.
    this.left();
    this.#settle();
  }

  /** The far end hung up: what comes of its wish is no longer followed (RFC 3515 §2.4.7 lets us end it). */
  left(): void {
    this.#notifier?.notifier.end("noresource");
    this.#notifier = undefined;
  }

  #begin(usage: InviteUsage, { referral }: Leg): void {
    const subscriptions = usage.requests?.subscriptions;
    if (referral === undefined || subscriptions === undefined || subscriptions.isFull) return;
    const [name = "refer", id] = referral.event.split(";id=");
    const event = { package: name, ...(id !== undefined && { id }) };
    const { referId } = referral;
    // §2.4.4: the first one goes out at once and says that it is being tried.
    const notifier = subscriptions.notifier({ event, expiresS, body: sipfragOf(100) }, { over: () => this.#over(referId) });
    this.#notifier = { referId, notifier, status: 100 };
  }

  #over(referId: string): void {
    if (this.#notifier?.referId !== referId) return;
    this.#notifier = undefined;
    void signalOf(this.#context, this.#view.leg, { kind: "leg-referral-told" });
    this.#settle();
  }

  #settle(): void {
    const then = this.#afterwards;
    this.#afterwards = undefined;
    then?.();
  }

  #askedBy({ uri, target, replaces, referredBy, wantsNotifying, sequence }: ReferRequest, leg: Leg): AskedTransfer {
    // An id tells it from an earlier one in the same dialog; the first needs none, and old phones know none (§2.4.6).
    const event = leg.referral === undefined ? "refer" : `refer;id=${sequence}`;
    const replacesLegId = replaces && this.#context.legOf(replaces);
    return {
      referId: `${leg.id}-${sequence}`,
      event,
      notifies: wantsNotifying,
      to: target.user ?? target.host,
      uri,
      ...(referredBy !== undefined && { referredBy }),
      ...(replacesLegId !== undefined && { replacesLegId }),
      ...(replaces !== undefined && replacesLegId === undefined && { replaces: formatReplaces(replaces) }),
    };
  }
}
