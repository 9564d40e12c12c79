/**
 * Connects (Bayeux 1.0 §4.2), and how events reach a client.
 *
 * Over HTTP every event travels in the reply to a connect, never in that to another message: two replies on two TCP connections can
 * overtake each other, and then order would be lost (§5.2 would allow it). Over a WebSocket events are pushed in frames of their own,
 * unless the client acknowledges.
 */
import type { Clock } from "../../../kernel/index.ts";
import type { BrowserPolls } from "../client/browser-polls.ts";
import type { Client, Connect, Link } from "../client/client.ts";
import type { Deadlines } from "../client/deadlines.ts";
import { acknowledgedBatch } from "../extension/ack.ts";
import { timesyncOf } from "../extension/timesync.ts";
import type { BayeuxLimits } from "../limits.ts";
import { frameOf, memberOf, type Message } from "../message.ts";
import type { Batch } from "../client/outbox.ts";
import { accepted, type Advice, errors, extOf, refused, refusedAsUnknown, stopAdvice } from "../reply.ts";

/** A reply with the events that go before it. */
export type ConnectAnswer = { readonly texts: readonly string[]; readonly settled?: (hasLeft: boolean) => void };

/** A WebSocket with more than this in its buffer is given no more events for the moment. */
const pushWindowBytes = 64 * 1024;

export class Connects {
  readonly #clock: Clock;
  readonly #limits: BayeuxLimits;
  readonly #deadlines: Deadlines<Client>;
  readonly #polls: BrowserPolls;

  constructor(clock: Clock, limits: BayeuxLimits, deadlines: Deadlines<Client>, polls: BrowserPolls) {
    this.#clock = clock;
    this.#limits = limits;
    this.#deadlines = deadlines;
    this.#polls = polls;
  }

  /** What a client is told in its handshake. */
  get advice(): Advice {
    return this.#advice(false);
  }

  /** A client that has just been made, on the link of its handshake. */
  begin(client: Client, link: Link): void {
    this.#attach(client, link);
    this.#awaitConnect(client, this.#limits.intervalMs);
  }

