/** What a Bayeux server does with messages, whichever transport brought them. */
import type { Clock, Ids, Logger } from "../../kernel/index.ts";
import { BrowserPolls } from "./client/browser-polls.ts";
import { isChannelName, isMeta } from "./channel-name.ts";
import type { Client, Link } from "./client/client.ts";
import { type ClientChange, type ClientEnd, Clients } from "./client/clients.ts";
import { Connects } from "./meta/connect.ts";
import { Deadlines } from "./client/deadlines.ts";
import { handshake } from "./meta/handshake.ts";
import type { BayeuxLimits } from "./limits.ts";
import { frameOf, type Message } from "./message.ts";
import type { Event } from "./client/outbox.ts";
import { accepted, errors, refused, refusedAsUnknown } from "./reply.ts";
import { type SubscribeGuard, subscribe, unsubscribe } from "./meta/subscription.ts";

export type ProtocolOptions = {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly limits: BayeuxLimits;
  readonly subscribeGuard: SubscribeGuard;
  readonly onClient: (change: ClientChange) => void;
  /** What this server offers, in the order of preference. */
  readonly connectionTypes: () => readonly string[];
};

export class Protocol {
  readonly #options: ProtocolOptions;
  readonly #clients: Clients;
  readonly #connects: Connects;
  readonly #deadlines: Deadlines<Client>;
  /** Clients with new events. They are served when the caller is done, so that what happened together travels together. */
  readonly #fresh = new Set<Client>();
  #isClosed = false;

  constructor(options: ProtocolOptions) {
    const { clock, limits, ids } = options;
    this.#options = options;
    this.#deadlines = new Deadlines(clock, (client) => this.#meetDeadline(client));
    this.#clients = new Clients(limits, ids, options.onClient);
    this.#connects = new Connects(clock, limits, this.#deadlines, new BrowserPolls(limits.heldPerBrowser));
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  /** Takes the messages of one request or frame. What can be answered now goes out in one frame. */
  receive(messages: readonly Message[], link: Link): void {
    if (this.#isClosed) {
      link.send(frameOf(messages.map(refusedAsUnknown)));
      return;
    }
    // §4.1.1: whatever else came with a handshake is ignored.
    const first = messages.find((message) => message.channel === "/meta/handshake");
    if (first !== undefined) {
      link.send(frameOf([this.#handshake(first, link)]));
      return;
    }
    const texts: string[] = [];
    const settlers: ((hasLeft: boolean) => void)[] = [];
    // §4.2.1: what came with a connect is handled after it.
    for (const message of messages.toSorted((a, b) => Number(isConnect(b)) - Number(isConnect(a)))) {
      const client = this.#clients.find(message.clientId, link);
      if (client !== undefined && isConnect(message)) {
        const answer = this.#connects.take(client, message, link, messages.length === 1, this.#options.connectionTypes());
        texts.push(...(answer?.texts ?? []));
        if (answer?.settled !== undefined) settlers.push(answer.settled);
        // A connect that is held, or a socket that has just come, takes what waited.
        this.#connects.flush(client);
      } else {
        texts.push(this.#answer(message, client));
      }
    }
    // A newer client takes an empty array for a failure.
    if (texts.length > 0) link.send(frameOf(texts), (hasLeft) => settlers.forEach((settle) => settle(hasLeft)));
  }

  lose(link: Link): void {
    this.#connects.lose(link);
  }

  publish(userKey: string, channel: string, data: unknown): void {
    const clients = this.#clients.subscribers(userKey, channel);
    if (clients.length === 0) return;
    const event = this.#clients.eventOf(channel, data);
    for (const client of clients) this.#deliver(client, event);
  }

  publishToClient(clientId: string, channel: string, data: unknown): boolean {
    const event = this.#clients.eventOf(channel, data);
    const client = this.#clients.get(clientId);
    if (client !== undefined) this.#deliver(client, event);
    return client !== undefined;
  }

  disconnectLogin(loginId: string): void {
    for (const client of this.#clients.all()) {
      if (client.subject.loginId === loginId) this.#forget(client, "login ended");
    }
  }

  /** Nobody can shake hands any more; who tries is told to do so later. */
  close(): void {
    this.#isClosed = true;
    for (const client of this.#clients.all()) {
      this.#clients.remove(client, "server closed");
      this.#connects.dismiss(client, "server closed");
    }
    this.#deadlines.close();
  }

  #handshake(message: Message, link: Link): string {
    const { reply, client } = handshake(message, link, {
      clients: this.#clients,
      connectionTypes: this.#options.connectionTypes(),
      advice: this.#connects.advice,
      now: this.#options.clock.now(),
    });
    if (client !== undefined) this.#connects.begin(client, link);
    return reply;
  }

  #answer(message: Message, client: Client | undefined): string {
    const { channel } = message;
    if (channel === "") return refused(message, errors.channelMissing);
    if (!isChannelName(channel)) return refused(message, errors.channelInvalid);
    // §5.1.1 lets a server take events from those who never shook hands. Nobody may publish here.
    const isAnonymousEvent = !isMeta(channel) && message.clientId === undefined;
    if (client === undefined && !isAnonymousEvent) return refusedAsUnknown(message);
    if (client === undefined || !isMeta(channel)) return refused(message, errors.publishDenied);
    if (channel === "/meta/subscribe") return subscribe(client, message, this.#options.limits, this.#options.subscribeGuard);
    if (channel === "/meta/unsubscribe") return unsubscribe(client, message);
    if (channel !== "/meta/disconnect") return refused(message, errors.channelUnknown);
    this.#clients.remove(client, "disconnected");
    this.#connects.dismiss(client, "disconnected");
    return accepted(message);
  }

  #deliver(client: Client, event: Event): void {
    const { outbox } = client;
    if (!outbox.hasRoomFor(event)) this.#connects.flush(client);
    if (!outbox.hasRoomFor(event)) {
      this.#forget(client, "too far behind");
      return;
    }
    outbox.add(event);
    if (this.#fresh.size === 0) queueMicrotask(() => this.#serveFresh());
    this.#fresh.add(client);
  }

  #serveFresh(): void {
    const clients = [...this.#fresh];
    this.#fresh.clear();
    for (const client of clients) if (this.#clients.has(client)) this.#connects.flush(client);
  }

  #meetDeadline(client: Client): void {
    if (client.held === undefined) this.#forget(client, "expired");
    else this.#connects.answerHeld(client);
  }

  /** Ends a client that did not ask for it. */
  #forget(client: Client, reason: ClientEnd): void {
    const { pipe } = client;
    const { logger } = this.#options;
    const fields = { userKey: client.subject.key, reason };
    if (reason === "too far behind") logger.warn(fields, "A CometD client was dropped.");
    else logger.debug(fields, "A CometD client was dropped.");
    this.#clients.remove(client, reason);
    this.#connects.dismiss(client, "forgotten");
    // Its buffer is full of what nobody reads.
    if (reason === "too far behind" && pipe?.clients.size === 0) pipe.end();
  }
}

function isConnect(message: Message): boolean {
  return message.channel === "/meta/connect";
}
