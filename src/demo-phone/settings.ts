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

/** A desk has its own talk to have: it presses nothing. */
export const deskSettings: DemoPhoneSettings = { behaviour: "answer", answerAfterMs: 2000, digits: "" };

/** As whom, and where, a phone registers. */
export type PhoneAccount = {
  readonly username: string;
  readonly password: string;
  /** Host of its address of record. */
  readonly domain: string;
  readonly registrar: { readonly address: string; readonly port: number };
};

/** What the worker needs to begin. */
export type DemoPhoneStart = {
  readonly host: string;
  /** 0 picks one. */
  readonly port: number;
  readonly rtpPorts: { readonly first: number; readonly last: number };
  /** Where the last call is recorded. */
  readonly recordingPath: string;
  /** A second phone, with a port of its own, that registers as a user's. */
  readonly desk?: PhoneAccount;
};

export type DemoPhoneOrder = { readonly kind: "configure"; readonly settings: DemoPhoneSettings } | { readonly kind: "close" };
export type DemoPhoneReport =
  | { readonly kind: "ready"; readonly port: number }
  /** `code` is the system's, for example EADDRINUSE. */
  | { readonly kind: "failed"; readonly reason: string; readonly code?: unknown };
