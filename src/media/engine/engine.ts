import type { Clock, Logger, LogLevel } from "../../kernel/index.ts";
import type { MediaReport } from "../orders.ts";
import type { EndpointPlan, MediaEngine, MediaEvent, MediaEventHandler, MediaPlan, PromptPlan, PromptSource, Source } from "../plan.ts";
import { promptOf } from "../sound/sound-format.ts";
import type { SocketKind } from "../worker.ts";
import { EndpointRecord } from "./endpoint-record.ts";
import { MediaWorker } from "./media-worker.ts";
import { PromptBinder } from "./prompt-binder.ts";
import { isSamePlan } from "./same-plan.ts";

export type MediaEngineOptions = {
  /** Threads. Each carries about 1,000 plain calls. */
  readonly workers: number;
  /** Numeric address on which RTP is bound. */
  readonly host: string;
  /** The same of the other family (IPv4, IPv6), for peers that have only that. */
  readonly otherHost?: string | undefined;
  /** "polled" unless told otherwise. */
  readonly sockets?: SocketKind | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of the threads' own lines. */
  readonly logLevel: LogLevel;
  readonly prompts: PromptSource;
};

type CallRecord = {
  readonly worker: MediaWorker;
  plan: MediaPlan;
  revision: number;
  readonly endpoints: Map<string, EndpointRecord>;
  /** Endpoints that another call has not closed yet: their ports are taken until then. Most calls have none. */
  awaited?: Set<string>;
  /** True when its worker was replaced: from then on plans leave out what the lost one had done. */
  isResumed: boolean;
};

/** Starts the media threads. Settles when all are ready; rejects when one cannot begin. */
export async function createMediaEngine(options: MediaEngineOptions): Promise<MediaEngine> {
  const engine = new ThreadedMediaEngine(options);
  try {
    await engine.open(options);
  } catch (cause) {
    await engine.close();
    throw cause;
  }
  return engine;
}

/** Spreads calls over media threads, a call whole on one of them, and puts a call on a new thread when its own dies. */
class ThreadedMediaEngine implements MediaEngine {
  readonly #clock: Clock;
  readonly #binder: PromptBinder;
  readonly #workers: MediaWorker[] = [];
  readonly #calls = new Map<string, CallRecord>();
  /** The call that an endpoint goes to when its own has closed it. */
  readonly #heirs = new Map<string, string>();
  /** The call in which an endpoint is, or is being closed. */
  readonly #holders = new Map<string, string>();
  readonly #handlers: MediaEventHandler[] = [];

