/** Connections that a phone keeps open to be reached by: what RFC 5626 §6 asks of a registrar to which phones connect themselves. */
import type { HeaderPair } from "../message/header-list.ts";
import type { SipRequest } from "../message/message.ts";
import type { AskedContact, Binding } from "./binding.ts";

export const outboundTag = "outbound";

/** A phone that hears of it keeps its flow alive at least so often; connections live longer in silence, and most NATs as long (§4.4). */
const flowTimerS = 120;

/** Whether the phone means its registration as a flow: it knows the extension, and names itself and the flow. */
export function usesOutbound({ headers }: SipRequest, asked: readonly Pick<AskedContact, "flow">[]): boolean {
  const isKnown = [...headers.all("Supported"), ...headers.all("Require")].some((tag) => tag.trim().toLowerCase() === outboundTag);
  return isKnown && asked.some(({ flow }) => flow !== undefined);
}

/** Whether somebody stands between us and the phone who does not keep flows (439): our connection to that one says nothing about the phone's. */
export function lacksOutboundHop({ headers }: SipRequest): boolean {
  return headers.all("Via").length > 1 && !/;\s*ob\b/i.test(headers.get("Path") ?? "");
}

/** Of the 2xx to a registration that uses it; of no other. */
export const outboundHeaders: readonly HeaderPair[] = [
  ["Require", outboundTag],
  ["Flow-Timer", String(flowTimerS)],
];

/** The parameters of a Contact in our answer, so that a phone finds each of its flows again. */
export function flowParams({ flow }: Pick<Binding, "flow">): string {
  if (flow === undefined) return "";
  const end = flow.lastIndexOf(" ");
  return `;+sip.instance="${flow.slice(0, end)}";reg-id=${flow.slice(end + 1)}`;
}
