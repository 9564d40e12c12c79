/** Replies to meta messages and publishes (Bayeux 1.0 §4 and §5.1.2), their errors and their advice. */
import type { Message } from "./message.ts";

/** `code:arguments:text` (§3.14), in the words that CometD's servers use. */
export const errors = {
  channelMissing: "400::channel_missing",
  connectionTypeInvalid: "400::connection_type_invalid",
  sessionUnknown: "402::session_unknown",
  handshakeDenied: "403::handshake_denied",
  tooManyClients: "403:too_many_clients:handshake_denied",
  versionUnsupported: "403:version_unsupported:handshake_failed",
  connectionTypesUnsupported: "403:connection_types_unsupported:handshake_failed",
  subscriptionMissing: "403::subscription_missing",
  subscriptionInvalid: "403::subscription_invalid",
  subscriptionDenied: "403:denied_by_security_policy:subscribe_denied",
  tooManySubscriptions: "403:too_many_subscriptions:subscribe_denied",
  publishDenied: "403::publish_denied",
  channelUnknown: "404::channel_unknown",
  channelInvalid: "405::channel_invalid",
} as const;

/** §3.6, with CometD's `timeout` and `maxInterval`, from which a client computes when the server has forgotten it. */
export type Advice = {
  readonly reconnect: "retry" | "handshake" | "none";
  readonly interval?: number;
  readonly timeout?: number;
  readonly maxInterval?: number;
  readonly "multiple-clients"?: true;
};

export type ReplyFields = {
  readonly clientId?: string | undefined;
  readonly advice?: Advice | undefined;
  readonly ext?: object | undefined;
  readonly subscription?: unknown;
  readonly version?: string;
  readonly minimumVersion?: string;
  readonly supportedConnectionTypes?: readonly string[];
};

export const stopAdvice: Advice = { reconnect: "none", interval: 0 };
const handshakeAdvice: Advice = { reconnect: "handshake", interval: 0 };

export function accepted(message: Message, fields: ReplyFields = {}): string {
  return replyTo(message, { successful: true, ...fields });
}

export function refused(message: Message, error: string, fields: ReplyFields = {}): string {
  return replyTo(message, { successful: false, error, ...fields });
}

/** For a client that is not known, or no longer, or not to this sender: the three cannot be told apart. */
export function refusedAsUnknown(message: Message): string {
  return refused(message, errors.sessionUnknown, { advice: handshakeAdvice });
}

/** For a request of which no message can be answered by itself. */
export function unreadable(reason: string, code = 400): string {
  return JSON.stringify([{ successful: false, error: `${code}::${reason}` }]);
}

/** The `ext` of a reply; undefined when no extension has anything to say. */
export function extOf(...parts: readonly object[]): object | undefined {
  const ext = Object.assign({}, ...parts) as object;
  return Object.keys(ext).length === 0 ? undefined : ext;
}

function replyTo(message: Message, fields: object): string {
  const { channel, id, clientId } = message;
  return JSON.stringify({ ...(channel === "" ? {} : { channel }), id, clientId, ...fields });
}
