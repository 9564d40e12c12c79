/** Header fields that the requests of a leg carry beside those every request has. */
import {
  type EndReason,
  formatNameAddr,
  formatReason,
  type HeaderPair,
  keptHeaders,
  nameAddr,
  parseNameAddr,
  reasonPhrase,
  type SipAddress,
  type SipResponse,
} from "../../sip/index.ts";
import type { Leg, LegRoute, Outcome } from "../model.ts";

/** Of a leg's INVITE. */
export function inviteHeaders(leg: Leg): readonly HeaderPair[] {
  const { autoAnswer, replaces, referredBy, headers = [] } = leg.route;
  if (autoAnswer !== true && replaces === undefined && referredBy === undefined) return headers;
  return [...headers, ...autoAnswerHeaders(leg), ...transferHeaders(leg)];
}

/** From of a leg's INVITE, without the tag. */
export function fromOf({ fromUri, fromName = "" }: LegRoute): string {
  return fromName === "" ? `<${fromUri}>` : formatNameAddr(nameAddr(fromUri, { displayName: fromName }));
}

/**
 * Asks a phone to answer by itself. There is no one way, so all that do not contradict each other go out: Call-Info answer-after (Snom,
 * Grandstream, Gigaset, AudioCodes, MicroSIP), Alert-Info alert-autoanswer (Yealink, Gigaset, AudioCodes; Mitel only with a delay), and RFC 5373 §4.1 (Avaya);
 * baresip takes each of them with `sip_autoanswer=yes`. Linphone knows none. Sources: support.yealink.com/faq/faqInfo?id=546, Gigaset's "FAQ - Auto-answer call",
 * AudioCodes 310HD manual §22.6, Aastra release notes RN-001029 2.1, baresip pull requests 1187 and 1191. Phones without it, or with it switched off, just ring.
 */
function autoAnswerHeaders({ route }: Leg): readonly HeaderPair[] {
  return [
    ["Call-Info", `<${route.toUri}>;answer-after=0`],
    ["Alert-Info", `<${route.toUri}>;info=alert-autoanswer;delay=0`],
    ["Answer-Mode", "Auto"],
  ];
}

/** An address as people read it. */
export function writtenAddress({ protocol, address, port }: SipAddress): string {
  return `${protocol} ${address.includes(":") ? `[${address}]` : address}:${port}`;
}

/** RFC 3891 §4 and RFC 3892 §2.2: whose place it takes, and who asked for it. */
function transferHeaders({ route: { replaces, referredBy } }: Leg): readonly HeaderPair[] {
  const headers: HeaderPair[] = [];
  if (replaces !== undefined) headers.push(["Replaces", replaces], ["Require", "replaces"]);
  if (referredBy !== undefined) headers.push(["Referred-By", referredBy]);
  return headers;
}

/** Of BYE and CANCEL (RFC 3326): the cause in both protocols, in the words of whoever decided. */
export function requestReason(outcome: Outcome | undefined): readonly HeaderPair[] {
  if (outcome === undefined) return [];
  const { side, sipStatus, sipCause = side === "local" ? undefined : sipStatus, reason } = outcome;
  if (sipCause === undefined) return responseReason(outcome);
  const text = reason ?? (sipCause === 200 ? "Call completed elsewhere" : reasonPhrase(sipCause));
  return [["Reason", formatReason({ protocol: "SIP", cause: sipCause, text })], ...responseReason(outcome)];
}

/** Of final responses, whose status is the cause in SIP (RFC 6432). */
export function responseReason(outcome: Outcome | undefined): readonly HeaderPair[] {
  if (outcome === undefined) return [];
  const { q850: cause, reason: text = outcome.text } = outcome;
  return [["Reason", formatReason({ protocol: "Q.850", cause, text })]];
}

const mostContacts = 10;
const redirections: ReadonlySet<number> = new Set([300, 301, 302]);

/** Whom a redirection names (RFC 3261 §21.3.1 to §21.3.3), the preferred ones first (§20.10). */
export function contactsOf(response: SipResponse | undefined): { readonly contacts?: readonly string[] } {
  if (response === undefined || !redirections.has(response.status)) return {};
  const found = response.headers.all("Contact").flatMap((value) => {
    const parsed = parseNameAddr(value);
    if (!parsed.ok) return [];
    const q = Number(parsed.value.params.get("q") ?? "1");
    return { uri: parsed.value.uri, q: Number.isFinite(q) ? q : 0 };
  });
  return {
    contacts: found
      .toSorted((a, b) => b.q - a.q)
      .slice(0, mostContacts)
      .map(({ uri }) => uri),
  };
}

/** The same for who waits for an answer: their order is in their weights. */
export function contactHeaders(contacts: readonly string[] = []): readonly HeaderPair[] {
  return contacts.map((uri, place) => ["Contact", `<${uri}>;q=${(1 - place / mostContacts).toFixed(1)}`]);
}

/** What a leg keeps of an answer to its INVITE. */
export function keptOf({ route }: Leg, response: SipResponse | undefined): { readonly headers?: Readonly<Record<string, string>> } {
  const headers = response && keptHeaders(response.headers, route.keeps ?? []);
  return headers === undefined ? {} : { headers };
}

/** What a far end said of why. */
export function whyOf({ reason, q850, sipCause }: EndReason): { readonly why?: EndReason } {
  if (reason === undefined && q850 === undefined && sipCause === undefined) return {};
  return {
    why: { ...(reason !== undefined && { reason }), ...(q850 !== undefined && { q850 }), ...(sipCause !== undefined && { sipCause }) },
  };
}
