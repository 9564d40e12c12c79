/** What an INVITE usage needs from the stack, and the small pieces of messages that all its parts share. */
import type { Clock, Ids } from "../../kernel/index.ts";
import type { Body } from "../message/builder.ts";
import { formatMessage } from "../message/format-message.ts";
import type { HeaderPair } from "../message/header-list.ts";
import type { SipMessage, SipResponse } from "../message/message.ts";
import { parseReason } from "../message/reason.ts";
import type { SipAddresses } from "../location/locator.ts";
import { type AttemptHost, requestInTurn } from "../transaction/in-turn.ts";
import { sequenceOf } from "../transaction/matching.ts";
import type { SipAddress } from "../transport/transport.ts";
import { Dialog, type LocalSide } from "./dialog.ts";
import type { EndReason } from "./invite-events.ts";
import type { SessionSettings } from "./session/session-interval.ts";

export type UsageHost = AttemptHost & {
  readonly clock: Clock;
  readonly ids: Ids;
  /** User-Agent of requests, Server of answers. */
  readonly product: string;
  /** Value of Allow. */
  readonly allow: string;
  /** The line Allow-Events; none while there are no events to subscribe to. */
  readonly allowEvents: readonly HeaderPair[];
  /** Allow, Supported and Allow-Events (RFC 6665 §8.2.2), for every INVITE and every answer that makes or refreshes a dialog. */
  readonly sessionHeaders: readonly HeaderPair[];
  /** Left out: session timers are neither asked for nor granted (RFC 4028). */
  readonly sessionTimer?: SessionSettings | undefined;
  /** Finds the addresses of the dialog's next hop and goes on with them, at once when it is numeric. */
  reach(dialog: Dialog, go: (destinations: SipAddresses) => void): void;
};

/** Of a text that others choose and that is kept. */
const longestReason = 128;

/** In [0, 1). */
export function randomOf({ ids }: UsageHost): number {
  return Number.parseInt(ids.random(3), 16) / 2 ** 24;
}

/** RFC 3326: the first cause of each protocol, and the first text. */
export function endReasonOf(message: SipMessage): EndReason {
  let reason: string | undefined;
  let q850: number | undefined;
  let sipCause: number | undefined;
  for (const value of message.headers.all("Reason")) {
    const parsed = parseReason(value);
    if (!parsed.ok) continue;
    const { cause, text } = parsed.value;
    const protocol = parsed.value.protocol.toUpperCase();
    if (protocol === "Q.850" && cause !== undefined && cause <= 127) q850 ??= cause;
    if (protocol === "SIP" && cause !== undefined && cause >= 200 && cause <= 699) sipCause ??= cause;
    if (text !== undefined && text !== "") reason ??= text.slice(0, longestReason);
  }
  return { ...(reason !== undefined && { reason }), ...(q850 !== undefined && { q850 }), ...(sipCause !== undefined && { sipCause }) };
}

/** Sends the ACK of a 2xx: it belongs to no transaction and is never repeated by itself. */
export function acknowledge(host: UsageHost, dialog: Dialog, sequence: number, body: Body | undefined): void {
  host.reach(dialog, ([destination]) => {
    const ack = dialog.ack(sequence, {
      protocol: destination.protocol,
      sentBy: host.transport.sentBy(destination),
      headers: [["User-Agent", host.product]],
      body,
    });
    host.transport.sendBytes(formatMessage(ack), destination);
  });
}

/** ACK and BYE for a 2xx that nobody wants: of a second fork, after a cancel, or after the call (RFC 3261 §13.2.2.4). */
export function refuseSuccess(host: UsageHost, response: SipResponse, source: SipAddress, local: LocalSide): void {
  // An early dialog of that fork may have used some numbers, and a repeated 2xx is to get the same BYE.
  const dialog = Dialog.ofResponse(response, source, { ...local, cseqMargin: 1000 });
  acknowledge(host, dialog, sequenceOf(response), undefined);
  host.reach(dialog, (destinations) => {
    const [{ protocol }] = destinations;
    const sentBy = host.transport.sentBy(destinations[0]);
    const bye = dialog.request("BYE", { protocol, sentBy, headers: [["User-Agent", host.product]] });
    requestInTurn(host, bye, destinations, { response: () => undefined, failed: () => undefined });
  });
}
