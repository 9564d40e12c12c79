/**
 * Everybody who is watched now, and what changes about them. While nobody is watched, nothing of calls is looked at; while somebody is,
 * a change costs one look-up unless it is of an account with watchers. What changes in one turn of the event loop is told together.
 */
import type { Logger } from "../../kernel/index.ts";
import type { Directory } from "../../directory/index.ts";
import type { WatchedDialog } from "../../sip/index.ts";
import { addressOfRecord, type Colleague, nameOf, phonesOf } from "../colleague.ts";
import type { Call, Leg } from "../model.ts";
import type { CallChange, Views } from "../views.ts";
import { type Availability, availabilityOf, type WatchedAgents, type WatchedRegistrations } from "./availability.ts";
import { dialogOfLeg } from "./leg-dialogs.ts";

export type SubjectsOptions = {
  readonly log: Logger;
  readonly views: Pick<Views, "list" | "watch">;
  readonly directory: Directory;
  readonly registrations: WatchedRegistrations;
  readonly agents: WatchedAgents;
  readonly secret: Uint8Array;
  /** Host of our addresses of record. */
  readonly domain: string;
  earlyTagOf(legId: string): string | undefined;
};

/** Hears that something may have changed, with the dialogs that have ended since. */
export type Watcher = (ended: readonly WatchedDialog[]) => void;

export type WatchedSubject = {
  readonly entity: string;
  dialogs(): readonly WatchedDialog[];
  availability(): Availability;
  close(): void;
};

type LegOfCall = { readonly call: Call; readonly leg: Leg };

type Subject = {
  readonly colleague: Colleague;
  readonly watchers: Set<(ended: readonly LegOfCall[]) => void>;
  /** Live ones in which a phone of theirs has a leg, once they have been looked up. */
  readonly calls: Map<string, Call>;
  /** Calls that changed before the others were looked up. */
  seen: Set<string> | undefined;
  readonly found: Promise<void>;
  ended: LegOfCall[];
};

const everything = 1_000_000;

export class Subjects {
  readonly #options: SubjectsOptions;
  /** By account, then by `user <id>` or `phone <id>`. */
  readonly #accounts = new Map<string, Map<string, Subject>>();
  readonly #changed = new Set<Subject>();
  #sources: readonly { close(): void }[] = [];

  constructor(options: SubjectsOptions) {
    this.#options = options;
  }

  /** Resolves when what they are doing now is known. */
  async watch(colleague: Colleague, watcher: Watcher): Promise<WatchedSubject> {
    if (this.#accounts.size === 0) this.#open();
    const subject = this.#subjectOf(colleague);
    const context = this.#contextOf(colleague);
    const hear = (ended: readonly LegOfCall[]) => watcher(ended.map(({ call, leg }) => dialogOfLeg(call, leg, context)));
    subject.watchers.add(hear);
    await subject.found;
    return {
      entity: context.identity,
      dialogs: () => this.#liveLegsOf(subject).map(({ call, leg }) => dialogOfLeg(call, leg, context)),
      availability: () => this.#availabilityOf(subject),
      close: () => this.#leave(subject, hear),
    };
  }

  #subjectOf(colleague: Colleague): Subject {
    const { accountId } = colleague;
    const subjects = this.#accounts.get(accountId) ?? new Map<string, Subject>();
    this.#accounts.set(accountId, subjects);
    const key = keyOf(colleague);
    const known = subjects.get(key);
    if (known !== undefined) return known;
    const list = this.#options.views.list(accountId, { live: true }, { limit: everything });
    const found = list.then(({ items }) => {
      for (const call of items)
        if (subject.seen?.has(call.id) !== true && this.#legsOf(subject, call).some(isAlive)) subject.calls.set(call.id, call);
      subject.seen = undefined;
    });
    const subject: Subject = { colleague, watchers: new Set(), calls: new Map(), seen: new Set(), found, ended: [] };
    subjects.set(key, subject);
    return subject;
  }

  #leave(subject: Subject, hear: (ended: readonly LegOfCall[]) => void): void {
    subject.watchers.delete(hear);
    if (subject.watchers.size > 0) return;
    const { accountId } = subject.colleague;
    const subjects = this.#accounts.get(accountId);
    if (subjects?.get(keyOf(subject.colleague)) === subject) subjects.delete(keyOf(subject.colleague));
    if (subjects?.size === 0) this.#accounts.delete(accountId);
    if (this.#accounts.size > 0) return;
    for (const source of this.#sources) source.close();
    this.#sources = [];
  }

  #open(): void {
    const { views, registrations, agents, directory } = this.#options;
    this.#sources = [
      views.watch((change) => this.#callChanged(change)),
      registrations.watch((phoneId) => {
        for (const [accountId, subjects] of this.#accounts) {
          if (directory.phones.get(accountId, phoneId) !== undefined) this.#touch(subjects, accountId, phoneId);
        }
      }),
      agents.watch(({ after }) => {
        const subject = this.#accounts.get(after.accountId)?.get(`user ${after.userId}`);
        if (subject !== undefined) this.#tell(subject);
      }),
    ];
  }

  #callChanged({ before, after }: CallChange): void {
    const subjects = this.#accounts.get(after.accountId);
    if (subjects === undefined || (before?.legs === after.legs && before.bridges === after.bridges && before.parties === after.parties))
      return;
    const phones = new Set<string>();
    for (const { legs } of before === undefined ? [after] : [before, after])
      for (const { route } of Object.values(legs)) if (route.phoneId !== undefined) phones.add(route.phoneId);
    for (const phoneId of phones) for (const subject of this.#of(subjects, after.accountId, phoneId)) this.#take(subject, before, after);
  }

  #take(subject: Subject, before: Call | undefined, after: Call): void {
    subject.seen?.add(after.id);
    const legs = this.#legsOf(subject, after);
    if (legs.some(isAlive)) subject.calls.set(after.id, after);
    else subject.calls.delete(after.id);
    for (const leg of legs) if (!isAlive(leg) && before?.legs[leg.id]?.state !== "ended") subject.ended.push({ call: after, leg });
    this.#tell(subject);
  }

