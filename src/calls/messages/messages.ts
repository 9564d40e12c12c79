/**
 * Messages to the phones of users (RFC 3428): one goes to every contact at which a phone is registered, and each says what became of it.
 * Nothing is kept: who is not registered gets no message.
 */
import type { Directory, Phone, User } from "../../directory/index.ts";
import type { Ids } from "../../kernel/index.ts";
import type { Binding, Body, HeaderPair, SipResponse, SipStack } from "../../sip/index.ts";
import { addressOfRecord, type Colleague, colleagueNamed, phonesOf, writtenAddressOf } from "../colleague.ts";
import { callRefusal } from "../errors.ts";
import type { Registrations } from "../routing.ts";

export type MessagesOptions = {
  readonly ids: Ids;
  readonly stack: Pick<SipStack, "request">;
  readonly directory: Directory;
  readonly registrations: Registrations;
  /** Host of our addresses of record. */
  readonly domain: string;
};

export type MessageOrder = {
  readonly from: User | undefined;
  /** The sender's name where the user has no extension. */
  readonly fromName: string;
  readonly to: Colleague;
  readonly body: Body;
  readonly headers?: readonly HeaderPair[];
  /** Of the message that this one passes on, less one. */
  readonly maxForwards?: number;
};

/** `phone` is a user name; the status is 408 when it did not answer, 503 when it could not be reached. */
export type MessageDelivery = { readonly phone: string; readonly status: number };
export type AnsweredMessage = MessageDelivery & { readonly response?: SipResponse };

/** What a user asks for by an API. */
export type WrittenMessage = { readonly by: string; readonly to: string; readonly text: string };

/** What APIs need. */
export type MessageSender = {
  /**
   * Resolves when every phone has answered or 32 s have passed. Throws CALL_DESTINATION_UNKNOWN, MESSAGE_TOO_LARGE or
   * MESSAGE_NOBODY_REGISTERED.
   */
  send(accountId: string, message: WrittenMessage): Promise<readonly MessageDelivery[]>;
};

/** With some 450 bytes of header fields it is one datagram of 1,300 (§8). */
const longestTextBytes = 800;

export class Messages implements MessageSender {
  readonly #options: MessagesOptions;

  constructor(options: MessagesOptions) {
    this.#options = options;
  }

  async send(accountId: string, { by, to, text }: WrittenMessage): Promise<readonly MessageDelivery[]> {
    const found = colleagueNamed(this.#options.directory, accountId, to);
    const from = this.#options.directory.users.get(accountId, by);
    if (!found.ok || from === undefined) throw callRefusal("CALL_DESTINATION_UNKNOWN", { to });
    if (Buffer.byteLength(text) > longestTextBytes) throw callRefusal("MESSAGE_TOO_LARGE", { limitBytes: longestTextBytes });
    const body = { contentType: "text/plain;charset=UTF-8", content: text };
    const deliveries = this.deliver({ from, fromName: from.id, to: found.colleague, body });
    if (deliveries.length === 0) throw callRefusal("MESSAGE_NOBODY_REGISTERED", { to });
    return Promise.all(deliveries.map(async (delivery) => shownOf(await delivery)));
  }

  /** One promise for each contact, none when no phone is registered. They never reject. */
  deliver(order: MessageOrder): readonly Promise<AnsweredMessage>[] {
    const { directory, registrations } = this.#options;
    return phonesOf(directory, order.to).flatMap((phone) =>
      registrations.contactsOf(phone.id).map((binding) => this.#send(order, phone, binding)),
    );
  }

  #send(order: MessageOrder, phone: Phone, { contact, source }: Binding): Promise<AnsweredMessage> {
    const { ids, stack, directory, domain } = this.#options;
    const { from, fromName, body, headers, maxForwards } = order;
    const sender = from === undefined ? `<${addressOfRecord(fromName, domain)}>` : writtenAddressOf(directory, from, domain, fromName);
    return new Promise((resolve) => {
      stack.request(
        {
          method: "MESSAGE",
          uri: contact,
          from: `${sender};tag=${ids.random(8)}`,
          to: `<${addressOfRecord(phone.username, domain)}>`,
          callId: ids.random(16),
          branch: `z9hG4bK${ids.random(12)}`,
          sequence: 1,
          destinations: [source],
          body,
          ...(headers && { headers }),
          ...(maxForwards !== undefined && { maxForwards }),
        },
        (outcome) => resolve({ phone: phone.username, ...outcome }),
      );
    });
  }
}

function shownOf({ phone, status }: AnsweredMessage): MessageDelivery {
  return { phone, status };
}
