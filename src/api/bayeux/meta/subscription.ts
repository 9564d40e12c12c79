/** Subscribe and unsubscribe (Bayeux 1.0 §4.5, §4.6). Of a list either all or none. */
import { isChannelPattern, isMeta, isService } from "../channel-name.ts";
import type { Client, Subject } from "../client/client.ts";
import type { BayeuxLimits } from "../limits.ts";
import type { Message } from "../message.ts";
import { accepted, errors, refused } from "../reply.ts";

/** Whether a user may subscribe to a channel or pattern. */
export type SubscribeGuard = (subject: Subject, subscription: string) => boolean;

export function subscribe(client: Client, message: Message, limits: BayeuxLimits, mayUse: SubscribeGuard): string {
  const named = namesOf(message);
  if (typeof named === "string") return refused(message, named, echoOf(message));
  if (!named.every((name) => mayUse(client.subject, name))) return refused(message, errors.subscriptionDenied, echoOf(message));
  const recorded = new Set([...client.subscriptions, ...named.filter((name) => !isService(name))]);
  if (recorded.size > limits.subscriptionsPerClient) return refused(message, errors.tooManySubscriptions, echoOf(message));
  for (const name of recorded) client.subscriptions.add(name);
  return accepted(message, echoOf(message));
}

/** What was not subscribed to counts as done. */
export function unsubscribe(client: Client, message: Message): string {
  const named = namesOf(message);
  if (typeof named === "string") return refused(message, named, echoOf(message));
  for (const name of named) client.subscriptions.delete(name);
  return accepted(message, echoOf(message));
}

/** The channels and patterns, or the error. */
function namesOf(message: Message): readonly string[] | string {
  const { subscription } = message.fields;
  if (subscription === undefined || subscription === null) return errors.subscriptionMissing;
  const names: unknown[] = Array.isArray(subscription) ? subscription : [subscription];
  if (names.length === 0) return errors.subscriptionMissing;
  return names.every(isUsable) ? names : errors.subscriptionInvalid;
}

function isUsable(name: unknown): name is string {
  return typeof name === "string" && isChannelPattern(name) && !isMeta(name);
}

function echoOf(message: Message): { readonly subscription: unknown } {
  return { subscription: message.fields["subscription"] };
}
