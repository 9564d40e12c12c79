/**
 * The REFER that we send in a leg's dialog (RFC 3515): once, when the leg's durable state asks for it, and its NOTIFYs as signals. After a
 * restart it is not sent again, but the NOTIFYs that still come are taken.
 */
import { parseNameAddr, statusOfSipfrag, type InviteUsage, type Subscriber } from "../../sip/index.ts";
import type { Leg } from "../model.ts";
import type { SignalingContext } from "./context.ts";
import { type LegSignalParts, type LegView, signalOf } from "./leg-view.ts";

export class LegRefer {
  readonly #context: SignalingContext;
  readonly #view: LegView;
  /** The REFERs that were sent, or may have been before a restart. */
  #known: string | undefined;
  #subscriber: Subscriber | undefined;

  constructor(context: SignalingContext, view: LegView) {
    this.#context = context;
    this.#view = view;
  }

  /** Before the first `pursue` after a restart. */
  restore({ refer }: Leg): void {
    if (refer !== undefined) this.#known = refer.referId;
    if (refer !== undefined && this.#view.usage !== undefined) this.#follow(this.#view.usage, refer.referId);
  }

  pursue(): void {
    const { leg, usage } = this.#view;
    const { refer } = leg;
    if (refer === undefined) {
      this.#subscriber?.close();
      this.#subscriber = undefined;
      return;
    }
    if (refer.referId === this.#known || leg.state !== "answered" || usage?.requests === undefined) return;
    this.#known = refer.referId;
    this.#send(usage, refer.referId, refer.to);
  }

  #send(usage: InviteUsage, referId: string, to: string): void {
    const { requests } = usage;
    if (requests === undefined) return;
    const subscriber = this.#follow(usage, referId);
    // RFC 3892 §3: who asks, as the far end knows us.
    const own = parseNameAddr(requests.dialog.values.localAddress);
    const headers = [["Refer-To", `<${to}>`] as const, ...(own.ok ? [["Referred-By", `<${own.value.uri}>`] as const] : [])];
    requests.send("REFER", { headers }, (outcome) => {
      const isUnfollowed = outcome.response?.headers.get("Refer-Sub")?.trim().toLowerCase() === "false";
      subscriber.answered(outcome);
      this.#tell({ kind: "leg-refer-answered", referId, status: outcome.status });
      // RFC 4488 §4: taken, and nothing more will be heard of it.
      if (isUnfollowed && outcome.status < 300) {
        subscriber.close();
        this.#tell({ kind: "leg-refer-notified", referId, status: 200 });
      }
    });
  }

  #follow(usage: InviteUsage, referId: string): Subscriber {
    const subscriber = usage.requests?.subscriptions.subscriber(
      { event: { package: "refer" } },
      {
        notified: (body) => {
          const status = statusOfSipfrag(body);
          if (status !== undefined) this.#tell({ kind: "leg-refer-notified", referId, status });
        },
        // Without a final status the deadline decides, or the far end's BYE.
        over: () => undefined,
      },
    );
    if (subscriber === undefined) throw new Error("A leg with a dialog has its subscriptions");
    this.#subscriber = subscriber;
    return subscriber;
  }

  #tell(signal: LegSignalParts): void {
    void signalOf(this.#context, this.#view.leg, signal);
  }
}
