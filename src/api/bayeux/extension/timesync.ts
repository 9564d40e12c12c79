/** The time synchronisation extension: from our receipt time and how long we held the message, a client learns its lag and offset. */
import { memberOf, type Message } from "../message.ts";

/** What goes into `ext`; empty when the message does not ask. All values are milliseconds, `tc` and `ts` since the epoch. */
export function timesyncOf(message: Message, receivedAt: number, now: number): object {
  const { tc, l = 0, o = 0 } = memberOf(memberOf(message.fields, "ext"), "timesync");
  if (typeof tc !== "number" || typeof l !== "number" || typeof o !== "number") return {};
  return { timesync: { tc, ts: receivedAt, p: now - receivedAt, a: tc + o + l - receivedAt } };
}
