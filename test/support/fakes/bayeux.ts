/** The Bayeux protocol without a network: links that a test reads, and a clock that it moves. */
import type { Client, Link, Sender } from "../../../src/api/bayeux/client/client.ts";
import type { ClientChange } from "../../../src/api/bayeux/client/clients.ts";
import { type BayeuxLimits, defaultLimits } from "../../../src/api/bayeux/limits.ts";
import { parseMessages } from "../../../src/api/bayeux/message.ts";
import { Protocol } from "../../../src/api/bayeux/protocol.ts";
import { silentLogger, systemIds } from "../../../src/kernel/index.ts";
import { VirtualClock } from "../virtual-clock.ts";

/** A message as it came out. */
export type Received = {
  readonly channel?: string;
  readonly id?: unknown;
  readonly clientId?: string;
  readonly successful?: boolean;
  readonly error?: string;
  readonly data?: unknown;
  readonly advice?: Readonly<Record<string, unknown>>;
  readonly ext?: Readonly<Record<string, unknown>>;
  readonly subscription?: unknown;
  readonly supportedConnectionTypes?: readonly string[];
  readonly version?: string;
  readonly minimumVersion?: string;
};

export function received(text: string): readonly Received[] {
  return JSON.parse(text) as readonly Received[];
}

export class FakeLink implements Link {
  readonly sender: Sender;
  readonly canPush: boolean;
  readonly clients = new Set<Client>();
  unsentBytes = 0;
  readonly frames: string[] = [];
  hasEnded = false;
  /** Set: frames are given out but do not leave until `settle`. */
  isStuck = false;
  readonly #waiting: (((hasLeft: boolean) => void) | undefined)[] = [];

  constructor(sender: Sender, canPush = false) {
    this.sender = sender;
    this.canPush = canPush;
  }

  get messages(): readonly Received[] {
    return this.frames.flatMap(received);
  }

  get events(): readonly unknown[] {
    return this.messages.filter((message) => "data" in message).map(({ data }) => data);
  }

  send(frame: string, settled?: (hasLeft: boolean) => void): void {
    this.frames.push(frame);
    if (this.isStuck) this.#waiting.push(settled);
    else settled?.(true);
  }

  settle(hasLeft: boolean): void {
    for (const settled of this.#waiting.splice(0)) settled?.(hasLeft);
  }

  end(): void {
    this.hasEnded = true;
  }
}

export const ann: Sender = { subject: { key: "ann", loginId: "ann-1" }, browserId: "browser-1", isBrowserKnown: true };

export class BayeuxHouse {
  readonly clock = new VirtualClock();
  readonly changes: ClientChange[] = [];
  readonly limits: BayeuxLimits;
  readonly protocol: Protocol;

  constructor(limits: Partial<BayeuxLimits> = {}, mayUse = (_userKey: string, _subscription: string) => true) {
    this.limits = { ...defaultLimits, ...limits };
    this.protocol = new Protocol({
      clock: this.clock,
      ids: systemIds(this.clock),
      logger: silentLogger,
      limits: this.limits,
      subscribeGuard: ({ key }, subscription) => mayUse(key, subscription),
      onClient: (change) => this.changes.push(change),
      connectionTypes: () => ["websocket", "long-polling", "callback-polling"],
    });
  }

  /** One request, and its link. */
  ask(messages: object | readonly object[], link = new FakeLink(ann)): FakeLink {
    const parsed = parseMessages([JSON.stringify(messages)], this.limits.messagesPerRequest);
    if (!parsed.ok) throw new Error(parsed.reason);
    this.protocol.receive(parsed.value, link);
    return link;
  }

  /** Shakes hands; gives the client id. */
  handshake(fields: object = {}, link = new FakeLink(ann)): string {
    const supportedConnectionTypes = ["websocket", "long-polling"];
    this.ask({ channel: "/meta/handshake", version: "1.0", supportedConnectionTypes, ...fields }, link);
    const { clientId } = link.messages.at(-1) ?? {};
    if (clientId === undefined) throw new Error(`refused: ${link.frames.at(-1)}`);
    return clientId;
  }

  connect(clientId: string, fields: object = {}, link = new FakeLink(ann)): FakeLink {
    return this.ask({ channel: "/meta/connect", connectionType: "long-polling", clientId, ...fields }, link);
  }

  /** Shakes hands and subscribes. */
  subscriber(subscription: string | readonly string[], fields: object = {}, sender: Sender = ann): string {
    const clientId = this.handshake(fields, new FakeLink(sender));
    this.ask({ channel: "/meta/subscribe", clientId, subscription }, new FakeLink(sender));
    return clientId;
  }
}

/** Until what was published has gone out. */
export function delivered(): Promise<void> {
  return Promise.resolve();
}
