/** Times and bounds, with the defaults that CometD's own servers have where they have one. */
export type BayeuxLimits = {
  /** How long a connect is held. */
  readonly timeoutMs: number;
  /** The pause a client is asked to make before its next connect. */
  readonly intervalMs: number;
  /** How much longer than that pause a client is remembered. */
  readonly maxIntervalMs: number;
  /** How many clients of one browser may have a connect held over HTTP; the others poll, with the pause below. */
  readonly heldPerBrowser: number;
  readonly crowdedIntervalMs: number;
  readonly clients: number;
  readonly clientsPerUser: number;
  readonly subscriptionsPerClient: number;
  readonly requestBytes: number;
  readonly messagesPerRequest: number;
  /** What may wait for one client. One that falls further behind is dropped. */
  readonly waitingEvents: number;
  readonly waitingBytes: number;
};

export const defaultLimits: BayeuxLimits = {
  timeoutMs: 30_000,
  intervalMs: 0,
  maxIntervalMs: 10_000,
  heldPerBrowser: 1,
  crowdedIntervalMs: 2_000,
  clients: 10_000,
  clientsPerUser: 50,
  subscriptionsPerClient: 100,
  requestBytes: 64 * 1024,
  messagesPerRequest: 100,
  waitingEvents: 2_000,
  waitingBytes: 4 * 1024 * 1024,
};
