/** All live calls of this node: the write side. Finds the actor for a command or a signal, makes new ones, brings them back after a restart. */
import { type Clock, type Ids, type Logger } from "../kernel/index.ts";
import type { Directory } from "../directory/index.ts";
import type { MediaEngine, MediaEvent } from "../media/index.ts";
import { CallActor, type ActorContext } from "./actor.ts";
import type { CallCommand, Calls, Dial, Originate } from "./calls.ts";
import { type Decision, decideCreation } from "./decide/decide.ts";
import type { Input, InviteInput, LegSignal, OriginateInput } from "./decide/inputs.ts";
import type { Surroundings } from "./decide/step.ts";
import { callRefusal } from "./errors.ts";
import type { Journal, JournalRecord, OutboxItem, RecordDraft } from "./journal-port.ts";
import type { LiveViews } from "./live-views.ts";
import type { Call, Leg, Limits } from "./model.ts";
import { Orders } from "./orders.ts";
import { gatheredAtEnd, type CallStep } from "./outbox.ts";
import { AbsorbedCalls, joinCalls } from "./joining.ts";
import { isOver } from "./parts.ts";
import { PendingRequests } from "./pending-requests.ts";
import type { MediaSettings } from "./plans/media-plan.ts";
import type { HttpRequester, Ports, Signaling } from "./ports.ts";
import type { Recovered } from "./recovery.ts";
import { ReleaseQueue } from "./release-queue.ts";
import type { Routing } from "./routing.ts";
import type { ScriptLibrary } from "./script.ts";

export type LiveCallsOptions = {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  readonly journal: Journal;
  readonly views: LiveViews;
  readonly media: MediaEngine;
  readonly mediaSettings: MediaSettings;
  readonly signaling: Signaling;
  readonly requester: HttpRequester;
  readonly ports: Ports;
  readonly routing: Routing;
  readonly directory: Directory;
  readonly scripts: ScriptLibrary;
  /** Of calls that say nothing else. */
  readonly limits: Limits;
  /** What somebody is owed because of a step. Pure: it is asked once, and what it says is in the step's record. */
  outboxOf?(step: CallStep): readonly OutboxItem[];
  /** A durable record, with the calls that ended by it: for shipping to the store. */
  ship(record: JournalRecord, ended: readonly Call[]): void;
  /** A call that ended: for counters. */
  ended?(call: Call): void;
};

const rememberedCommands = 10_000;

export class LiveCalls implements Calls {
  readonly #options: LiveCallsOptions;
  readonly #context: ActorContext;
  readonly #releases: ReleaseQueue;
  readonly #requests: PendingRequests;
  readonly #orders: Orders;
  readonly #actors = new Map<string, CallActor>();
  readonly #holders = new Map<string, CallActor>();
  readonly #absorbed = new AbsorbedCalls();
  /** Call ids by the command ids that were taken: a repeat gives the same call, also when that has ended. */
  readonly #taken = new Map<string, string>();

  #isShuttingDown = false;

