/** Answering a digest challenge as a client: RFC 3261 §22.2, RFC 8760 §2.4. */
import { formatCredentials, parseAuthParams } from "../message/auth-params.ts";
import type { HeaderPair } from "../message/header-list.ts";
import type { SipResponse } from "../message/message.ts";
import type { Params } from "../message/params.ts";
import { algorithmOf, type DigestAlgorithm, digestAlgorithms, digestResponse, type Ha1, ha1Of } from "./digest.ts";

export type AuthorizationInput = {
  readonly username: string;
  readonly secret: { readonly password: string } | { readonly ha1: Ha1 };
  readonly method: string;
  readonly uri: string;
  /** From outside, so that the same request can be made again. */
  readonly cnonce: string;
  /** How often this nonce was used, from 1. */
  readonly count: number;
};

/**
 * The header that answers a 401 or 407: of several challenges the strongest algorithm we know. Undefined when there is none
 * (Basic, MD5-sess, qop without auth). A challenge with stale=true means the secret was right and the nonce too old.
 */
export function authorize(challenge: SipResponse, input: AuthorizationInput): HeaderPair | undefined {
  const isProxy = challenge.status === 407;
  const chosen = strongest(challenge.headers.all(isProxy ? "Proxy-Authenticate" : "WWW-Authenticate"));
  if (chosen === undefined) return undefined;
  const { algorithm, params } = chosen;
  const { username, method, uri, cnonce } = input;
  const realm = params.get("realm") ?? "";
  const nonce = params.get("nonce") ?? "";
  const ha1 = "ha1" in input.secret ? input.secret.ha1 : ha1Of(username, realm, input.secret.password);
  const nc = input.count.toString(16).padStart(8, "0");
  const qop = params.has("qop") ? { cnonce, nc } : undefined;
  const credentials = new Map([
    ["username", username],
    ["realm", realm],
    ["nonce", nonce],
    ["uri", uri],
    ["response", digestResponse({ ha1, algorithm, nonce, method, uri, qop })],
  ]);
  if (params.has("algorithm")) credentials.set("algorithm", algorithm);
  const opaque = params.get("opaque");
  if (opaque !== undefined) credentials.set("opaque", opaque);
  if (qop !== undefined) credentials.set("qop", "auth").set("cnonce", cnonce).set("nc", nc);
  return [isProxy ? "Proxy-Authorization" : "Authorization", formatCredentials({ scheme: "Digest", params: credentials })];
}

function strongest(challenges: readonly string[]): { algorithm: DigestAlgorithm; params: Params } | undefined {
  let best: { algorithm: DigestAlgorithm; params: Params } | undefined;
  for (const text of challenges) {
    const challenge = parseAuthParams(text);
    if (!challenge.ok || challenge.value.scheme.toLowerCase() !== "digest") continue;
    const { params } = challenge.value;
    const algorithm = algorithmOf(params.get("algorithm"));
    const qop = params.get("qop");
    const isPossible = qop === undefined || qop.split(",").some((option) => option.trim().toLowerCase() === "auth");
    if (algorithm === undefined || !isPossible) continue;
    if (best === undefined || digestAlgorithms.indexOf(algorithm) < digestAlgorithms.indexOf(best.algorithm)) best = { algorithm, params };
  }
  return best;
}
