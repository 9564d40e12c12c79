/** All clients there are, and what is delivered to them. */
import type { Ids } from "../../../kernel/index.ts";
import { isChannelName, isMeta, isService, patternsMatching } from "../channel-name.ts";
import type { Client, Link, Subject } from "./client.ts";
import type { BayeuxLimits } from "../limits.ts";
import { type Event, Outbox } from "./outbox.ts";

export type ClientEnd = "disconnected" | "expired" | "too far behind" | "login ended" | "server closed";

export type ClientChange =
  | { readonly kind: "joined"; readonly clientId: string; readonly subject: Subject }
  | { readonly kind: "left"; readonly clientId: string; readonly subject: Subject; readonly reason: ClientEnd };

export class Clients {
  readonly #limits: BayeuxLimits;
  readonly #ids: Ids;
  readonly #onChange: (change: ClientChange) => void;
  readonly #byId = new Map<string, Client>();
  readonly #byUser = new Map<string, Set<Client>>();

  constructor(limits: BayeuxLimits, ids: Ids, onChange: (change: ClientChange) => void) {
    this.#limits = limits;
    this.#ids = ids;
    this.#onChange = onChange;
  }

  get size(): number {
    return this.#byId.size;
  }

  all(): Iterable<Client> {
    return this.#byId.values();
  }

  isFullFor(subject: Subject): boolean {
    const ofUser = this.#byUser.get(subject.key)?.size ?? 0;
    return this.#byId.size >= this.#limits.clients || ofUser >= this.#limits.clientsPerUser;
  }

  create(subject: Subject, browserId: string, acknowledges: boolean): Client {
    const client: Client = {
      // 160 random bits; §2.4 asks for 128.
      id: this.#ids.random(20),
      subject,
      browserId,
      acknowledges,
      subscriptions: new Set(),
      outbox: new Outbox(this.#limits.waitingEvents, this.#limits.waitingBytes),
      held: undefined,
      pipe: undefined,
      toldIntervalMs: this.#limits.intervalMs,
    };
    this.#byId.set(client.id, client);
    const ofUser = this.#byUser.get(subject.key);
    if (ofUser === undefined) this.#byUser.set(subject.key, new Set([client]));
    else ofUser.add(client);
    this.#onChange({ kind: "joined", clientId: client.id, subject });
    return client;
  }

  /** The client with this id, if it is there and the link's sender may speak for it. */
  find(clientId: string | undefined, link: Link): Client | undefined {
    const client = clientId === undefined ? undefined : this.#byId.get(clientId);
    const { subject, browserId, isBrowserKnown } = link.sender;
    if (client === undefined || subject === undefined) return undefined;
    if (subject.key !== client.subject.key || subject.loginId !== client.subject.loginId) return undefined;
    // Programs keep no cookies between WebSockets; over HTTP the cookie is what tells two browsers of a user apart.
    const isSameBrowser = isBrowserKnown ? browserId === client.browserId : link.canPush;
    return isSameBrowser ? client : undefined;
  }

  get(clientId: string): Client | undefined {
    return this.#byId.get(clientId);
  }

  has(client: Client): boolean {
    return this.#byId.get(client.id) === client;
  }

  remove(client: Client, reason: ClientEnd): void {
    this.#byId.delete(client.id);
    const ofUser = this.#byUser.get(client.subject.key);
    ofUser?.delete(client);
    if (ofUser?.size === 0) this.#byUser.delete(client.subject.key);
    this.#onChange({ kind: "left", clientId: client.id, subject: client.subject, reason });
  }

  /** The clients of a user that subscribed to `channel`, each once. Throws on a channel that cannot be published to. */
  subscribers(userKey: string, channel: string): readonly Client[] {
    if (!isChannelName(channel) || isMeta(channel) || isService(channel)) throw new Error(`${channel} is not a channel for events`);
    const ofUser = this.#byUser.get(userKey);
    if (ofUser === undefined) return [];
    const patterns = patternsMatching(channel);
    return [...ofUser].filter(({ subscriptions }) => patterns.some((pattern) => subscriptions.has(pattern)));
  }

  eventOf(channel: string, data: unknown): Event {
    if (!isChannelName(channel) || isMeta(channel)) throw new Error(`${channel} is not the name of a channel`);
    const text = JSON.stringify({ channel, data });
    return { text, bytes: Buffer.byteLength(text) };
  }
}
