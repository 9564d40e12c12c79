/**
 * Messages to the phones of users (RFC 3428): one goes to every contact at which a phone is registered, and each says what became of it.
 * Nothing is kept: who is not registered gets no message.
 */
import type { Directory, Phone, User } from "../../directory/index.ts";
import type { Ids } from "../../kernel/index.ts";
import type { Binding, Body, HeaderPair, SipResponse, SipStack } from "../../sip/index.ts";
import { addressOfRecord, type Colleague, phonesOf, writtenAddressOf } from "../colleague.ts";
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
export type MessageDelivery = { readonly phone: string; readonly status: number; readonly response?: SipResponse };

export class Messages {
  readonly #options: MessagesOptions;

  constructor(options: MessagesOptions) {
    this.#options = options;
  }

  /** One promise for each contact, none when no phone is registered. They never reject. */
  deliver(order: MessageOrder): readonly Promise<MessageDelivery>[] {
    const { directory, registrations } = this.#options;
    return phonesOf(directory, order.to).flatMap((phone) =>
      registrations.contactsOf(phone.id).map((binding) => this.#send(order, phone, binding)),
    );
  }

  #send(order: MessageOrder, phone: Phone, { contact, source }: Binding): Promise<MessageDelivery> {
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
