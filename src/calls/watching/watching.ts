/**
 * What our phones may watch (RFC 6665): the dialogs (RFC 4235) and the presence (RFC 3856) of users and phones of their own account, and
 * the mailbox (RFC 3842) of their own user.
 *
 *   who asks, for what                        answer
 *   nobody known                              401, or 403 for wrong credentials
 *   nobody has the name                       404
 *   a phone of another account                403
 *   the mailbox of a colleague                403
 *   more than a phone may watch               503
 *
 * Nothing of it outlives the process: who refreshes after a restart gets 481 and subscribes again.
 */
import type { Clock, Logger } from "../../kernel/index.ts";
import type { Phone } from "../../directory/index.ts";
import {
  type AskedSubscription,
  type BareAnswer,
  dialogInfoType,
  messageSummaryType,
  type Notifier,
  presenceInfoType,
  type SipStack,
} from "../../sip/index.ts";
import { addressOfRecord, type Colleague, colleagueNamed, userPartOf } from "../colleague.ts";
import type { PhoneSignIn } from "../signaling/phone-sign-in.ts";
import type { Mailboxes } from "./availability.ts";
import { Subjects, type SubjectsOptions } from "./subjects.ts";
import { dialogTelling, mailboxTelling, presenceTelling, type Telling } from "./tellings.ts";

export type WatchingOptions = Omit<SubjectsOptions, "log"> & {
  readonly clock: Clock;
  readonly log: Logger;
  readonly stack: Pick<SipStack, "subscriptions" | "contactUri">;
  readonly signIn: PhoneSignIn;
  readonly mailboxes: Mailboxes;
};

/** Keys of the largest attendant consoles, twice. */
const mostByOnePhone = 500;
const expiresS = { least: 60, usual: 3600, most: 7200 };
const leastIntervalMs = 1000;

/** A source of changes to a telling, until it is closed. */
type Watched = { readonly telling: Telling; close(): void };
type Opener = (
  asked: AskedSubscription,
  colleague: Colleague,
  tell: (ended?: Parameters<Telling["isNews"]>[0]) => void,
) => Promise<Watched>;

export class Watching {
  readonly #options: WatchingOptions;
  readonly #subjects: Subjects;
  readonly #notifiers = new Set<Notifier>();
  /** Subscriptions by phone. */
  readonly #counts = new Map<string, number>();
  #isClosed = false;

  constructor(options: WatchingOptions) {
    this.#options = options;
    this.#subjects = new Subjects(options);
    const { stack, signIn } = options;
    const serve = (name: string, contentType: string, open: Opener) =>
      stack.subscriptions.serve({
        name,
        contentType,
        expiresS,
        leastIntervalMs,
        screen: (request) => signIn.screen(request),
        subscribed: (asked) => this.#subscribed(asked, open),
      });
    serve("dialog", dialogInfoType, async (asked, colleague, tell) => {
      const subject = await this.#subjects.watch(colleague, tell);
      const telling = dialogTelling(subject, asked.request.headers.get("Event"), (legId) => stack.contactUri(legId, asked.source));
      return { telling, close: () => subject.close() };
    });
    serve("presence", presenceInfoType, async (_asked, colleague, tell) => {
      const subject = await this.#subjects.watch(colleague, tell);
      return { telling: presenceTelling(subject), close: () => subject.close() };
    });
    serve("message-summary", messageSummaryType, async (_asked, colleague, tell) => this.#openMailbox(colleague, tell));
  }

  /** Ends every subscription; who wants it further subscribes again (RFC 6665 §4.1.3). */
  close(): void {
    this.#isClosed = true;
    for (const notifier of this.#notifiers) notifier.end("deactivated");
  }

  #openMailbox({ accountId, name, user }: Colleague, tell: () => void): Watched {
    const { mailboxes, domain } = this.#options;
    const userId = user?.id ?? "";
    const source = mailboxes.watch((account, owner) => {
      if (account === accountId && owner === userId) tell();
    });
    const telling = mailboxTelling(addressOfRecord(name, domain), () => mailboxes.countsOf(accountId, userId));
    return { telling, close: () => source.close() };
  }

  #subscribed(asked: AskedSubscription, open: Opener): void {
    const who = this.#options.signIn.verify(asked.request);
    if (!who.ok) return asked.refuse(who.answer);
    const found = colleagueNamed(this.#options.directory, who.phone.accountId, userPartOf(asked.request.uri));
    if (!found.ok) return asked.refuse({ status: found.status });
    const refusal = this.#refusalOf(asked, who.phone, found.colleague);
    if (refusal !== undefined) return asked.refuse(refusal);
    this.#begin(asked, who.phone, found.colleague, open).catch((error: unknown) => {
      this.#options.log.error({ err: error, name: found.colleague.name }, "A subscription could not be taken");
      asked.refuse({ status: 500 });
    });
  }

  #refusalOf({ event }: AskedSubscription, phone: Phone, colleague: Colleague): BareAnswer | undefined {
    if (event.package === "message-summary" && colleague.user?.id !== phone.userId) return { status: 403 };
    const isTooMuch = (this.#counts.get(phone.id) ?? 0) >= mostByOnePhone;
    return isTooMuch || this.#isClosed ? { status: 503, headers: [["Retry-After", "60"]] } : undefined;
  }

  async #begin(asked: AskedSubscription, phone: Phone, colleague: Colleague, open: Opener): Promise<void> {
    this.#count(phone.id, 1);
    let notifier: Notifier | undefined;
    const watched = await open(asked, colleague, (ended = []) => {
      if (notifier !== undefined && watched.telling.isNews(ended)) notifier.notify();
    }).catch((error: unknown) => {
      this.#count(phone.id, -1);
      throw error;
    });
    const { telling } = watched;
    notifier = asked.accept(
      { body: () => telling.body() },
      {
        refreshed: () => {
          telling.refresh();
          const end = this.#endOf(phone, colleague);
          if (end !== undefined) notifier?.end(end);
        },
        over: () => {
          watched.close();
          this.#count(phone.id, -1);
          if (notifier !== undefined) this.#notifiers.delete(notifier);
        },
      },
    );
    if (notifier.state === "over") return;
    this.#notifiers.add(notifier);
    if (this.#isClosed) notifier.end("deactivated");
  }

  /** Who watches or is watched may have been removed since. */
  #endOf({ accountId, id }: Phone, { name }: Colleague): "rejected" | "noresource" | undefined {
    const { directory } = this.#options;
    if (directory.phones.get(accountId, id) === undefined) return "rejected";
    return colleagueNamed(directory, accountId, name).ok ? undefined : "noresource";
  }

  #count(phoneId: string, change: 1 | -1): void {
    const count = (this.#counts.get(phoneId) ?? 0) + change;
    if (count === 0) this.#counts.delete(phoneId);
    else this.#counts.set(phoneId, count);
  }
}
