import { BatchPace, type Clock, type Ids, type Logger } from "../kernel/index.ts";
import type { RtpNetwork } from "../rtp/index.ts";
import { CallMedia } from "./call-media.ts";
import { sampleRateHz } from "./codec/frame.ts";
import type { EndpointContext } from "./endpoint/context.ts";
import { Outbox } from "./endpoint/outbox.ts";
import type { MediaOrder, MediaReport } from "./orders.ts";
import type { MediaEvent } from "./plan.ts";
import { Loops } from "./sound/loops.ts";
import { PromptCache } from "./sound/prompt-cache.ts";
import { Tick } from "./tick.ts";

export type MediaRuntimeOptions = {
  readonly host: string;
  /** The same of the other family (IPv4, IPv6), for peers that have only that. */
  readonly otherHost?: string | undefined;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly network: RtpNetwork;
  /** Takes what happened, in batches. */
  readonly report: (reports: readonly MediaReport[]) => void;
};

/** Half a frame: digits and the like are no older than that when they are told. */
const paceMs = 10;
/** Raw sound kept in memory on each thread: over two hours of it. */
const promptCacheBytes = 64 * 1024 * 1024;

/** What nobody waits for goes with something else: it carries its own time. One report in four of a plain call woke the main thread for these alone. */
const patientKinds: ReadonlySet<MediaEvent["kind"]> = new Set(["stream", "closed", "quality"]);

/** All calls of one thread: the same in a worker and in-process. */
export class MediaRuntime {
  readonly #context: EndpointContext;
  readonly #report: (reports: readonly MediaReport[]) => void;
  readonly #tick: Tick<CallMedia>;
  readonly #calls = new Map<string, CallMedia>();
  /** Calls that left, until their recordings are closed. */
  readonly #ending = new Set<Promise<unknown>>();
  #reports: MediaReport[] = [];
  readonly #pace: BatchPace;

  constructor(options: MediaRuntimeOptions) {
    const { host, otherHost, clock, ids, logger, network } = options;
    const prompts = new PromptCache(promptCacheBytes);
    const outbox = new Outbox(network);
    const loops = new Loops();
    // Before it carries calls: the longest of them takes half a frame.
    loops.samples("hold-music", undefined, sampleRateHz);
    const relaying = new Set<unknown>();
    this.#context = { host, otherHost, clock, ids, logger, openSockets: network.openSockets, outbox, relaying, prompts, loops };
    this.#report = options.report;
    this.#pace = new BatchPace(clock, () => this.#flush(), paceMs);
    this.#tick = new Tick(clock, {
      failed: ({ callId }, cause) => this.#fail(callId, cause),
      turnBegins: () => network.poll?.(),
      slotDone: () => outbox.flush(),
      isHasty: () => network.poll !== undefined && relaying.size > 0,
    });
  }

  receive(orders: readonly MediaOrder[]): void {
    for (const order of orders) {
      try {
        if (order.kind === "apply") this.#apply(order);
        else this.#calls.get(order.callId)?.provide(order);
      } catch (cause) {
        this.#fail(order.callId, cause);
      }
    }
  }

  /** Ends all calls and tells what is left to tell. */
  async close(): Promise<void> {
    for (const callId of this.#calls.keys()) this.#end(callId);
    await Promise.all(this.#ending);
    this.#flush();
  }

  #apply({ callId, plan }: Extract<MediaOrder, { kind: "apply" }>): void {
    const known = this.#calls.get(callId);
    if (known === undefined && plan.endpoints.length === 0) return;
    const media = known ?? this.#add(callId);
    media.apply(plan);
    this.#tick.want(media, media.isBetweenWanted);
    if (media.isEmpty) this.#end(callId);
  }

  #add(callId: string): CallMedia {
    const media = new CallMedia(
      callId,
      this.#context,
      (endpointId, event) => this.#emit(callId, endpointId, event),
      (cause) => this.#fail(callId, cause),
    );
    this.#calls.set(callId, media);
    this.#tick.add(media);
    return media;
  }

  /** A bug ends the media of one call, not of the thread. */
  #fail(callId: string, cause: unknown): void {
    this.#context.logger.error({ callId, cause }, "The media of a call failed and was ended.");
    this.#end(callId);
  }

  #end(callId: string): void {
    const media = this.#calls.get(callId);
    if (media === undefined) return;
    this.#calls.delete(callId);
    this.#tick.remove(media);
    const ending = media.close();
    if (ending === undefined) return;
    this.#ending.add(ending);
    void ending.finally(() => this.#ending.delete(ending));
  }

  #emit(callId: string, endpointId: string, event: MediaEvent): void {
    this.#reports.push({ callId, endpointId, event });
    if (event.kind === "prompt-ended") this.#pace.hurry();
    else this.#pace.want(!patientKinds.has(event.kind));
  }

  #flush(): void {
    this.#pace.begun();
    if (this.#reports.length === 0) return;
    const reports = this.#reports;
    this.#reports = [];
    this.#report(reports);
  }
}
