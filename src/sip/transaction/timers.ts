/** The timers of RFC 3261 §17 (table 4) and RFC 6026, all derived from T1, T2 and T4. Reliable transports repeat nothing and wait for nothing. */

export type TimerBase = {
  /** Estimate of the round trip. */
  readonly t1Ms: number;
  /** Longest interval between repeats of a non-INVITE request and of a final answer to INVITE. */
  readonly t2Ms: number;
  /** How long a message may stay in the network. */
  readonly t4Ms: number;
  /** When an INVITE server transaction sends 100 by itself; RFC 3261 §17.2.1 asks for 200 ms at most. */
  readonly tryingMs: number;
};

export const standardTimers: TimerBase = { t1Ms: 500, t2Ms: 4_000, t4Ms: 5_000, tryingMs: 150 };

export type Timers = {
  readonly t2Ms: number;
  readonly tryingMs: number;
  /** First repeat of INVITE; doubles. Undefined where nothing is repeated. */
  readonly timerA: number | undefined;
  /** INVITE without any answer. */
  readonly timerB: number;
  /** Repeated non-2xx answers to our INVITE. */
  readonly timerD: number;
  /** First repeat of a non-INVITE request; doubles up to T2. */
  readonly timerE: number | undefined;
  /** Non-INVITE request without a final answer. */
  readonly timerF: number;
  /** First repeat of our non-2xx answer to INVITE; doubles up to T2. */
  readonly timerG: number | undefined;
  /** Non-2xx answer to INVITE without ACK. */
  readonly timerH: number;
  /** Repeated ACKs. */
  readonly timerI: number;
  /** Repeats of a non-INVITE request we answered. */
  readonly timerJ: number;
  /** Repeated answers to our non-INVITE request. */
  readonly timerK: number;
  /** Repeats of an INVITE we accepted (RFC 6026 §8.7). */
  readonly timerL: number;
  /** Repeated 2xx and 2xx of other forks (RFC 6026 §8.4). */
  readonly timerM: number;
};

/** `isReliable`: the transport loses nothing. */
export function timersFor(base: TimerBase, isReliable: boolean): Timers {
  const unreliable = !isReliable;
  const longMs = 64 * base.t1Ms;
  return {
    t2Ms: base.t2Ms,
    tryingMs: base.tryingMs,
    timerA: unreliable ? base.t1Ms : undefined,
    timerB: longMs,
    timerD: unreliable ? longMs : 0,
    timerE: unreliable ? base.t1Ms : undefined,
    timerF: longMs,
    timerG: unreliable ? base.t1Ms : undefined,
    timerH: longMs,
    timerI: unreliable ? base.t4Ms : 0,
    timerJ: unreliable ? longMs : 0,
    timerK: unreliable ? base.t4Ms : 0,
    timerL: longMs,
    timerM: longMs,
  };
}
