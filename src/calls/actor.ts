/**
 * One live call: takes one input at a time, evolves at once and goes on. What promises something to the outside waits in the release
 * queue; media plans and deadlines follow at once.
 */
import { CallwrightError, type Clock, type Logger, type Timer } from "../kernel/index.ts";
import type { MediaEngine } from "../media/index.ts";
import { type Decision, decide } from "./decide/decide.ts";
import type { Input } from "./decide/inputs.ts";
import type { Surroundings } from "./decide/step.ts";
import type { CallEventKind } from "./events.ts";
import type { Journal, OutboxItem, RecordDraft } from "./journal-port.ts";
import type { Call } from "./model.ts";
import type { CallStep } from "./outbox.ts";
import { isOver } from "./parts.ts";
import { type Deadline, deadlines } from "./plans/deadlines.ts";
import { type MediaSettings, mediaPlan } from "./plans/media-plan.ts";
import type { ReleaseQueue } from "./release-queue.ts";

/** What all actors of a node share. */
export type ActorContext = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly journal: Journal;
  readonly releases: ReleaseQueue;
  readonly media: MediaEngine;
  readonly mediaSettings: MediaSettings;
  outboxOf(step: CallStep): readonly OutboxItem[];
  surroundings(): Surroundings;
  /** Memory has moved on: bookkeeping of legs and ports, before anything is durable. */
  moved(before: Call | undefined, after: Call): void;
  /** These are durable: views and the far ends may know. `draft` is what led to them. */
  released(position: number, draft: RecordDraft, after: readonly Call[]): void;
};

/** Nothing outside waits for these: their record goes to the disk with the next one. */
const unhurried: ReadonlySet<CallEventKind> = new Set(["leg.rang", "leg.stream", "leg.media-locked", "leg.released", "leg.measured"]);

export class CallActor {
  readonly #context: ActorContext;
  #call: Call;
  /** Journal position of the last step. */
  #position: number;
  /** Commands already taken; a repeat changes nothing. */
  readonly #commandIds = new Set<string>();
  #timer: Timer | undefined;
  /** The deadline that `#timer` waits for. */
  #armed: Deadline | undefined;

  /** A new call from its first decision; a recovered one (`position` given) continues. */
  constructor(context: ActorContext, call: Call, position: number) {
    this.#context = context;
    this.#call = call;
    this.#position = position;
  }

  /** Journals the decision that made a call. Throws JOURNAL_FULL. */
  static create(context: ActorContext, decision: Decision, commandId: string | undefined): CallActor {
    const draft = draftOf(undefined, decision, context, commandId);
    const position = context.journal.append(draft, { newCall: true });
    const actor = new CallActor(context, decision.call, position);
    actor.#follow(undefined);
    actor.#releaseAt(position, draft, [decision.call]);
    return actor;
  }

  get call(): Call {
    return this.#call;
  }

