/**
 * Dialogs that subscriptions have for themselves: those that a SUBSCRIBE outside of a dialog made (RFC 6665 §4.2.1, §4.1.2), and those
 * whose INVITE usage has ended before their subscriptions did (RFC 5057 §4.1). Nothing of them survives a restart: who subscribed gets
 * 481 then, and subscribes again.
 */
import type { HeaderPair } from "../message/header-list.ts";
import { responseTo } from "../message/builder.ts";
import { wholeNumber } from "../message/cseq.ts";
import type { SipRequest } from "../message/message.ts";
import { tagOf } from "../message/name-addr.ts";
import type { BareAnswer } from "../request-checks.ts";
import type { SipAddress } from "../transport/transport.ts";
import { Dialog } from "../dialog/dialog.ts";
import { DialogRequests } from "../dialog/dialog-requests.ts";
import type { Authorize } from "../dialog/invite-events.ts";
import type { UsageHost } from "../dialog/usage-host.ts";
import { type DialogSubscriptions, isTooBrief } from "./dialog-subscriptions.ts";
import { type EventName, parseEvent } from "./event.ts";
import type { AskedSubscription, EventPackage } from "./event-package.ts";
import { OutgoingSubscribe, type SubscribeOptions } from "./outgoing-subscribe.ts";
import type { Subscriber, SubscriberEvents } from "./subscriber.ts";

/** With some 2 kB each, this is all that strangers who may subscribe can take. */
const mostDialogs = 20_000;

type Held = { readonly requests: DialogRequests; readonly subscriptions: DialogSubscriptions };

export class Subscriptions {
  readonly #host: UsageHost;
  readonly #contactOf: (user: string, peer: SipAddress) => string;
  readonly #served: (names: readonly string[]) => void;
  readonly #packages = new Map<string, EventPackage>();
  /** By Call-ID and local tag. */
  readonly #dialogs = new Map<string, Held>();
  /** Subscriptions of ours whose dialog the peer has not made yet; by the same key. */
  readonly #asking = new Map<string, OutgoingSubscribe>();

  /** `served` hears the names of all packages each time that one is added. */
  constructor(host: UsageHost, contactOf: (user: string, peer: SipAddress) => string, served: (names: readonly string[]) => void) {
    this.#host = host;
    this.#contactOf = contactOf;
    this.#served = served;
  }

  /** Dialogs alive. */
  get size(): number {
    return this.#dialogs.size + this.#asking.size;
  }

  serve(eventPackage: EventPackage): void {
    this.#packages.set(eventPackage.name, eventPackage);
    this.#served(this.served);
  }

  /** The names of all packages. */
  get served(): readonly string[] {
    return [...this.#packages.keys()];
  }

  /** Subscribes outside of any dialog. */
  subscribe(options: SubscribeOptions, events: SubscriberEvents, authorize?: Authorize): Subscriber {
    const key = keyOf(options.callId, options.localTag);
    const asking = new OutgoingSubscribe(this.#host, options, events, authorize, {
      made: (requests, subscriptions) => {
        this.#asking.delete(key);
        this.#keep(requests, subscriptions);
      },
      gone: () => void this.#asking.delete(key),
    });
    this.#asking.set(key, asking);
    return asking.subscriber;
  }

  /** The INVITE usage of their dialog has ended; they go on. */
  adopt(requests: DialogRequests): void {
    const subscriptions = requests.knownSubscriptions;
    if (subscriptions !== undefined) this.#keep(requests, subscriptions);
  }

