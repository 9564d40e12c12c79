/** Header fields that the requests of a leg carry beside those every request has. */
import type { HeaderPair, SipAddress } from "../../sip/index.ts";
import type { Leg, Outcome } from "../model.ts";

/** Of a leg's INVITE. */
export function inviteHeaders(leg: Leg): readonly HeaderPair[] {
  return autoAnswerHeaders(leg);
}

/**
 * Asks a phone to answer by itself. There is no one way, so all that do not contradict each other go out: Call-Info answer-after (Snom,
 * Grandstream, Gigaset, AudioCodes, MicroSIP), Alert-Info alert-autoanswer (Yealink, Gigaset, AudioCodes; Mitel only with a delay), and RFC 5373 §4.1 (Avaya);
 * baresip takes each of them with `sip_autoanswer=yes`. Linphone knows none. Sources: support.yealink.com/faq/faqInfo?id=546, Gigaset's "FAQ - Auto-answer call",
 * AudioCodes 310HD manual §22.6, Aastra release notes RN-001029 2.1, baresip pull requests 1187 and 1191. Phones without it, or with it switched off, just ring.
 */
function autoAnswerHeaders({ route }: Leg): readonly HeaderPair[] {
  if (route.autoAnswer !== true) return [];
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

/** RFC 3326: the far end learns why. */
export function reasonHeaders(outcome: Outcome | undefined): readonly HeaderPair[] {
  return outcome === undefined ? [] : [["Reason", `Q.850;cause=${outcome.q850};text="${outcome.text.replaceAll(/["\\\r\n]/g, "")}"`]];
}
