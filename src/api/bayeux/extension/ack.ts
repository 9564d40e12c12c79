/**
 * The acknowledgement extension. Both sides say `ext: {ack: true}` in the handshake; from then on events come only in replies to
 * connects, each of which carries the number of its batch, and each connect the number of the last batch that arrived.
 */
import { memberOf, type Message } from "../message.ts";

export function asksForAcks(handshake: Message): boolean {
  const { ack } = memberOf(handshake.fields, "ext");
  return ack === true || memberOf(memberOf(handshake.fields, "ext"), "ack")["enabled"] === true;
}

/** The form that older clients understand too; newer servers say `{enabled: true, batch: 0}`, which means the same. */
export const handshakeAck = { ack: true };

export function acknowledgedBatch(connect: Message): number | undefined {
  const { ack } = memberOf(connect.fields, "ext");
  return typeof ack === "number" ? ack : undefined;
}
