/** What somebody who has state to tell declares, so that peers can subscribe to it (RFC 6665 §5). */
import type { SipRequest } from "../message/message.ts";
import type { BareAnswer } from "../request-checks.ts";
import type { SipAddress } from "../transport/transport.ts";
import type { EventName } from "./event.ts";
import type { Notifier, NotifierEvents, NotifierOptions } from "./notifier.ts";

export type EventPackage = {
  readonly name: string;
  /** Seconds: shorter wishes get 423, longer ones are cut, and without a wish it is the usual. */
  readonly expiresS: { readonly least: number; readonly usual: number; readonly most: number };
  /** What NOTIFY carries: a SUBSCRIBE whose Accept does not take it gets 406 (§4.4.2). Left out: it carries nothing, or what goes for the event. */
  readonly contentType?: string;
  /** Between two changes that are told (§5.4.10); 0 when left out. */
  readonly leastIntervalMs?: number;
  /** Asked before anything of a first SUBSCRIBE is kept: challenges, refusals. */
  screen(request: SipRequest, source: SipAddress): BareAnswer | undefined;
  /** Accept or refuse, now or later, but within 32 s. */
  subscribed(asked: AskedSubscription): void;
};

export type AskedSubscription = {
  readonly request: SipRequest;
  readonly source: SipAddress;
  readonly event: EventName;
  readonly expiresS: number;
  /** 200, and the first NOTIFY. */
  accept(state: Pick<NotifierOptions, "state" | "body">, events: NotifierEvents): Notifier;
  refuse(answer: BareAnswer): void;
};
