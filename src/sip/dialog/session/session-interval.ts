/** How long a session lasts without a refresh, and who refreshes it: Session-Expires and Min-SE of RFC 4028 as values. No timer runs here. */
import { leadingSeconds } from "../../message/cseq.ts";
import type { HeaderPair } from "../../message/header-list.ts";
import type { SipMessage, SipRequest, SipResponse } from "../../message/message.ts";
import { parseParams } from "../../message/params.ts";
import type { BareAnswer } from "../../request-checks.ts";

/** Q.850: recovery on timer expiry. */
export const expiredReason: HeaderPair = ["Reason", 'Q.850;cause=102;text="Session expired"'];

/** What holds in a dialog. */
export type SessionTerms = {
  /** Seconds between one refresh and the end without another. */
  readonly intervalS: number;
  readonly refresher: "local" | "remote";
  /** The highest Min-SE the peer, or a proxy, asked for in this dialog; ours must not be below (§7.4). */
  readonly minS?: number;
};

/** What we ask for and what we take. */
export type SessionSettings = { readonly intervalS: number; readonly minS: number };

/** §5: nobody may ask for less. */
const leastS = 90;
/** A peer that takes less than it may would have us refresh without end. */
const shortestTakenS = 20;

type Expiry = { readonly intervalS: number; readonly refresher: string | undefined };

function expiryOf(message: SipMessage): Expiry | undefined {
  const value = message.headers.get("Session-Expires");
  const intervalS = leadingSeconds(value);
  if (value === undefined || intervalS === undefined) return undefined;
  const semicolon = value.indexOf(";");
  return {
    intervalS,
    refresher:
      semicolon < 0
        ? undefined
        : parseParams(value.slice(semicolon + 1))
            .get("refresher")
            ?.toLowerCase(),
  };
}

/** Seconds of Min-SE; what §5 says when there is none. */
function minOf(message: SipMessage): number {
  return Math.max(leastS, leadingSeconds(message.headers.get("Min-SE")) ?? leastS);
}

function knowsTimer({ headers }: SipRequest): boolean {
  return headers.lists("Supported", "timer") || headers.lists("Require", "timer");
}

/** §9: an interval below ours is refused when the peer can ask again. */
export function tooSmall(request: SipRequest, settings: SessionSettings | undefined): BareAnswer | undefined {
  const expiry = settings && expiryOf(request);
  if (expiry === undefined || settings === undefined || expiry.intervalS >= settings.minS || !knowsTimer(request)) return undefined;
  return { status: 422, headers: [["Min-SE", String(settings.minS)]] };
}

/** Of a peer's request that we are about to accept. A peer without timers has none, unless a proxy asks for one: then we refresh (§9, table 2). */
export function termsToGrant(
  request: SipRequest,
  settings: SessionSettings | undefined,
  before: SessionTerms | undefined,
): SessionTerms | undefined {
  if (settings === undefined) return undefined;
  const expiry = expiryOf(request);
  const isAware = knowsTimer(request);
  if (expiry === undefined && !isAware) return before && { ...before, refresher: "local" };
  const minS = Math.max(minOf(request), before?.minS ?? 0);
  const wantedS = Math.max(settings.intervalS, minS);
  const intervalS = Math.max(shortestTakenS, Math.min(expiry?.intervalS ?? wantedS, wantedS));
  const refresher = isAware && expiry?.refresher === "uac" ? "remote" : "local";
  return { intervalS, refresher, ...(minS > leastS && { minS }) };
}

/** Of the peer's 2xx to our request; without Session-Expires nothing expires (§7.2). */
export function termsGranted(response: SipResponse, before: SessionTerms | undefined): SessionTerms | undefined {
  const expiry = expiryOf(response);
  if (expiry === undefined) return undefined;
  return {
    intervalS: Math.max(shortestTakenS, expiry.intervalS),
    refresher: expiry.refresher === "uas" ? "remote" : "local",
    ...(before?.minS !== undefined && { minS: before.minS }),
  };
}

/** After 422: what to ask for now; undefined when it asks for nothing new. */
export function termsAfterRefusal(response: SipResponse | undefined, before: SessionTerms): SessionTerms | undefined {
  const minS = response?.headers.has("Min-SE") === true ? minOf(response) : 0;
  return minS > (before.minS ?? 0) && minS > before.intervalS ? { ...before, intervalS: minS, minS } : undefined;
}

/** Of our first INVITE: the UAS chooses who refreshes. `minS` comes from a 422. */
export function initialHeaders(settings: SessionSettings | undefined, minS = 0): readonly HeaderPair[] {
  if (settings === undefined) return [];
  const least = Math.max(settings.minS, minS);
  return [
    ["Session-Expires", String(Math.max(settings.intervalS, least))],
    ...(least > leastS ? [["Min-SE", String(least)] as const] : []),
  ];
}

/** Of our re-INVITE or UPDATE: whoever refreshes goes on with it (§7.4). */
export function refreshHeaders(terms: SessionTerms | undefined): readonly HeaderPair[] {
  if (terms === undefined) return [];
  const { intervalS, refresher, minS } = terms;
  return [
    ["Session-Expires", `${intervalS};refresher=${refresher === "local" ? "uac" : "uas"}`],
    ...(minS === undefined ? [] : [["Min-SE", String(minS)] as const]),
  ];
}

/** Of our 2xx. A peer that is to refresh must know how (§9). */
export function grantHeaders(terms: SessionTerms | undefined): readonly HeaderPair[] {
  if (terms === undefined) return [];
  if (terms.refresher === "local") return [["Session-Expires", `${terms.intervalS};refresher=uas`]];
  return [
    ["Require", "timer"],
    ["Session-Expires", `${terms.intervalS};refresher=uac`],
  ];
}