  /** Takes a request in a dialog of theirs. False when there is no such dialog. */
  receive(request: SipRequest, source: SipAddress): boolean {
    if (this.size === 0) return false;
    const localTag = tagOf(request.headers.get("To") ?? "");
    if (localTag === undefined) return false;
    const key = keyOf(request.headers.get("Call-ID") ?? "", localTag);
    // A NOTIFY may come before the answer to our SUBSCRIBE, and makes the dialog (§4.4.1).
    if (request.method === "NOTIFY") this.#asking.get(key)?.notified(request, source);
    const held = this.#dialogs.get(key);
    if (held?.requests.dialog.values.remoteTag !== (tagOf(request.headers.get("From") ?? "") ?? "")) return false;
    const transaction = this.#host.layer.open(request, source);
    const answer = ({ status, headers = [] }: BareAnswer) =>
      transaction.respond(responseTo(request, status, { headers: [["Server", this.#host.product], ...headers] }));
    if (!held.requests.dialog.take(request, source)) answer({ status: 500 });
    else if (!held.subscriptions.receive(request, (status, { headers } = {}) => answer({ status, headers: [...(headers ?? [])] }))) {
      // The session is over, or there never was one; a further event in this dialog is asked for outside of it.
      answer(request.method === "SUBSCRIBE" ? { status: 489, headers: this.#host.allowEvents } : { status: 481 });
    }
    return true;
  }

  /** A SUBSCRIBE outside of dialogs: undefined when it was taken, else what refuses it (§4.2.1.1). */
  receiveInitial(request: SipRequest, source: SipAddress): BareAnswer | undefined {
    const event = parseEvent(request.headers.get("Event"));
    const served = event.ok ? this.#packages.get(event.value.package) : undefined;
    if (!event.ok || served === undefined) return { status: 489, headers: this.#host.allowEvents };
    const { least, usual, most } = served.expiresS;
    const asked = wholeNumber(request.headers.get("Expires")) ?? usual;
    if (isTooBrief(asked, least)) return { status: 423, headers: [["Min-Expires", String(least)]] };
    const refusal = served.screen(request, source);
    if (refusal !== undefined) return refusal;
    const { contentType } = served;
    if (contentType !== undefined && !accepts(request, contentType)) return { status: 406, headers: [["Accept", contentType]] };
    if (this.size >= mostDialogs) return { status: 503, headers: [["Retry-After", "60"]] };
    served.subscribed(this.#asked(request, source, event.value, Math.min(asked, most), served));
    return undefined;
  }

  close(): void {
    for (const { subscriptions } of this.#dialogs.values()) subscriptions.close();
    for (const asking of this.#asking.values()) asking.close();
    this.#dialogs.clear();
    this.#asking.clear();
  }

  #asked(request: SipRequest, source: SipAddress, event: EventName, expiresS: number, served: EventPackage): AskedSubscription {
    const { expiresS: limitsS, leastIntervalMs } = served;
    const transaction = this.#host.layer.open(request, source);
    const toTag = this.#host.ids.random(8);
    const respond = (status: number, headers: readonly HeaderPair[], contact?: string) =>
      transaction.respond(responseTo(request, status, { toTag, contact, headers: [["Server", this.#host.product], ...headers] }));
    return {
      request,
      source,
      event,
      expiresS,
      refuse: ({ status, headers = [] }) => respond(status, headers),
      accept: (state, events) => {
        const contact = this.#contactOf(toTag, source);
        const dialog = Dialog.ofInvite(request, source, { tag: toTag, contact });
        dialog.confirm();
        const requests = new DialogRequests(this.#host, dialog, undefined);
        respond(200, [["Expires", String(expiresS)], ...this.#host.allowEvents], `<${contact}>`);
        const notifier = requests.subscriptions.notifier({ event, expiresS, limitsS, leastIntervalMs, ...state }, events);
        this.#keep(requests, requests.subscriptions);
        // A look at the state now, and no more (§4.4.3).
        if (expiresS === 0) notifier.end("timeout");
        return notifier;
      },
    };
  }

  #keep(requests: DialogRequests, subscriptions: DialogSubscriptions): void {
    const { callId, localTag } = requests.dialog.values;
    const key = keyOf(callId, localTag);
    if (subscriptions.isEmpty) return;
    const held = { requests, subscriptions };
    this.#dialogs.set(key, held);
    subscriptions.onEmptied(() => {
      if (this.#dialogs.get(key) === held) this.#dialogs.delete(key);
    });
  }
}

/** Without Accept, what goes for the event is taken (RFC 6665 §5.4.5). */
function accepts(request: SipRequest, contentType: string): boolean {
  const wanted = request.headers.all("Accept").map((value) => value.split(";")[0]?.trim().toLowerCase());
  const [kind] = contentType.split("/");
  return wanted.length === 0 || [contentType, `${kind}/*`, "*/*"].some((taken) => wanted.includes(taken));
}

function keyOf(callId: string, localTag: string): string {
  return `${callId}\0${localTag}`;
}
