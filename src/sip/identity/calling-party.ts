/**
 * Who calls, as an INVITE says it: P-Asserted-Identity (RFC 3325), then Remote-Party-ID (its draft, which many gateways still send),
 * then From. The first two are only for who may be believed.
 */
import type { HeaderList } from "../message/header-list.ts";
import { type NameAddr, parseNameAddr } from "../message/name-addr.ts";
import { parseUri } from "../message/uri.ts";
import { privacyOf } from "./privacy.ts";

export type CallingParty = {
  /** The user part, or the number of a tel URI without its separators; empty when there is none. */
  readonly user: string;
  /** Empty when there is none. */
  readonly name: string;
  /** Whoever is called must not be told who calls. */
  readonly isAnonymous: boolean;
  /** The caller asks for a privacy that we do not know and that is critical (RFC 3323 §5). */
  readonly isUnmet: boolean;
};

/** Longest display name that is kept, in characters. */
const longestName = 64;

export function callingPartyOf(headers: HeaderList, isBelieved: boolean): CallingParty {
  const privacy = privacyOf(headers);
  const from = addressOf(headers.get("From") ?? "");
  const asserted = isBelieved ? assertedOf(headers) : undefined;
  const remote = isBelieved && asserted === undefined ? remotePartyOf(headers) : undefined;
  const best = asserted ?? remote?.address ?? from;
  const isHidden = privacy.isAnonymous || remote?.hides === "all" || isAnonymous(from);
  const user = best?.user ?? "";
  return {
    user: isAnonymous(best) ? "" : user,
    name:
      remote?.hides === "name" || isAnonymous(best) ? "" : best?.name || (best !== from && !isAnonymous(from) ? (from?.name ?? "") : ""),
    isAnonymous: !privacy.isOpen && (isHidden || isAnonymous(best)),
    isUnmet: privacy.isUnmet,
  };
}

type Address = { readonly user: string; readonly host: string; readonly name: string };

/** A network may assert a SIP and a tel URI of one caller (RFC 3325 §9.1): the one with a number counts, then the first. */
function assertedOf(headers: HeaderList): Address | undefined {
  const addresses = headers.all("P-Asserted-Identity").flatMap((value) => addressOf(value) ?? []);
  const chosen = addresses.find(({ user }) => /^\+?\d+$/.test(user)) ?? addresses[0];
  return chosen && { ...chosen, name: chosen.name || (addresses.find(({ name }) => name !== "")?.name ?? "") };
}

/** `party=calling` or without a party; `privacy` hides the name, or all (draft-ietf-sip-privacy-04 §5). */
function remotePartyOf(headers: HeaderList): { readonly address: Address; readonly hides: "nothing" | "name" | "all" } | undefined {
  for (const line of headers.all("Remote-Party-ID")) {
    const parsed = parseNameAddr(line);
    if (!parsed.ok || (parsed.value.params.get("party") ?? "calling").toLowerCase() !== "calling") continue;
    const address = addressIn(parsed.value);
    const privacy = (parsed.value.params.get("privacy") ?? "off").toLowerCase().split(/[-;,]/)[0];
    if (address !== undefined) return { address, hides: privacy === "off" ? "nothing" : privacy === "name" ? "name" : "all" };
  }
  return undefined;
}

function addressOf(value: string): Address | undefined {
  const parsed = parseNameAddr(value);
  return parsed.ok ? addressIn(parsed.value) : undefined;
}

function addressIn({ uri, displayName }: NameAddr): Address | undefined {
  const parsed = parseUri(uri);
  if (!parsed.ok) return undefined;
  const { scheme, user = "", host } = parsed.value;
  const name = displayName
    .replace(/\p{Cc}/gu, " ")
    .trim()
    .slice(0, longestName);
  return { user: scheme === "tel" ? user.replace(/[-.()]/g, "") : user, host: host.toLowerCase(), name };
}

/** RFC 3323 §4.1.1.3, and what is met beside it: no user, or one that is called so. */
function isAnonymous(address: Address | undefined): boolean {
  if (address === undefined || address.user === "") return true;
  return address.user.toLowerCase() === "anonymous" || address.host === "anonymous.invalid";
}
