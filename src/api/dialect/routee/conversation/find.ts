/** From the id of a message to its call: calls are found by their own ids, so which one holds a party is remembered here. */
import type { Call, EventSubscription, Party, Views } from "../../../../calls/index.ts";
import { idOfUuid } from "../../../../kernel/index.ts";

export type FoundMessage = { readonly call: Call; readonly party: Party };

const mostRemembered = 50_000;
/** How far back calls are looked through whose parties came before this process, or were forgotten. */
const longestCallMs = 24 * 3_600_000;
const mostEnded = 200;
/** Live calls are in memory, all of them. */
const mostLive = 1_000_000;
/** A party's id and the beginning of its call may be of two readings of the clock. */
const slackMs = 1000;

export class MessageFinder {
  readonly #views: Views;
  /** Call ids by party id, oldest first. */
  readonly #calls = new Map<string, string>();
  readonly #subscription: EventSubscription;

  constructor(views: Views) {
    this.#views = views;
    this.#subscription = views.watch(({ before, after }) => {
      if (before?.parties === after.parties) return;
      for (const partyId of Object.keys(after.parties)) {
        if (before?.parties[partyId] === undefined) this.#remember(partyId, after.id);
      }
    });
  }

  /** A message of this account; undefined when there is none, or its call is too old to be looked for. */
  async find(accountId: string, messageId: string): Promise<FoundMessage | undefined> {
    const partyId = idOfUuid(messageId);
    if (partyId === undefined) return undefined;
    const callId = this.#calls.get(partyId);
    const known = callId === undefined ? undefined : messageIn(await this.#views.get(accountId, callId), partyId);
    return known ?? this.#search(accountId, partyId);
  }

  close(): void {
    this.#subscription.close();
  }

  /** Among live calls, then among those that had begun not long before the party came: its id begins with that time. */
  async #search(accountId: string, partyId: string): Promise<FoundMessage | undefined> {
    const cameAt = Number.parseInt(partyId.slice(0, 12), 16);
    const ended = { live: false, createdFrom: Math.max(0, cameAt - longestCallMs), createdBefore: cameAt + slackMs };
    const { items: live } = await this.#views.list(accountId, { live: true }, { limit: mostLive });
    return messageAmong(live, partyId) ?? messageAmong((await this.#views.list(accountId, ended, { limit: mostEnded })).items, partyId);
  }

  #remember(partyId: string, callId: string): void {
    this.#calls.set(partyId, callId);
    if (this.#calls.size > mostRemembered) for (const oldest of this.#calls.keys()) return void this.#calls.delete(oldest);
  }
}

function messageAmong(calls: readonly Call[], partyId: string): FoundMessage | undefined {
  return messageIn(
    calls.find(({ parties }) => parties[partyId] !== undefined),
    partyId,
  );
}

function messageIn(call: Call | undefined, partyId: string): FoundMessage | undefined {
  const party = call?.parties[partyId];
  return call && party && { call, party };
}