  #touch(subjects: ReadonlyMap<string, Subject>, accountId: string, phoneId: string): void {
    for (const subject of this.#of(subjects, accountId, phoneId)) this.#tell(subject);
  }

  /** The phone itself and its user, as far as they are watched. */
  *#of(subjects: ReadonlyMap<string, Subject>, accountId: string, phoneId: string): Iterable<Subject> {
    const userId = this.#options.directory.phones.get(accountId, phoneId)?.userId;
    for (const key of [`phone ${phoneId}`, `user ${userId}`]) {
      const subject = subjects.get(key);
      if (subject !== undefined) yield subject;
    }
  }

  #tell(subject: Subject): void {
    if (this.#changed.size === 0) queueMicrotask(() => this.#flush());
    this.#changed.add(subject);
  }

  #flush(): void {
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const subject of changed) {
      const { ended } = subject;
      subject.ended = [];
      for (const hear of subject.watchers) {
        try {
          hear(ended);
        } catch (error) {
          this.#options.log.error({ err: error, name: subject.colleague.name }, "A watcher could not be told");
        }
      }
    }
  }

  #liveLegsOf(subject: Subject): readonly LegOfCall[] {
    return [...subject.calls.values()].flatMap((call) => {
      const legs = this.#legsOf(subject, call).filter(isAlive);
      return legs.map((leg) => ({ call, leg }));
    });
  }

  #contextOf(colleague: Colleague) {
    const { secret, domain, earlyTagOf } = this.#options;
    const display = colleague.user && nameOf(colleague.user);
    return { secret, identity: addressOfRecord(colleague.name, domain), display, earlyTagOf };
  }

  #availabilityOf(subject: Subject): Availability {
    const { colleague } = subject;
    const { directory, registrations, agents } = this.#options;
    const isTalking = this.#liveLegsOf(subject).some(({ leg }) => leg.state === "answered");
    const isRegistered = phonesOf(directory, colleague).some(({ id }) => registrations.contactsOf(id).length > 0);
    return availabilityOf(isRegistered, isTalking, colleague.user && agents.get(colleague.accountId, colleague.user.id));
  }

  #legsOf({ colleague }: Subject, call: Call): readonly Leg[] {
    const ids = new Set(phonesOf(this.#options.directory, colleague).map(({ id }) => id));
    return Object.values(call.legs).filter(({ route }) => route.phoneId !== undefined && ids.has(route.phoneId));
  }
}

function isAlive({ state }: Leg): boolean {
  return state !== "ended";
}

function keyOf(colleague: Colleague): string {
  return colleague.kind === "user" ? `user ${colleague.user.id}` : `phone ${colleague.phone.id}`;
}