  /** Resolves with the durable state after the input; rejects with the refusal of a command. */
  async send(input: Input, commandId?: string): Promise<Call> {
    if (commandId === undefined || !this.#commandIds.has(commandId)) this.take(input, commandId);
    return this.durable();
  }

  /** Resolves with the state as it is now, once that is durable. */
  async durable(): Promise<Call> {
    const call = this.#call;
    await new Promise<void>((resolve) => this.#context.releases.after(this.#position, resolve));
    return call;
  }

  /** Takes an input without waiting for the disk. Throws the refusal of a command; a bug ends this call and no other. */
  take(input: Input, commandId?: string): void {
    let decision: Decision;
    try {
      decision = decide(this.#call, input, this.#context.surroundings());
    } catch (error) {
      if (error instanceof CallwrightError) throw error;
      this.#context.log.error({ err: error, callId: this.#call.id, input: input.kind }, "A bug; the call is ended");
      if (input.kind === "hang-up" || this.#call.endedAt !== undefined) throw error;
      decision = decide(this.#call, { kind: "hang-up", by: "internal error" }, this.#context.surroundings());
    }
    if (commandId !== undefined) this.remember(commandId);
    if (decision.events.length === 0) return;
    const draft = draftOf(this.#call, decision, this.#context, commandId);
    const position = this.#context.journal.append(draft, { urgent: decision.events.some(({ kind }) => !unhurried.has(kind)) });
    this.#become(decision.call, position);
    this.#releaseAt(position, draft, [decision.call]);
  }

  /** One step of two calls in one record: it happens in both or in none. What leaves `other` is there for this one. */
  takeWith(other: CallActor, theirs: Decision, ours: Decision): void {
    const context = this.#context;
    const draft = togetherOf([draftOf(other.#call, theirs, context, undefined), draftOf(this.#call, ours, context, undefined)]);
    const position = context.journal.append(draft);
    other.#become(theirs.call, position);
    this.#become(ours.call, position);
    this.#releaseAt(position, draft, [theirs.call, ours.call]);
  }

  /** For recovery: this command is in the journal. */
  remember(commandId: string): void {
    this.#commandIds.add(commandId);
  }

  /** Applies what follows from the state at once: after a restart. */
  resume(): void {
    this.#applyMedia();
    this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #become(call: Call, position: number): void {
    const before = this.#call;
    this.#position = position;
    this.#call = call;
    this.#follow(before);
  }

  #releaseAt(position: number, draft: RecordDraft, calls: readonly Call[]): void {
    const { releases, released } = this.#context;
    releases.after(position, () => released(position, draft, calls));
  }

  #follow(before: Call | undefined): void {
    const call = this.#call;
    this.#context.moved(before, call);
    if (before?.parties !== call.parties || before.legs !== call.legs || before.bridges !== call.bridges || call.endedAt !== undefined)
      this.#applyMedia();
    this.#arm();
  }

  #applyMedia(): void {
    const { media, mediaSettings } = this.#context;
    media.apply(this.#call.id, mediaPlan(this.#call, mediaSettings), this.#call.seq);
  }

  #arm(): void {
    let earliest: Deadline | undefined;
    for (const deadline of deadlines(this.#call)) if (earliest === undefined || deadline.at < earliest.at) earliest = deadline;
    if (earliest?.at === this.#armed?.at && earliest?.name === this.#armed?.name) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#armed = earliest;
    if (earliest === undefined) return;
    const { name, at } = earliest;
    this.#timer = this.#context.clock.after(at - this.#context.clock.now(), () => {
      this.#armed = undefined;
      // A timer may be early: the clock of timers is not the one of calls.
      if (this.#context.clock.now() < at) this.#arm();
      else this.take({ kind: "deadline", name, at });
    });
  }
}

/** Streams by call id, so that whoever reads the record takes them in one order. */
function togetherOf(drafts: readonly RecordDraft[]): RecordDraft {
  const streams = drafts.flatMap((draft) => draft.streams).toSorted((a, b) => (a.callId < b.callId ? -1 : 1));
  const ended = drafts.flatMap((draft) => draft.ended ?? []);
  const outbox = drafts.flatMap((draft) => draft.outbox ?? []);
  const at = Math.max(...drafts.map((draft) => draft.at));
  return { at, streams, ...(ended.length > 0 && { ended }), ...(outbox.length > 0 && { outbox }) };
}

function draftOf(before: Call | undefined, decision: Decision, context: ActorContext, commandId: string | undefined): RecordDraft {
  const { call, events } = decision;
  const seq = (before?.seq ?? 0) + 1;
  const outbox = context.outboxOf({ before, after: call, events });
  return {
    at: context.clock.now(),
    streams: [{ accountId: call.accountId, callId: call.id, seq, events }],
    ...(commandId !== undefined && { commandId }),
    ...(isOver(call) && { ended: [call.id] }),
    ...(outbox.length > 0 && { outbox }),
  };
}
