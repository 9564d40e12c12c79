/** What our phones get beside calls: watching others, and messages. */
import { IncomingMessages, Messages, noMailboxes, PhoneSignIn, type SipSignaling, type Views, Watching } from "./calls/index.ts";
import type { Directory } from "./directory/index.ts";
import type { Clock, Ids, Logger } from "./kernel/index.ts";
import type { AgentStates } from "./queues/index.ts";
import type { Challenger, Registrar, SipStack } from "./sip/index.ts";

export type PhoneServicesOptions = {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  readonly sip: {
    readonly stack: SipStack;
    readonly challenger: Challenger;
    readonly registrar: Pick<Registrar, "contactsOf" | "watch">;
  };
  readonly signaling: Pick<SipSignaling, "earlyTagOf">;
  readonly views: Views;
  readonly directory: Directory;
  readonly agents: Pick<AgentStates, "get" | "watch">;
  readonly data: { readonly secret: Uint8Array };
  /** Host of our addresses of record. */
  readonly domain: string;
};

export type PhoneServices = {
  readonly messages: Messages;
  /** Tells watchers that they hear no more. */
  close(): void;
};

export function openPhoneServices({ sip, signaling, data, ...options }: PhoneServicesOptions): PhoneServices {
  const { stack, challenger, registrar: registrations } = sip;
  const signIn = new PhoneSignIn(challenger, options.directory);
  const earlyTagOf = (legId: string) => signaling.earlyTagOf(legId);
  const watching = new Watching({ ...options, stack, registrations, signIn, secret: data.secret, mailboxes: noMailboxes, earlyTagOf });
  const messages = new Messages({ ...options, stack, registrations });
  const incoming = new IncomingMessages({ ...options, stack, signIn, messages });
  return {
    messages,
    close() {
      watching.close();
      incoming.close();
    },
  };
}
