/** How the demo phone behaves, and what it is told over the thread boundary. */

export const behaviours = ["answer", "busy", "silent", "reject"] as const;
export type Behaviour = (typeof behaviours)[number];

export type DemoPhoneSettings = {
  readonly behaviour: Behaviour;
  /** From the INVITE to the answer; it rings meanwhile. */
  readonly answerAfterMs: number;
  /** What it presses once it has answered; `,` waits half a second. */
  readonly digits: string;
};

/** Long enough to have heard the demo flow's question before it presses. */
export const usualSettings: DemoPhoneSettings = { behaviour: "answer", answerAfterMs: 2000, digits: ",,,,,,,,,,,,,,,,1" };

/** What the worker needs to begin. */
export type DemoPhoneStart = {
  readonly host: string;
  /** 0 picks one. */
  readonly port: number;
  readonly rtpPorts: { readonly first: number; readonly last: number };
  /** Where the last call is recorded. */
  readonly recordingPath: string;
};

export type DemoPhoneOrder = { readonly kind: "configure"; readonly settings: DemoPhoneSettings } | { readonly kind: "close" };
export type DemoPhoneReport =
  | { readonly kind: "ready"; readonly port: number }
  /** `code` is the system's, for example EADDRINUSE. */
  | { readonly kind: "failed"; readonly reason: string; readonly code?: unknown };
