/** Whether a caller asks the phone to answer by itself, in the ways that desk phones honour. */
import type { SipRequest } from "../sip/index.ts";

/** How long to ring before that; undefined when it is not asked for. */
export function autoAnswerAfterMs({ headers }: SipRequest): number | undefined {
  const after = paramOf(headers.get("Call-Info"), "answer-after");
  if (after !== undefined && /^\d{1,3}$/.test(after)) return Number(after) * 1000;
  if (paramOf(headers.get("Alert-Info"), "info") === "alert-autoanswer") return 0;
  // RFC 5373 §4.1: Auto, or Auto;require.
  return /^\s*auto\s*(;|$)/i.test(headers.get("Answer-Mode") ?? "") ? 0 : undefined;
}

function paramOf(value: string | undefined, name: string): string | undefined {
  for (const part of (value ?? "").split(";").slice(1)) {
    const [key = "", text = ""] = part.split("=");
    if (key.trim().toLowerCase() === name) return text.trim().toLowerCase();
  }
  return undefined;
}
