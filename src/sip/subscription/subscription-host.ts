/** What a subscription needs of the dialog it lives in. */
import type { Clock } from "../../kernel/index.ts";
import type { AnswerParts } from "../dialog/invite-events.ts";
import type { HeaderPair } from "../message/header-list.ts";
import type { SipResponse } from "../message/message.ts";

/** The final status of a request; 408 when nobody answered, 503 when it could not be sent. */
export type SubscriptionAnswer = { readonly status: number; readonly response?: SipResponse };

export type SubscriptionHost = {
  readonly clock: Clock;
  /** Ours, for answers that refresh the dialog. */
  readonly contact: HeaderPair;
  /** 64*T1: how long a request may stay without an answer. */
  readonly patienceMs: number;
  /** Sends a request in the dialog, one after the other. */
  send(method: string, parts: AnswerParts, done: (answer: SubscriptionAnswer) => void): void;
};
