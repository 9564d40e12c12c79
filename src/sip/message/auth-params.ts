/** `Digest realm="a", nonce="b", qop="auth"`: challenges and credentials, RFC 3261 §20.7, §20.44, RFC 8760. */
import { type Parsed, parsed, unparsed } from "../../kernel/index.ts";
import { splitList } from "./header-list.ts";
import { isToken } from "./header-name.ts";
import { type Params, quoted, unquoted } from "./params.ts";

export type AuthParams = {
  /** As written; compare without regard to case. */
  readonly scheme: string;
  /** By lower-case name, without quotes. */
  readonly params: Params;
};

export function parseAuthParams(text: string): Parsed<AuthParams> {
  const match = /^\s*(\S+)\s+(\S.*)$/s.exec(text);
  const scheme = match?.[1] ?? "";
  if (!isToken(scheme)) return unparsed("scheme");
  const params = new Map<string, string>();
  for (const part of splitList(match?.[2] ?? "")) {
    const equals = part.indexOf("=");
    const name = part.slice(0, Math.max(0, equals)).trim().toLowerCase();
    if (!isToken(name)) return unparsed("parameter", text.indexOf(part));
    if (params.has(name)) return unparsed(`${name} twice`, text.indexOf(part));
    params.set(name, unquoted(part.slice(equals + 1).trim()));
  }
  return parsed({ scheme, params });
}

/** WWW-Authenticate, Proxy-Authenticate: qop is quoted there (§20.44). */
export function formatChallenge(challenge: AuthParams): string {
  return format(challenge, new Set(["algorithm", "stale"]));
}

/** Authorization, Proxy-Authorization: qop and nc stand without quotes (§20.7). */
export function formatCredentials(credentials: AuthParams): string {
  return format(credentials, new Set(["algorithm", "nc", "qop"]));
}

function format(value: AuthParams, bare: ReadonlySet<string>): string {
  const params = [...value.params].map(([name, content]) => `${name}=${bare.has(name) && isToken(content) ? content : quoted(content)}`);
  return `${value.scheme} ${params.join(", ")}`;
}
