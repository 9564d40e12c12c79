/** A contact at which a phone can be reached for a while (RFC 3261 §10), and the ports the registrar needs. */
import { parseNameAddr } from "../message/name-addr.ts";
import { parseUri, sameUri } from "../message/uri.ts";
import type { SipAddress } from "../transport/transport.ts";

export type Binding = {
  readonly accountId: string;
  readonly phoneId: string;
  /** The URI as the phone gave it: the Request-URI of what we send there. */
  readonly contact: string;
  /** `+sip.instance` and `reg-id` (RFC 5626): the same pair replaces a binding whatever its URI. */
  readonly flow: string | undefined;
  readonly callId: string;
  readonly sequence: number;
  readonly expiresAtMs: number;
  /** Where the REGISTER came from. Requests go there: behind NAT it is the only way, and over TCP it is the open connection. */
  readonly source: SipAddress;
  /** 0 to 1, higher first. */
  readonly preference: number;
  readonly userAgent: string | undefined;
};

export type Phone = { readonly accountId: string; readonly phoneId: string; readonly ha1Md5: string; readonly ha1Sha256: string };

export type PhoneCredentials = {
  /** By the name it signs in with, which is also the user of its address. */
  find(username: string): Promise<Phone | undefined> | Phone | undefined;
};

/** Keeps bindings over a restart. A binding is one row by (phoneId, contact). */
export type BindingStore = {
  load(): Promise<readonly Binding[]>;
  save(binding: Binding): Promise<void>;
  remove(phoneId: string, contact: string): Promise<void>;
};

/** A Contact value of a REGISTER. */
export type AskedContact = {
  readonly contact: string;
  readonly flow: string | undefined;
  readonly expires: string | undefined;
  readonly preference: number;
};

export function readContact(value: string): AskedContact | undefined {
  const address = parseNameAddr(value);
  if (!address.ok) return undefined;
  const uri = parseUri(address.value.uri);
  if (!uri.ok || uri.value.host === "") return undefined;
  const { params } = address.value;
  const [instance, regId] = [params.get("+sip.instance"), params.get("reg-id")];
  const q = Number(params.get("q") ?? "1");
  return {
    contact: address.value.uri,
    flow: instance === undefined || regId === undefined ? undefined : `${instance} ${regId}`,
    expires: params.get("expires"),
    preference: q >= 0 && q <= 1 ? q : 1,
  };
}

/** RFC 3261 §10.2.4 by URI, RFC 5626 §6 by flow. */
export function isSameBinding(binding: Pick<Binding, "contact" | "flow">, asked: Pick<Binding, "contact" | "flow">): boolean {
  if (binding.flow !== undefined && binding.flow === asked.flow) return true;
  const [a, b] = [parseUri(binding.contact), parseUri(asked.contact)];
  return a.ok && b.ok && sameUri(a.value, b.value);
}