  constructor(options: LiveCallsOptions) {
    this.#options = options;
    this.#releases = new ReleaseQueue(options.journal, options.log);
    this.#requests = new PendingRequests(options.requester);
    this.#orders = new Orders(options);
    this.#context = {
      clock: options.clock,
      log: options.log,
      journal: options.journal,
      releases: this.#releases,
      media: options.media,
      mediaSettings: options.mediaSettings,
      outboxOf: (step) => [...gatheredAtEnd(step), ...this.#owed(step)],
      surroundings: () => this.#surroundings(),
      moved: (before, after) => this.#moved(before, after),
      released: (position, draft, calls) => this.#released(position, draft, calls),
    };
    options.signaling.onSignal((signal) => this.#signal(signal));
    options.media.onEvent((callId, legId, event) => this.#mediaTold(callId, legId, event));
  }

  /** Calls that have not ended. */
  get live(): number {
    let count = 0;
    for (const { call } of this.#actors.values()) if (call.endedAt === undefined) count++;
    return count;
  }

  /** Calls of which something is still under way: a far end has not taken its BYE. */
  get unfinished(): number {
    return this.#actors.size;
  }

  originate(accountId: string, request: Originate, commandId?: string): Promise<Call> {
    return this.#once(accountId, commandId, () => this.#orders.originate(accountId, request));
  }

  dial(accountId: string, request: Dial, commandId?: string): Promise<Call> {
    return this.#once(accountId, commandId, () => this.#orders.dial(accountId, request));
  }

  /** An INVITE that signalling let in. Throws JOURNAL_FULL. */
  invited(input: InviteInput): void {
    this.#create(decideCreation(input, this.#surroundings()), undefined);
  }

  async send(accountId: string, callId: string, command: CallCommand, commandId?: string): Promise<Call> {
    const key = commandId === undefined ? undefined : `${accountId} ${callId} ${commandId}`;
    const actor = this.#actors.get(this.#absorbed.resolve(callId));
    if (actor === undefined || actor.call.accountId !== accountId) {
      const finished = await this.#options.views.get(accountId, callId);
      if (finished !== undefined && key !== undefined && this.#taken.has(key)) return finished;
      throw callRefusal(finished === undefined ? "CALL_NOT_FOUND" : "CALL_ENDED", { callId });
    }
    if ((command.kind === "transfer" || command.kind === "add-party") && command.callerId !== undefined)
      this.#orders.requireOwned(accountId, command.callerId);
    const call = await actor.send(command, commandId);
    if (key !== undefined) this.#remember(key, callId);
    return call;
  }

  /** Goes on with every call that a former process left. Before anything else reaches this object. */
  recover(former: readonly Recovered[]): void {
    const { journal, clock, ports, signaling, views, log } = this.#options;
    const gapMs = journal.lastAliveAt === undefined ? 0 : Math.max(0, clock.now() - journal.lastAliveAt);
    for (const { call, position, commandIds, createdBy } of former) {
      const actor = new CallActor(this.#context, call, position);
      for (const commandId of commandIds) {
        actor.remember(commandId);
        this.#remember(`${call.accountId} ${call.id} ${commandId}`, call.id);
      }
      this.#actors.set(call.id, actor);
      this.#absorbed.learn(call);
      if (createdBy !== undefined) this.#remember(`${call.accountId} ${createdBy}`, call.id);
      for (const leg of Object.values(call.legs)) {
        if (isHeld(leg)) this.#holders.set(leg.id, actor);
        if (leg.state !== "ended" && !ports.acquireExact(leg.localPort))
          log.warn({ callId: call.id, port: leg.localPort }, "The RTP port of a recovered leg is taken");
      }
      views.put(call);
      signaling.restore(call, gapMs);
      actor.take({ kind: "recovered", gapMs });
      actor.resume();
      this.#requests.apply(actor.call, (input) => this.#takeOf(actor, input));
    }
  }

  /** The history has these calls now. */
  shipped(calls: readonly { readonly accountId: string; readonly callId: string }[]): void {
    for (const { accountId, callId } of calls) this.#options.views.forget(accountId, callId);
  }

  /** Ends the actors' timers; the calls themselves stay as they are in the journal. */
  stop(): void {
    for (const actor of this.#actors.values()) actor.stop();
  }

  /** Takes no new calls from now on, ends every live one and resolves when that is durable. */
  shutDown(by: string): Promise<unknown> {
    this.#isShuttingDown = true;
    const live = [...this.#actors.values()].filter(({ call }) => call.endedAt === undefined);
    return Promise.all(live.map((actor) => actor.send({ kind: "hang-up", by })));
  }

  /** The call of this command: a new one, or the one that an earlier sending of the same command made. */
  async #once(accountId: string, commandId: string | undefined, inputOf: () => OriginateInput): Promise<Call> {
    const key = commandId === undefined ? undefined : `${accountId} ${commandId}`;
    const known = key === undefined ? undefined : this.#taken.get(key);
    if (known !== undefined) return this.#actors.get(known)?.durable() ?? this.#known(accountId, known);
    const actor = this.#create(decideCreation(inputOf(), this.#surroundings()), commandId);
    if (key !== undefined) this.#remember(key, actor.call.id);
    return actor.durable();
  }

  /** Throws CALLS_UNAVAILABLE or JOURNAL_FULL; the call then never was. */
  #create(decision: Decision, commandId: string | undefined): CallActor {
    const legs = Object.values(decision.call.legs);
    try {
      if (this.#isShuttingDown) throw callRefusal("CALLS_UNAVAILABLE", { reason: "The server is stopping." });
      if (!this.#options.journal.healthy) throw callRefusal("CALLS_UNAVAILABLE", { reason: "The journal cannot be written." });
      const actor = CallActor.create(this.#context, decision, commandId);
      this.#actors.set(actor.call.id, actor);
      for (const leg of legs) if (isHeld(leg)) this.#holders.set(leg.id, actor);
      return actor;
    } catch (error) {
      for (const leg of legs) this.#options.ports.release(leg.localPort);
      throw error;
    }
  }

  async #known(accountId: string, callId: string): Promise<Call> {
    const call = await this.#options.views.get(accountId, callId);
    if (call === undefined) throw callRefusal("CALL_NOT_FOUND", { callId });
    return call;
  }

  #remember(key: string, callId: string): void {
    this.#taken.set(key, callId);
    if (this.#taken.size > rememberedCommands) for (const oldest of this.#taken.keys()) return void this.#taken.delete(oldest);
  }

  /** A mistake in what others want told must not cost the call. */
  #owed(step: CallStep): readonly OutboxItem[] {
    try {
      return this.#options.outboxOf?.(step) ?? [];
    } catch (error) {
      this.#options.log.error({ err: error, callId: step.after.id }, "What is owed because of a step could not be told; it is left out");
      return [];
    }
  }

  #surroundings(): Surroundings {
    const { clock, directory, ids, mediaSettings, ports, routing, scripts, views } = this.#options;
    return {
      now: clock.now(),
      nextId: () => ids.next(),
      acquirePort: () => ports.acquire(),
      route: (accountId, to, callerId, told) => routing.route(accountId, to, callerId, told),
      redirect: (...redirection) => routing.redirect(...redirection),
      destination: (accountId, to) => routing.destination(accountId, to),
      addressOfUser: (accountId, userId) => {
        const user = directory.users.get(accountId, userId);
        return user && routing.addressOfUser(user);
      },
      qualityOf: (legId) => views.quality(legId),
      mediaTimeoutMs: mediaSettings.mediaTimeoutMs,
      script: scripts,
    };
  }

  async #signal(signal: LegSignal): Promise<Call | undefined> {
    const actor = this.#holders.get(signal.legId);
    if (actor !== undefined && signal.kind === "leg-referred" && signal.replacesLegId !== undefined)
      return joinCalls(actor, this.#holders.get(signal.replacesLegId), signal, this.#surroundings());
    return actor?.send(signal);
  }

  #mediaTold(callId: string, legId: string, event: MediaEvent): void {
    const { clock, views } = this.#options;
    // An endpoint tells its end when its leg is over, which nobody need hold any more.
    const actor = this.#holders.get(legId) ?? this.#actors.get(callId);
    if (actor === undefined) return;
    if (event.kind === "talking" || event.kind === "quality" || event.kind === "closed")
      views.signals.take(actor.call, legId, event, clock.now());
    else this.#takeOf(actor, { kind: "media", legId, event });
  }

  #takeOf(actor: CallActor, input: Input): void {
    if (this.#actors.get(actor.call.id) === actor) actor.take(input);
  }

  /** Who holds which leg, and which ports are free again. */
  #moved(before: Call | undefined, after: Call): void {
    if (before?.legs === after.legs) return;
    if (before?.absorbed !== after.absorbed) this.#absorbed.learn(after);
    const actor = this.#actors.get(after.id);
    for (const leg of Object.values(after.legs)) {
      const earlier = before?.legs[leg.id];
      if (earlier === leg) continue;
      if (actor !== undefined && isHeld(leg)) this.#holders.set(leg.id, actor);
      else if (!isHeld(leg)) this.#holders.delete(leg.id);
      if (leg.state === "ended" && earlier?.state !== "ended") this.#options.ports.release(leg.localPort);
      else if (earlier !== undefined && earlier.localPort !== leg.localPort) this.#options.ports.release(earlier.localPort);
    }
  }

  #released(position: number, draft: RecordDraft, calls: readonly Call[]): void {
    const record = { ...draft, position, epoch: 0 };
    this.#options.views.publish(record, calls);
    for (const call of calls) this.#settle(call);
    this.#options.ship(
      record,
      calls.filter((call) => draft.ended?.includes(call.id)),
    );
  }

  /** What follows from a durable state, outside of this process. */
  #settle(after: Call): void {
    this.#options.signaling.apply(after);
    const actor = this.#actors.get(after.id);
    if (actor === undefined) return;
    this.#requests.apply(after, (input) => this.#takeOf(actor, input));
    if (!isOver(after)) return;
    actor.stop();
    this.#actors.delete(after.id);
    this.#absorbed.forget(after);
    this.#options.views.signals.callOver(after);
    this.#options.ended?.(after);
  }
}

/** Signals for this leg still mean something. */
function isHeld(leg: Leg): boolean {
  return leg.state !== "ended" || leg.owes !== null;
}
