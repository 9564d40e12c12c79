/**
 * MESSAGE outside of dialogs, from our phones to users and phones of their account (RFC 3428 §7). The sender hears what became of it:
 *
 *   a phone took it                            200, at once
 *   a phone took it to deliver it later        202
 *   all phones refused it                      the refusal of the first, with its Accept and Allow
 *   no phone is registered, or none answered   480, at the latest after 20 s: the sender waits 32 s
 *   nobody has the name                        404; a phone of another account: 403
 *   too long                                   413 for the content, 513 for the whole (§8)
 *   at the end of its way                      483
 */
import type { Clock, Timer } from "../../kernel/index.ts";
import type { Directory, Phone } from "../../directory/index.ts";
import { type BareAnswer, type NonInviteServerTransaction, responseTo, type SipStack } from "../../sip/index.ts";
import { colleagueNamed, userPartOf } from "../colleague.ts";
import type { PhoneSignIn } from "../signaling/phone-sign-in.ts";
import { answerOf, hopsLeft, lengthRefusal, messageBodyOf, messageHeadersOf } from "./message-parts.ts";
import type { AnsweredMessage, Messages } from "./messages.ts";

export type IncomingMessagesOptions = {
  readonly clock: Clock;
  readonly stack: Pick<SipStack, "onMessage">;
  readonly directory: Directory;
  readonly signIn: PhoneSignIn;
  readonly messages: Messages;
};

const patienceMs = 20_000;

export class IncomingMessages {
  readonly #options: IncomingMessagesOptions;
  readonly #waiting = new Set<Timer>();

  constructor(options: IncomingMessagesOptions) {
    this.#options = options;
    const { stack, signIn } = options;
    stack.onMessage({ screen: (request) => signIn.screen(request), received: (transaction) => this.#received(transaction) });
  }

  close(): void {
    for (const timer of this.#waiting) timer.cancel();
    this.#waiting.clear();
  }

  #received(transaction: NonInviteServerTransaction): void {
    const { request } = transaction;
    const respond = ({ status, headers = [] }: BareAnswer) =>
      transaction.respond(responseTo(request, status, { toTag: `m${status}`, headers }));
    const who = this.#options.signIn.verify(request);
    if (!who.ok) return respond(who.answer);
    const tooLong = lengthRefusal(request);
    if (tooLong !== undefined) return respond({ status: tooLong });
    const found = colleagueNamed(this.#options.directory, who.phone.accountId, userPartOf(request.uri));
    if (!found.ok) return respond({ status: found.status });
    const maxForwards = hopsLeft(request);
    if (maxForwards < 1) return respond({ status: 483 });
    const { phone } = who;
    const deliveries = this.#options.messages.deliver({
      from: this.#userOf(phone),
      fromName: phone.username,
      to: found.colleague,
      body: messageBodyOf(request),
      headers: messageHeadersOf(request),
      maxForwards,
    });
    this.#answerWith(deliveries, respond);
  }

  #userOf({ accountId, userId }: Phone) {
    return this.#options.directory.users.get(accountId, userId);
  }

  #answerWith(deliveries: readonly Promise<AnsweredMessage>[], respond: (answer: BareAnswer) => void): void {
    const known: AnsweredMessage[] = [];
    // Later answers of the transaction are dropped, so this may be asked twice.
    const answer = () => {
      timer.cancel();
      this.#waiting.delete(timer);
      respond(answerOf(known));
    };
    const timer = this.#options.clock.after(patienceMs, answer);
    this.#waiting.add(timer);
    if (deliveries.length === 0) return answer();
    for (const delivery of deliveries) {
      void delivery.then((one) => {
        known.push(one);
        if (one.status === 200 || known.length === deliveries.length) answer();
      });
    }
  }
}
