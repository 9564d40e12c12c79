/** What presence is made of beside calls: registrations, what agents say of themselves; and what waits in mailboxes. Ports of the watching side. */
import { emptyMailbox, type MailboxCounts, type PresenceInfo } from "../../sip/index.ts";
import type { Registrations } from "../routing.ts";

type Watch = { close(): void };

export type WatchedRegistrations = Registrations & {
  /** Hears of each phone that has come, gone or moved. */
  watch(handler: (phoneId: string) => void): Watch;
};

export type Agent = {
  readonly accountId: string;
  readonly userId: string;
  readonly isOnDuty: boolean;
  readonly activity: "ready" | "not-ready" | "wrap-up" | "auxiliary" | "offline";
};

export type WatchedAgents = {
  get(accountId: string, userId: string): Agent;
  watch(handler: (change: { readonly after: Agent }) => void): Watch;
};

/** Where messages wait for users. */
export type Mailboxes = {
  countsOf(accountId: string, userId: string): MailboxCounts;
  watch(handler: (accountId: string, userId: string) => void): Watch;
};

/** While nothing takes messages, none wait. */
export const noMailboxes: Mailboxes = { countsOf: () => emptyMailbox, watch: () => ({ close: () => undefined }) };

export type Availability = Pick<PresenceInfo, "basic" | "activity">;

/** A phone must be registered; an agent on duty who is offline is not to be reached whatever phones there are. */
export function availabilityOf(isRegistered: boolean, isTalking: boolean, agent: Agent | undefined): Availability {
  const duty = agent?.isOnDuty === true ? agent.activity : "ready";
  const basic = isRegistered && duty !== "offline" ? "open" : "closed";
  if (isTalking) return { basic, activity: "on-the-phone" };
  if (basic === "closed" || duty === "ready") return { basic };
  return { basic, activity: duty === "not-ready" ? "away" : "busy" };
}
