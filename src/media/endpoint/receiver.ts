import { emptyRtpHeader, parseRtp, type ReceivedRtpHeader, ReceiverStatistics } from "../../rtp/index.ts";
import type { EndpointPlan } from "../plan.ts";
import type { EndpointContext } from "./context.ts";
import type { SourceLock } from "./source-lock.ts";

/** Where the packets of the peer go. */
export type ReceiverListener = {
  sound(header: ReceivedRtpHeader, bytes: Uint8Array, nowMs: number): void;
  event(header: ReceivedRtpHeader, bytes: Uint8Array, nowMs: number): void;
  /** What came on the RTP port and can only be RTCP (RFC 5761). */
  rtcp(bytes: Uint8Array, address: string, waitedMs: number): void;
  /** The stream is another one: what belonged to the old one is of no use. */
  restarted(): void;
  resumed(): void;
  timedOut(silentMs: number): void;
};

/** Takes the RTP packets of one endpoint: finds out what they are and whether they are the peer's, counts them, and hands them on. */
export class Receiver {
  readonly statistics = new ReceiverStatistics();
  readonly #context: Pick<EndpointContext, "clock">;
  readonly #lock: SourceLock;
  readonly #listener: ReceiverListener;
  readonly #header = emptyRtpHeader();
  #plan: EndpointPlan;
  #clockRateHz = 8000;
  #ssrc: number | undefined;
  #dropped = 0;
  /** Monotonic time of the last packet, or of when packets were to be expected. */
  #heardAtMs: number;
  #isExpecting = false;
  #isTimedOut = false;

  constructor(plan: EndpointPlan, lock: SourceLock, context: Pick<EndpointContext, "clock">, listener: ReceiverListener) {
    this.#plan = plan;
    this.#lock = lock;
    this.#context = context;
    this.#listener = listener;
    this.#heardAtMs = context.clock.monotonicMs();
  }

  update(plan: EndpointPlan, clockRateHz: number): void {
    this.#plan = plan;
    this.#clockRateHz = clockRateHz;
    const isExpecting = plan.timeoutMs !== undefined && plan.receives;
    if (isExpecting && !this.#isExpecting) this.#heardAtMs = this.#context.clock.monotonicMs();
    if (!isExpecting) this.#isTimedOut = false;
    this.#isExpecting = isExpecting;
  }

  /** Of the peer's stream; undefined before there was one. */
  get ssrc(): number | undefined {
    return this.#ssrc;
  }

  /** Packets that were no use: no RTP, not of the peer, or of no payload type that was agreed on. */
  get dropped(): number {
    return this.#dropped;
  }

  /** What came `waitedMs` ago. */
  receive(bytes: Uint8Array, address: string, port: number, waitedMs: number): void {
    const header = this.#header;
    const plan = this.#plan;
    if (!parseRtp(bytes, header)) {
      if (plan.rtcpMux === true) this.#listener.rtcp(bytes, address, waitedMs);
      else this.#dropped += 1;
      return;
    }
    const { payloadType } = header;
    const isEvent = payloadType === plan.receiveTelephoneEvent || payloadType === plan.telephoneEvent;
    if (!isEvent && !isSoundOf(plan, payloadType)) {
      this.#dropped += 1;
      return;
    }
    const nowMs = this.#context.clock.monotonicMs() - waitedMs;
    const verdict = this.#lock.judge(address, port, header, nowMs);
    if (verdict === "stranger") this.#dropped += 1;
    if (verdict !== "accepted") return;
    if (header.ssrc !== this.#ssrc) this.#meet(header.ssrc);
    this.#heardAtMs = nowMs;
    if (this.#isTimedOut) {
      this.#isTimedOut = false;
      this.#listener.resumed();
    }
    const arrival = (nowMs * this.#clockRateHz) / 1000;
    const { sequenceNumber, timestamp } = header;
    // The packets of a key all have the time at which it went down.
    const isInRange = isEvent ? this.statistics.count(sequenceNumber) : this.statistics.receive(sequenceNumber, timestamp, arrival);
    if (!isInRange || !plan.receives) return;
    if (isEvent) this.#listener.event(header, bytes, nowMs);
    else this.#listener.sound(header, bytes, nowMs);
  }

  /** To be called now and then. */
  attend(nowMs: number): void {
    const { timeoutMs } = this.#plan;
    if (!this.#isExpecting || this.#isTimedOut || timeoutMs === undefined || nowMs - this.#heardAtMs < timeoutMs) return;
    this.#isTimedOut = true;
    this.#listener.timedOut(Math.round(nowMs - this.#heardAtMs));
  }

  #meet(ssrc: number): void {
    if (this.#ssrc !== undefined) {
      this.statistics.restart();
      this.#listener.restarted();
    }
    this.#ssrc = ssrc;
  }
}

/** What the peer was told to send, or what we send: some send back what they get. */
function isSoundOf(plan: EndpointPlan, payloadType: number): boolean {
  if (payloadType === plan.receivePayloadType || payloadType === plan.payloadType || payloadType === plan.comfortNoise) return true;
  return plan.alsoReceives?.some((other) => other.payloadType === payloadType) === true;
}
