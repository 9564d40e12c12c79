/** Who an outgoing INVITE says is calling and who passed the call on, by what its receiver may know (RFC 3323, RFC 3325, RFC 5806, RFC 7044). */
import { isE164, type TrunkPolicy } from "../directory/index.ts";
import { type Diversion as SipDiversion, formatDiversion, formatHistory, formatNameAddr, type HeaderPair, nameAddr } from "../sip/index.ts";
import type { Diversion, LegRoute, Presentation } from "./model.ts";

/** The caller id of who does not want to be known. */
export const anonymous = "anonymous";
const anonymousUri = "sip:anonymous@anonymous.invalid";

export type Receiver = {
  readonly policy: Pick<TrunkPolicy, "isTrusted" | "identityHeader" | "diversionHeader" | "addedHeaders">;
  /** The request URI: where the call goes now. */
  readonly target: string;
  /** A number or name as an address of ours. */
  uriOf(user: string): string;
};

/** Our own phones show who passed a call on. */
export const phonePolicy: Receiver["policy"] = { isTrusted: false, identityHeader: "none", diversionHeader: "diversion", addedHeaders: {} };
export const strangerPolicy: Receiver["policy"] = { ...phonePolicy, diversionHeader: "none" };

export function presentTo(receiver: Receiver, callerId: string, told: Presentation): Pick<LegRoute, "fromUri" | "fromName" | "headers"> {
  const isAnonymous = callerId === anonymous;
  const name = isAnonymous ? "Anonymous" : told.name;
  const headers = [...identity(receiver, callerId, told), ...diversions(receiver, told.diversions ?? []), ...added(receiver, told.headers)];
  return {
    fromUri: isAnonymous ? anonymousUri : receiver.uriOf(callerId),
    ...(name !== undefined && name !== "" && { fromName: name }),
    ...(headers.length > 0 && { headers }),
  };
}

/** A number goes to who is trusted with it, and `Privacy: id` keeps it there (RFC 3325 §7). */
function identity({ policy, uriOf }: Receiver, callerId: string, { name = "", withheld }: Presentation): readonly HeaderPair[] {
  const isAnonymous = callerId === anonymous;
  const privacy: readonly HeaderPair[] = isAnonymous ? [["Privacy", "id"]] : [];
  const number = isAnonymous ? withheld : callerId;
  if (!policy.isTrusted || policy.identityHeader === "none" || number === undefined || !isE164(number)) return privacy;
  const address = formatNameAddr(nameAddr(uriOf(number), { displayName: name }));
  if (policy.identityHeader === "p-asserted-identity") return [["P-Asserted-Identity", address], ...privacy];
  return [["Remote-Party-ID", `${address};party=calling;screen=yes;privacy=${isAnonymous ? "full" : "off"}`], ...privacy];
}

function diversions({ policy, target, uriOf }: Receiver, passed: readonly Diversion[]): readonly HeaderPair[] {
  if (policy.diversionHeader === "none" || passed.length === 0) return [];
  const shown = passed.map(({ by, reason, count, isPrivate = false }): SipDiversion => {
    const uri = isPrivate && !policy.isTrusted ? anonymousUri : /^(sips?|tel):/i.test(by) ? by : uriOf(by);
    return { uri, reason, count, isPrivate };
  });
  if (policy.diversionHeader === "diversion") return shown.map((diversion) => ["Diversion", formatDiversion(diversion)]);
  return formatHistory(shown, target).map((entry) => ["History-Info", entry]);
}

function added({ policy }: Receiver, own: Readonly<Record<string, string>> = {}): readonly HeaderPair[] {
  const names = new Set(Object.keys(own).map((name) => name.toLowerCase()));
  return [...Object.entries(own), ...Object.entries(policy.addedHeaders).filter(([name]) => !names.has(name.toLowerCase()))];
}