  constructor({ clock, logger, prompts }: MediaEngineOptions) {
    this.#clock = clock;
    this.#binder = new PromptBinder(prompts, logger, (order) => {
      const call = this.#calls.get(order.callId);
      call?.endpoints.get(order.endpointId)?.soundProvided(order.promptId, order.start, clock.now());
      call?.worker.post(order, true);
    });
  }

  async open({ workers, host, otherHost, sockets = "polled", clock, logger, logLevel }: MediaEngineOptions): Promise<void> {
    for (let index = 0; index < workers; index++) {
      const worker = await MediaWorker.open({ host, otherHost, sockets, logLevel }, clock, logger.child({ mediaWorker: index }), {
        reports: (reports) => this.#report(reports),
        restarted: () => this.#resume(worker),
      });
      this.#workers.push(worker);
    }
  }

  apply(callId: string, plan: MediaPlan, revision: number): void {
    const known = this.#calls.get(callId);
    if (known !== undefined && revision <= known.revision) return;
    if (known === undefined && plan.endpoints.length === 0) return;
    const call = known ?? this.#add(callId);
    const isSame = isSamePlan(call.plan, plan);
    call.plan = plan;
    call.revision = revision;
    if (isSame) return;
    for (const endpointId of call.awaited ?? []) this.#forgo(call, endpointId);
    for (const { endpointId } of plan.endpoints) if (!call.endpoints.has(endpointId)) this.#enter(callId, call, endpointId);
    for (const endpoint of plan.endpoints) call.endpoints.get(endpoint.endpointId)?.planned(endpoint, this.#clock.now());
    this.#post(callId, call);
    this.#binder.bind(callId, plan);
  }

  onEvent(handler: MediaEventHandler): void {
    this.#handlers.push(handler);
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close()));
    this.#calls.clear();
  }

  /** An endpoint is new to a call: it opens at once, or when the call it comes from has closed it. */
  #enter(callId: string, call: CallRecord, endpointId: string): void {
    call.endpoints.set(endpointId, new EndpointRecord());
    const holder = this.#holders.get(endpointId);
    if (holder === undefined || holder === callId) this.#holders.set(endpointId, callId);
    else {
      (call.awaited ??= new Set()).add(endpointId);
      this.#heirs.set(endpointId, callId);
    }
  }

  /** An endpoint that is awaited and no longer wanted never was. */
  #forgo(call: CallRecord, endpointId: string): void {
    if (call.plan.endpoints.some((endpoint) => endpoint.endpointId === endpointId)) return;
    call.awaited?.delete(endpointId);
    call.endpoints.delete(endpointId);
  }

  /** Its sockets are closed: a call that awaits it opens it now. */
  #freed(endpointId: string): void {
    this.#holders.delete(endpointId);
    const heirId = this.#heirs.get(endpointId);
    const heir = heirId === undefined ? undefined : this.#calls.get(heirId);
    this.#heirs.delete(endpointId);
    if (heirId === undefined || heir?.awaited?.delete(endpointId) !== true) return;
    this.#holders.set(endpointId, heirId);
    this.#post(heirId, heir);
  }

  #add(callId: string): CallRecord {
    const worker = this.#workers.reduce((least, other) => (other.load < least.load ? other : least));
    worker.callPlaced();
    const call: CallRecord = { worker, plan: { endpoints: [] }, revision: -1, endpoints: new Map(), isResumed: false };
    this.#calls.set(callId, call);
    return call;
  }

  #post(callId: string, call: CallRecord): void {
    const now = this.#clock.now();
    const plan = call.isResumed
      ? { endpoints: call.plan.endpoints.map((endpoint) => call.endpoints.get(endpoint.endpointId)?.resumed(endpoint, now) ?? endpoint) }
      : call.plan;
    // What follows a prompt is to follow it without a gap: from the report of its end there are 20 ms to the next frame.
    const isHurried = plan.endpoints.some(({ source }) => source.kind === "prompt");
    call.worker.post({ kind: "apply", callId, plan: forWorker(plan, call.awaited) }, isHurried);
  }

  #resume(worker: MediaWorker): void {
    for (const [callId, call] of this.#calls) {
      if (call.worker !== worker) continue;
      call.isResumed = true;
      for (const endpoint of call.plan.endpoints) {
        const ids = call.endpoints.get(endpoint.endpointId)?.doubtful(endpoint) ?? [];
        for (const digitsId of ids) this.#tell(callId, endpoint.endpointId, { kind: "digits-sent", digitsId });
        if (call.endpoints.get(endpoint.endpointId)?.takeTimeout() === true)
          this.#tell(callId, endpoint.endpointId, { kind: "media-resumed" });
      }
      this.#report(lostEnds(callId, call));
      this.#post(callId, call);
      this.#binder.repeat(callId);
    }
  }

  #report(reports: readonly MediaReport[]): void {
    for (const { callId, endpointId, event } of reports) {
      const call = this.#calls.get(callId);
      call?.endpoints.get(endpointId)?.observe(event);
      if (call !== undefined && event.kind === "closed") this.#left(callId, call, endpointId);
      this.#tell(callId, endpointId, event);
    }
  }

  /** The call is kept until its last endpoint told its end, so that a plan that comes late is known as old. */
  #left(callId: string, call: CallRecord, endpointId: string): void {
    if (call.plan.endpoints.some((endpoint) => endpoint.endpointId === endpointId)) return;
    call.endpoints.delete(endpointId);
    if (this.#holders.get(endpointId) === callId) this.#freed(endpointId);
    if (call.endpoints.size > 0 || call.plan.endpoints.length > 0) return;
    this.#calls.delete(callId);
    call.worker.callEnded();
  }

  #tell(callId: string, endpointId: string, event: MediaEvent): void {
    for (const handler of this.#handlers) handler(callId, endpointId, event);
  }
}

/** Without endpoints that another call has not closed yet; and without the texts of prompts, which the thread does not read: up to 50 kB a call. */
function forWorker(plan: MediaPlan, awaited: ReadonlySet<string> | undefined): MediaPlan {
  const isAwaited = awaited !== undefined && awaited.size > 0;
  const isPlain =
    !isAwaited && plan.endpoints.every(({ source, announcement }) => promptOf(source) === undefined && announcement === undefined);
  if (isPlain) return plan;
  const endpoints = isAwaited ? plan.endpoints.filter(({ endpointId }) => !awaited.has(endpointId)) : plan.endpoints;
  return { endpoints: endpoints.map(withoutTexts) };
}

function withoutTexts(endpoint: EndpointPlan): EndpointPlan {
  const { source, announcement } = endpoint;
  const prompt = promptOf(source);
  return {
    ...endpoint,
    ...(prompt !== undefined && { source: { ...source, prompt: withoutItems(prompt) } as Source }),
    ...(announcement !== undefined && { announcement: withoutItems(announcement) }),
  };
}

/** What the prompt's sound is comes with its own order. */
function withoutItems(prompt: PromptPlan): PromptPlan {
  return { ...prompt, items: [] };
}

/** Endpoints that were closing when their worker died: their counters died with it. */
function lostEnds(callId: string, call: CallRecord): readonly MediaReport[] {
  const counters = { packetsSent: 0, packetsReceived: 0, packetsLost: 0, packetsDropped: 0, jitterMs: 0 };
  const planned = new Set(call.plan.endpoints.map(({ endpointId }) => endpointId));
  return [...call.endpoints.keys()]
    .filter((endpointId) => !planned.has(endpointId))
    .map((endpointId) => ({ callId, endpointId, event: { kind: "closed", counters } }));
}
