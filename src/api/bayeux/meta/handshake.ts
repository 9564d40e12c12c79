/** Handshake (Bayeux 1.0 §4.1). */
import type { Clients } from "../client/clients.ts";
import type { Client, Link } from "../client/client.ts";
import { asksForAcks, handshakeAck } from "../extension/ack.ts";
import { timesyncOf } from "../extension/timesync.ts";
import type { Message } from "../message.ts";
import { accepted, type Advice, errors, extOf, refused, stopAdvice } from "../reply.ts";

const version = "1.0";
/** When there is no room: clients come and go in about this time. */
const fullIntervalMs = 10_000;

export type Handshake = { readonly reply: string; readonly client?: Client };

export function handshake(
  message: Message,
  link: Link,
  { clients, connectionTypes, advice, now }: { clients: Clients; connectionTypes: readonly string[]; advice: Advice; now: number },
): Handshake {
  const { subject, browserId, retryAfterMs } = link.sender;
  const protocol = { version, minimumVersion: version, supportedConnectionTypes: connectionTypes };
  const refusal = (error: string, how: Advice): Handshake => ({ reply: refused(message, error, { ...protocol, advice: how }) });
  if (subject === undefined) {
    return refusal(errors.handshakeDenied, retryAfterMs === undefined ? stopAdvice : { reconnect: "handshake", interval: retryAfterMs });
  }
  if (!speaksOurVersion(message)) return refusal(errors.versionUnsupported, stopAdvice);
  const { supportedConnectionTypes: offered } = message.fields;
  if (!Array.isArray(offered) || !connectionTypes.some((type) => offered.includes(type))) {
    return refusal(errors.connectionTypesUnsupported, stopAdvice);
  }
  if (clients.isFullFor(subject)) return refusal(errors.tooManyClients, { reconnect: "handshake", interval: fullIntervalMs });

  const acknowledges = asksForAcks(message);
  const client = clients.create(subject, browserId, acknowledges);
  const ext = extOf(timesyncOf(message, now, now), acknowledges ? handshakeAck : {});
  return { client, reply: accepted(message, { ...protocol, clientId: client.id, advice, ext }) };
}

/** True when 1.0 lies between the oldest version that the client speaks and the one it prefers. */
function speaksOurVersion({ fields }: Message): boolean {
  const preferred = numberOf(fields["version"]);
  const oldest = fields["minimumVersion"] === undefined ? preferred : numberOf(fields["minimumVersion"]);
  return preferred !== undefined && oldest !== undefined && oldest <= 1 && preferred >= 1;
}

/** Major and minor of a version (§2.3: `integer *( "." element )`); "1.0beta" counts as 1.0. */
function numberOf(text: unknown): number | undefined {
  const found = typeof text === "string" ? /^\d{1,4}(?:\.\d{1,4})?/.exec(text) : null;
  return found === null ? undefined : Number(found[0]);
}
