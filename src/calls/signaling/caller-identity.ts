/** What an INVITE that was let in says of its caller, of who passed it on, and what else a call keeps of it. */
import { isE164, type TrunkPolicy } from "../../directory/index.ts";
import { callingPartyOf, diversionsIn, type HeaderList, keptHeaders, parseDiversion, parseUri } from "../../sip/index.ts";
import type { Call, Diversion } from "../model.ts";
import { anonymous } from "../presentation.ts";

/** Of an INVITE by a trunk, or of a phone, which is believed in nothing but its wish to be anonymous. */
export type Introduction = Pick<Call, "identity" | "diversions" | "headers"> & {
  /** A number in E.164 where it is one, else the name part; `anonymous` when it is not to be shown. */
  readonly from: string;
  /** The number of an anonymous caller, when it is known. */
  readonly withheld?: string;
  /** A privacy is asked for that we cannot give (RFC 3323 §5). */
  readonly isUnmet: boolean;
};

const mostDiversions = 10;
const longestAddress = 256;

export function introductionOf(headers: HeaderList, policy: TrunkPolicy | undefined): Introduction {
  const isBelieved = policy?.isTrusted === true;
  const { user, name, isAnonymous, isUnmet } = callingPartyOf(headers, isBelieved);
  const number = numberOf(user);
  const isHidden = isAnonymous || user === "";
  const diversions = isBelieved ? diversionsOf(headers) : [];
  const kept = keptHeaders(headers, policy?.keptHeaders.map((field) => field.toLowerCase()) ?? []);
  const identity = isHidden
    ? ({ isAnonymous: true, ...(user !== "" && { withheld: number }) } as const)
    : name === ""
      ? undefined
      : { name };
  return {
    from: isHidden ? anonymous : number,
    ...(isHidden && user !== "" && { withheld: number }),
    isUnmet,
    ...(identity && { identity }),
    ...(diversions.length > 0 && { diversions }),
    ...(kept && { headers: kept }),
  };
}

/** Diversion where there is one (RFC 5806), else what a history says (RFC 7544). */
function diversionsOf(headers: HeaderList): readonly Diversion[] {
  const stated = headers.all("Diversion").flatMap((value) => {
    const parsed = parseDiversion(value);
    return parsed.ok ? parsed.value : [];
  });
  const all = stated.length > 0 || !headers.has("History-Info") ? stated : diversionsIn(headers.all("History-Info"));
  return all.slice(0, mostDiversions).map(({ uri, reason, count, isPrivate }) => {
    const parsed = parseUri(uri);
    const number = numberOf((parsed.ok ? parsed.value.user : undefined) ?? "");
    return { by: isE164(number) ? number : uri.slice(0, longestAddress), reason, count, ...(isPrivate && { isPrivate }) };
  });
}

/** Numbers come with and without the plus sign. */
export function numberOf(user: string): string {
  const number = user.startsWith("+") ? user : `+${user}`;
  return isE164(number) ? number : user;
}
