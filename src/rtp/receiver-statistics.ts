import { SequenceTracker } from "./sequence.ts";
import type { ReportBlock } from "./rtcp.ts";

/** What was received from one peer: loss by RFC 3550 §A.3, jitter by §A.8. A new source (`restart`) goes on with the totals. */
export class ReceiverStatistics {
  #sequence = new SequenceTracker();
  #receivedBefore = 0;
  #lostBefore = 0;
  #runsBefore = 0;
  #expectedPrior = 0;
  #receivedPrior = 0;
  #transit: number | undefined;
  /** In timestamp units, times 16 (§A.8). */
  #jitter16 = 0;

  /** Takes a packet in; `arrival` is in timestamp units of any origin. False when its number is out of every range. */
  receive(sequenceNumber: number, timestamp: number, arrival: number): boolean {
    if (!this.#sequence.accept(sequenceNumber)) return false;
    const transit = (Math.round(arrival) - timestamp) | 0;
    if (this.#transit !== undefined) this.#jitter16 += Math.abs((transit - this.#transit) | 0) - ((this.#jitter16 + 8) >> 4);
    this.#transit = transit;
    return true;
  }

  /** Takes a packet in whose timestamp says nothing of when it was sent. */
  count(sequenceNumber: number): boolean {
    return this.#sequence.accept(sequenceNumber);
  }

  restart(): void {
    this.#receivedBefore = this.packetsReceived;
    this.#lostBefore = this.packetsLost;
    this.#runsBefore = this.lossRuns;
    this.#sequence = new SequenceTracker();
    this.#expectedPrior = 0;
    this.#receivedPrior = 0;
    this.#transit = undefined;
    this.#jitter16 = 0;
  }

  get packetsReceived(): number {
    return this.#receivedBefore + this.#sequence.received;
  }

  /** Over the whole life; duplicates can hide loss (§6.4.1), never make it negative here. */
  get packetsLost(): number {
    return this.#lostBefore + Math.max(0, this.#sequence.expected - this.#sequence.received);
  }

  /** Into how many runs the loss falls, about: disorder counts too. */
  get lossRuns(): number {
    return this.#runsBefore + this.#sequence.gaps;
  }

  /** In timestamp units. */
  get jitter(): number {
    return this.#jitter16 >> 4;
  }

  /** The figures of a report block; the fraction is of the time since the last call. Undefined when nothing came yet. */
  report(): Pick<ReportBlock, "fractionLost" | "packetsLost" | "extendedHighest" | "jitter"> | undefined {
    const { expected, received, extendedHighest } = this.#sequence;
    if (received === 0) return undefined;
    const expectedNow = expected - this.#expectedPrior;
    const lostNow = expectedNow - (received - this.#receivedPrior);
    this.#expectedPrior = expected;
    this.#receivedPrior = received;
    return {
      fractionLost: expectedNow <= 0 || lostNow <= 0 ? 0 : Math.min(255, Math.floor((lostNow * 256) / expectedNow)),
      packetsLost: Math.max(-0x80_0000, Math.min(0x7f_ffff, expected - received)),
      extendedHighest,
      jitter: this.jitter,
    };
  }
}
