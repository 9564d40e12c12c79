/** What the far end of a trunk is told of a call beside the numbers, and how much of what it says is believed. */

export const identityHeaders = ["none", "p-asserted-identity", "remote-party-id"] as const;
export const diversionHeaders = ["none", "diversion", "history-info"] as const;
export const redirectChoices = ["follow", "pass"] as const;

export type TrunkPolicy = {
  /**
   * It is in our Trust Domain (RFC 3324 §2.3): the identity it asserts and the diversions it names are believed, and it learns who an
   * anonymous caller is, with the demand to tell nobody.
   */
  readonly isTrusted: boolean;
  /** How it is told who calls, beside From; only when it is trusted. */
  readonly identityHeader: (typeof identityHeaders)[number];
  /** How it is told who passed the call on. */
  readonly diversionHeader: (typeof diversionHeaders)[number];
  /** What a 3xx of it leads to: its contacts are called, or whoever calls is told of them. */
  readonly redirects: (typeof redirectChoices)[number];
  /** Header fields of its INVITEs and answers that calls keep, beside `X-…` and User-to-User. */
  readonly keptHeaders: readonly string[];
  /** Header fields of every INVITE to it; what a call says itself comes first. */
  readonly addedHeaders: Readonly<Record<string, string>>;
};

export const usualTrunkPolicy: TrunkPolicy = {
  isTrusted: true,
  identityHeader: "none",
  diversionHeader: "none",
  redirects: "follow",
  keptHeaders: [],
  addedHeaders: {},
};
