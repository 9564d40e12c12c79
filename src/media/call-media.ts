import type { EndpointContext } from "./endpoint/context.ts";
import { Endpoint } from "./endpoint/endpoint.ts";
import { Mixer } from "./mixer.ts";
import type { MediaOrder } from "./orders.ts";
import type { MediaEvent, MediaPlan } from "./plan.ts";
import { routes } from "./routes.ts";
import type { TickMember } from "./tick.ts";

/** What has seconds to wait, such as RTCP, is looked at every 100 ms. */
const attendFrames = 5;

/** The media of one call on this thread: takes whole plans, finds what changed, and moves all its endpoints by one frame at each tick. */
export class CallMedia implements TickMember {
  readonly callId: string;
  readonly #context: EndpointContext;
  readonly #emit: (endpointId: string, event: MediaEvent) => void;
  readonly #fail: (cause: unknown) => void;
  readonly #endpoints = new Map<string, Endpoint>();
  /** The same as an array: cheaper to walk three times in each frame. */
  #ticking: readonly Endpoint[] = [];
  /** False while nobody listens to anybody: then a frame is only sent. */
  #isHeard = false;
  #framesToAttend = 0;
  /** Somebody hears the beep of a recording: what is heard otherwise may go another way when it is over. */
  #isBeeping = false;
  readonly #mixer = new Mixer();
  readonly #closing = new Set<Promise<void>>();

  /** `fail` is told what went wrong with a packet that came. */
  constructor(
    callId: string,
    context: EndpointContext,
    emit: (endpointId: string, event: MediaEvent) => void,
    fail: (cause: unknown) => void,
  ) {
    this.callId = callId;
    this.#context = context;
    this.#emit = emit;
    this.#fail = fail;
  }

  get isEmpty(): boolean {
    return this.#endpoints.size === 0;
  }

  apply(plan: MediaPlan): void {
    const plans = new Map(plan.endpoints.map((endpoint) => [endpoint.endpointId, endpoint]));
    for (const [endpointId, endpoint] of this.#endpoints) {
      const wanted = plans.get(endpointId);
      if (wanted !== undefined) endpoint.leave(wanted);
      else {
        this.#endpoints.delete(endpointId);
        this.#close(endpoint);
      }
    }
    for (const [endpointId, wanted] of plans) {
      const endpoint =
        this.#endpoints.get(endpointId) ?? new Endpoint(wanted, this.#context, (event) => this.#emit(endpointId, event), this.#fail);
      this.#endpoints.set(endpointId, endpoint);
      endpoint.enter(wanted);
    }
    this.#ticking = [...this.#endpoints.values()];
    this.#route();
  }

  /** Some packets of it are due in the middle of a frame. */
  get isBetweenWanted(): boolean {
    return this.#ticking.some(({ isBetweenWanted }) => isBetweenWanted);
  }

  provide(order: Extract<MediaOrder, { kind: "prompt" }>): void {
    this.#endpoints.get(order.endpointId)?.provide(order);
  }

  tick(): void {
    if (this.#framesToAttend === 0) this.#attend();
    this.#framesToAttend -= 1;
    if (this.#isHeard) {
      const nowMs = this.#context.clock.monotonicMs();
      for (const endpoint of this.#ticking) endpoint.advance(nowMs);
      this.#mixer.begin();
    }
    for (const endpoint of this.#ticking) endpoint.speak(this.#mixer);
    if (this.#isHeard) for (const endpoint of this.#ticking) endpoint.record();
  }

  tickBetween(): void {
    for (const endpoint of this.#ticking) endpoint.speakBetween();
  }

  #route(): void {
    this.#isHeard = routes(this.#endpoints, this.#mixer);
    this.#isBeeping = this.#ticking.some(({ beeping }) => beeping !== undefined);
  }

  #attend(): void {
    this.#framesToAttend = attendFrames;
    const nowMs = this.#context.clock.monotonicMs();
    for (const endpoint of this.#ticking) endpoint.attend(nowMs);
    const isBeepOver = this.#isBeeping && this.#ticking.every(({ beeping }) => beeping === undefined);
    if (isBeepOver || this.#ticking.some(({ isRouteOld }) => isRouteOld)) this.#route();
  }

  /** Undefined when every endpoint that left has told its end; else settles when they have. */
  close(): Promise<unknown> | undefined {
    for (const endpoint of this.#endpoints.values()) this.#close(endpoint);
    this.#endpoints.clear();
    this.#ticking = [];
    this.#mixer.close();
    return this.#closing.size === 0 ? undefined : Promise.all(this.#closing);
  }

  #close(endpoint: Endpoint): void {
    const closing = endpoint.close();
    if (closing === undefined) return;
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }
}
