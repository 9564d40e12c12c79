/** `Subscription-State: active;expires=60`: RFC 6665 §4.1.3 and §8.2.3. */
import { type Parsed, parsed, unparsed } from "../../kernel/index.ts";
import { wholeNumber } from "../message/cseq.ts";
import { parseParams } from "../message/params.ts";

export const endReasons = ["deactivated", "probation", "rejected", "timeout", "giveup", "noresource", "invariant"] as const;
export type EndOfSubscription = (typeof endReasons)[number];

export type SubscriptionState =
  | { readonly state: "active" | "pending"; readonly expiresS?: number }
  /** Without a reason, or with one that nobody knows, the subscriber may try again at once. */
  | { readonly state: "terminated"; readonly reason?: EndOfSubscription; readonly retryAfterS?: number };

/** States of extensions are taken as active: the subscription goes on (§4.1.3). */
export function parseSubscriptionState(text: string | undefined): Parsed<SubscriptionState> {
  const [word = "", ...rest] = (text ?? "").split(";");
  const state = word.trim().toLowerCase();
  if (state === "") return unparsed("no subscription state");
  const params = parseParams(rest.join(";"));
  if (state === "terminated") {
    const reason = endReasons.find((known) => known === params.get("reason")?.toLowerCase());
    const retryAfterS = wholeNumber(params.get("retry-after"));
    return parsed({ state, ...(reason !== undefined && { reason }), ...(retryAfterS !== undefined && { retryAfterS }) });
  }
  const expiresS = wholeNumber(params.get("expires"));
  return parsed({ state: state === "pending" ? state : "active", ...(expiresS !== undefined && { expiresS }) });
}

export function formatSubscriptionState(state: SubscriptionState): string {
  if (state.state !== "terminated") return `${state.state}${state.expiresS === undefined ? "" : `;expires=${state.expiresS}`}`;
  const reason = state.reason === undefined ? "" : `;reason=${state.reason}`;
  return `terminated${reason}${state.retryAfterS === undefined ? "" : `;retry-after=${state.retryAfterS}`}`;
}
