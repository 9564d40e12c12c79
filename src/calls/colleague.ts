/** Whom the user part of a SIP address means among the users and phones of one account: for watching and for messages, not for calls. */
import type { Directory, Phone, User } from "../directory/index.ts";
import { formatNameAddr, parseNameAddr, parseUri } from "../sip/index.ts";

/** A user by an extension, or one phone by its user name. `name` is what was asked for. */
export type Colleague =
  | { readonly kind: "user"; readonly accountId: string; readonly name: string; readonly user: User }
  | { readonly kind: "phone"; readonly accountId: string; readonly name: string; readonly phone: Phone; readonly user: User | undefined };

export type FoundColleague =
  | { readonly ok: true; readonly colleague: Colleague }
  /** 404: nobody. 403: a phone of another account. */
  | { readonly ok: false; readonly status: 403 | 404 };

export function colleagueNamed(directory: Directory, accountId: string, name: string): FoundColleague {
  const line = directory.lines.byNumber(accountId, name);
  const owner = line && directory.users.get(accountId, line.userId);
  if (owner !== undefined) return { ok: true, colleague: { kind: "user", accountId, name, user: owner } };
  const phone = directory.phones.byUsername(name);
  if (phone === undefined) return { ok: false, status: 404 };
  if (phone.accountId !== accountId) return { ok: false, status: 403 };
  return { ok: true, colleague: { kind: "phone", accountId, name, phone, user: directory.users.get(accountId, phone.userId) } };
}

/** Their phones as they are configured now. */
export function phonesOf(directory: Directory, colleague: Colleague): readonly Phone[] {
  if (colleague.kind === "phone") return [colleague.phone];
  return directory.phones.byUser(colleague.user.id).filter(({ accountId }) => accountId === colleague.accountId);
}

export function nameOf({ firstName, lastName, email }: User): string {
  return `${firstName} ${lastName}`.trim() || email;
}

/** Names come from anywhere: whatever could end the user part is escaped (RFC 3261 §19.1.2). */
export function addressOfRecord(name: string, domain: string): string {
  return `sip:${encodeURIComponent(name).replaceAll("%2B", "+")}@${domain}`;
}

/** From or To of this user: the extension where there is one, with the name. */
export function writtenAddressOf(directory: Directory, user: User, domain: string, otherwise: string): string {
  const line = directory.lines.byUser(user.id)[0];
  return formatNameAddr({ displayName: nameOf(user), uri: addressOfRecord(line?.number ?? otherwise, domain), params: new Map() });
}

/** The user part of a URI, or of the URI in a header field; "" when there is none. */
export function userPartOf(text: string): string {
  const address = parseNameAddr(text);
  const uri = parseUri(address.ok ? address.value.uri : text);
  return (uri.ok ? uri.value.user : undefined) ?? "";
}