  /** Takes a connect. Undefined: it is held, until `flush` finds events for it or its time is over. Only one that came alone is held. */
  take(client: Client, message: Message, link: Link, isAlone: boolean, connectionTypes: readonly string[]): ConnectAnswer | undefined {
    const { connectionType } = message.fields;
    if (typeof connectionType !== "string" || !connectionTypes.includes(connectionType)) {
      return { texts: [refused(message, errors.connectionTypeInvalid, { advice: stopAdvice })] };
    }
    this.#supersede(client);
    this.#attach(client, link);
    if (client.acknowledges) {
      const batch = acknowledgedBatch(message);
      if (batch !== undefined) client.outbox.acknowledge(batch);
      client.outbox.rewind();
    }
    const now = this.#clock.now();
    const connect: Connect = { message, link, receivedAt: now };
    const timeoutMs = Math.min(this.#limits.timeoutMs, askedMs(message, "timeout") ?? Number.POSITIVE_INFINITY);
    const isCrowded = !link.canPush && this.#polls.isCrowded(client.browserId);
    if (!isAlone || timeoutMs === 0 || isCrowded) return this.#answerOf(client, connect, isCrowded);
    client.held = connect;
    link.clients.add(client);
    if (!link.canPush) this.#polls.hold(client.browserId);
    this.#deadlines.set(client, now + timeoutMs);
    return undefined;
  }

  /** Sends what waits, as far as there is a way for it. */
  flush(client: Client): void {
    const { outbox, pipe } = client;
    if (!outbox.hasUnsent) return;
    if (!isPushed(client)) {
      this.answerHeld(client);
      return;
    }
    if (pipe === undefined || pipe.unsentBytes > pushWindowBytes) return;
    const batch = outbox.take();
    pipe.send(frameOf(batch.texts), (hasLeft) => {
      this.#settle(client, batch, hasLeft);
      if (hasLeft && client.pipe === pipe) this.flush(client);
    });
  }

  /** Answers the held connect, if there is one, with what waits. */
  answerHeld(client: Client): void {
    const held = this.#release(client);
    if (held === undefined) return;
    const { texts, settled } = this.#answerOf(client, held, false);
    held.link.send(frameOf(texts), settled);
  }

  /** The client leaves: its held connect is answered for the last time. */
  dismiss(client: Client, how: "disconnected" | "forgotten" | "server closed"): void {
    this.#deadlines.delete(client);
    client.pipe?.clients.delete(client);
    const held = this.#release(client);
    if (held === undefined) return;
    const { message, link } = held;
    if (how === "forgotten") link.send(frameOf([refusedAsUnknown(message)]));
    else link.send(frameOf([accepted(message, { advice: how === "disconnected" ? stopAdvice : { reconnect: "retry", interval: 1_000 } })]));
  }

  /** The link ended by itself. Its clients are remembered for maxInterval. */
  lose(link: Link): void {
    for (const client of link.clients) {
      if (client.held?.link === link) this.#release(client);
      if (client.pipe === link) client.pipe = undefined;
      this.#awaitConnect(client, this.#limits.intervalMs);
    }
    link.clients.clear();
  }

  /**
   * One connect at a time (§4.2.1): the second answers the first. The pause in that answer keeps two loops with one client id, as of a
   * duplicated tab, from answering each other without end.
   */
  #supersede(client: Client): void {
    const held = this.#release(client);
    if (held === undefined) return;
    client.toldIntervalMs = undefined;
    held.link.send(frameOf([accepted(held.message, { advice: { ...this.advice, interval: this.#limits.crowdedIntervalMs } })]));
  }

  #attach(client: Client, link: Link): void {
    if (client.pipe !== link) client.pipe?.clients.delete(client);
    client.pipe = link.canPush ? link : undefined;
    client.outbox.turn();
    if (link.canPush) link.clients.add(client);
  }

  #release(client: Client): Connect | undefined {
    const { held } = client;
    if (held === undefined) return undefined;
    client.held = undefined;
    if (!held.link.canPush) {
      held.link.clients.delete(client);
      this.#polls.release(client.browserId);
    }
    return held;
  }

  #answerOf(client: Client, { message, receivedAt }: Connect, isCrowded: boolean): ConnectAnswer {
    const now = this.#clock.now();
    const intervalMs = isCrowded ? this.#limits.crowdedIntervalMs : this.#limits.intervalMs;
    const isAdvised = message.fields["advice"] !== undefined || client.toldIntervalMs !== intervalMs;
    client.toldIntervalMs = intervalMs;
    const askedIntervalMs = Math.min(askedMs(message, "interval") ?? 0, this.#limits.timeoutMs);
    this.#awaitConnect(client, Math.max(intervalMs, askedIntervalMs));
    const batch = isPushed(client) ? undefined : client.outbox.take();
    const reply = accepted(message, {
      advice: isAdvised ? this.#advice(isCrowded) : undefined,
      ext: extOf(timesyncOf(message, receivedAt, now), client.acknowledges && batch !== undefined ? { ack: batch.number } : {}),
    });
    if (batch === undefined) return { texts: [reply] };
    const texts = [...batch.texts, reply];
    return client.acknowledges ? { texts } : { texts, settled: (hasLeft) => this.#settle(client, batch, hasLeft) };
  }

  #settle(client: Client, batch: Batch, hasLeft: boolean): void {
    if (hasLeft) client.outbox.acknowledge(batch.number);
    else client.outbox.lose(batch);
  }

  #awaitConnect(client: Client, intervalMs: number): void {
    this.#deadlines.set(client, this.#clock.now() + intervalMs + this.#limits.maxIntervalMs);
  }

  #advice(isCrowded: boolean): Advice {
    const { timeoutMs, intervalMs, crowdedIntervalMs, maxIntervalMs } = this.#limits;
    return {
      reconnect: "retry",
      interval: isCrowded ? crowdedIntervalMs : intervalMs,
      timeout: timeoutMs,
      maxInterval: maxIntervalMs,
      ...(isCrowded ? { "multiple-clients": true } : {}),
    };
  }
}

function isPushed(client: Client): boolean {
  return client.pipe !== undefined && !client.acknowledges;
}

/** A time that the client wishes for, from its advice. */
function askedMs(message: Message, name: "timeout" | "interval"): number | undefined {
  const value = memberOf(message.fields, "advice")[name];
  return typeof value === "number" && value >= 0 ? value : undefined;
}
