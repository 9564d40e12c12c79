/** What a REFER asks for (RFC 3515), or the status that refuses it. */
import { sequenceOf } from "../transaction/matching.ts";
import type { SipRequest } from "../message/message.ts";
import { parseNameAddr } from "../message/name-addr.ts";
import { formatUri, parseUri, type SipUri } from "../message/uri.ts";
import { noParams } from "../message/params.ts";
import { parseReplaces, type Replaces } from "./replaces.ts";

export type ReferRequest = {
  /** Whom to call, without the header fields and the method that the URI carried. */
  readonly target: SipUri;
  /** The same as text, for a Request-URI. */
  readonly uri: string;
  /** The call that the new one takes the place of. */
  readonly replaces?: Replaces;
  /** The value of Referred-By (RFC 3892 §3), to be passed on as it is. */
  readonly referredBy?: string;
  /** False: `Refer-Sub: false` (RFC 4488 §4) or `Require: norefersub`; nobody waits for NOTIFYs. */
  readonly wantsNotifying: boolean;
  /** CSeq: the id of its subscription. */
  readonly sequence: number;
};

export type ReferResult = ({ readonly ok: true } & ReferRequest) | { readonly ok: false; readonly status: number };

/** §2.4.2: one Refer-To that can be read, or 400; another method than INVITE, or another scheme, is declined. */
export function parseRefer(request: SipRequest): ReferResult {
  const values = request.headers.all("Refer-To");
  const address = parseNameAddr(values[0] ?? "");
  if (values.length !== 1 || !address.ok) return { ok: false, status: 400 };
  const uri = parseUri(address.value.uri);
  if (!uri.ok) return { ok: false, status: uri.reason === "scheme" ? 603 : 400 };
  const method = uri.value.params.get("method");
  if (method !== undefined && method.toUpperCase() !== "INVITE") return { ok: false, status: 603 };
  const asked = uri.value.headers.get("replaces");
  const replaces = asked === undefined ? undefined : parseReplaces(asked);
  if (replaces?.ok === false) return { ok: false, status: 400 };
  const required = (uri.value.headers.get("require") ?? "").split(",").map((tag) => tag.trim().toLowerCase());
  // What the referred INVITE must require and we cannot promise (RFC 3261 §19.1.5).
  if (required.some((tag) => tag !== "" && tag !== "replaces")) return { ok: false, status: 603 };
  const target = { ...uri.value, headers: noParams, params: withoutMethod(uri.value) };
  const referredBy = request.headers.get("Referred-By");
  return {
    ok: true,
    target,
    uri: formatUri(target),
    ...(replaces !== undefined && { replaces: replaces.value }),
    ...(referredBy !== undefined && parseNameAddr(referredBy).ok && { referredBy }),
    wantsNotifying: !declinesNotifying(request),
    sequence: sequenceOf(request),
  };
}

function withoutMethod({ params }: SipUri): SipUri["params"] {
  return params.has("method") ? new Map([...params].filter(([name]) => name !== "method")) : params;
}

function declinesNotifying({ headers }: SipRequest): boolean {
  const says = headers.get("Refer-Sub")?.split(";")[0]?.trim().toLowerCase();
  return says === "false" || headers.all("Require").some((tag) => tag.toLowerCase() === "norefersub");
}
