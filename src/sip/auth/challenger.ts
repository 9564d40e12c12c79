/**
 * Challenging clients as a server: RFC 3261 §22.1, RFC 7616 §3.3, RFC 8760. A nonce is its expiry and a MAC over it, so giving
 * one out costs no memory; only nonces that were used well are remembered, each with the highest count it was used with.
 */
import type { Clock, Ids } from "../../kernel/index.ts";
import { derive } from "../../kernel/index.ts";
import { formatChallenge, parseAuthParams } from "../message/auth-params.ts";
import type { HeaderPair } from "../message/header-list.ts";
import type { SipRequest } from "../message/message.ts";
import type { Params } from "../message/params.ts";
import { algorithmOf, type DigestAlgorithm, digestAlgorithms, digestResponse, type Ha1, sameHex } from "./digest.ts";

export type ChallengerOptions = {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly realm: string;
  /** Of the installation, so that a nonce of before a restart is known as stale and phones sign in again without asking anybody. */
  readonly secret: Uint8Array;
  /** `www` is 401 and Authorization, `proxy` is 407 and Proxy-Authorization. */
  readonly kind: "www" | "proxy";
  /** What is offered, in this order, and taken; all, the strongest first, when left out. */
  readonly algorithms?: readonly DigestAlgorithm[];
  readonly validMs?: number;
  /** Used nonces remembered; beyond that the oldest becomes stale. */
  readonly maxRemembered?: number;
};

/** `none`: nobody signed in, or the nonce is not ours. `stale`: the secret was right but the nonce has expired or was used. `wrong`: unknown user or wrong secret, not told apart. */
export type AuthResult<User> =
  | { readonly kind: "accepted"; readonly user: User; readonly username: string }
  | { readonly kind: "none" | "stale" | "wrong" };

/** baresip before 2.0 gives up at the first algorithm it does not know, although another challenge stands beside it. */
const endsAtUnknownAlgorithm = /^baresip v?[01]\./i;
/** So does JsSIP, under whatever name a web phone gives it; and browsers' libraries are all that comes by WebSocket. */
const isFromBrowser = /^SIP\s*\/\s*2\.0\s*\/\s*WSS?\s/i;

export class Challenger {
  readonly status: 401 | 407;
  readonly realm: string;
  readonly #options: ChallengerOptions;
  readonly #algorithms: readonly DigestAlgorithm[];
  readonly #validMs: number;
  readonly #maxRemembered: number;
  /** Nonce → highest count; oldest use first. */
  readonly #used = new Map<string, number>();
  readonly #startedAtMs: number;
  /** Nonces that expire up to here may have been used and forgotten. */
  #forgottenUntilMs = 0;

  constructor(options: ChallengerOptions) {
    this.#options = options;
    this.realm = options.realm;
    this.status = options.kind === "www" ? 401 : 407;
    this.#startedAtMs = options.clock.now();
    this.#algorithms = options.algorithms ?? digestAlgorithms;
    this.#validMs = options.validMs ?? 300_000;
    this.#maxRemembered = options.maxRemembered ?? 20_000;
  }

  /** One header for each algorithm (RFC 8760 §2.3), as far as the client can bear to see it. */
  challenge(request: SipRequest, isStale = false): HeaderPair[] {
    const nonce = this.#nonce(this.#options.clock.now() + this.#validMs, this.#options.ids.random(8));
    const name = this.#options.kind === "www" ? "WWW-Authenticate" : "Proxy-Authenticate";
    const { headers } = request;
    const knowsOnlyMd5 = endsAtUnknownAlgorithm.test(headers.get("User-Agent") ?? "") || isFromBrowser.test(headers.get("Via") ?? "");
    const isPicky = knowsOnlyMd5 && this.#algorithms.includes("MD5");
    return (isPicky ? (["MD5"] as const) : this.#algorithms).map((algorithm) => {
      const params = new Map([
        ["realm", this.realm],
        ["nonce", nonce],
        ["algorithm", algorithm as string],
        ["qop", "auth"],
      ]);
      if (isStale) params.set("stale", "true");
      return [name, formatChallenge({ scheme: "Digest", params })];
    });
  }

  /** The username the request claims, to look its secret up; undefined when it brings no credentials for our realm. */
  claimedUsername(request: SipRequest): string | undefined {
    return this.#credentials(request)?.get("username");
  }

  /**
   * True when the request brings credentials over a nonce of ours, so its sender has heard a challenge: others can be challenged without
   * a transaction, whose answer would be repeated to whatever address a stranger wrote as its own.
   */
  isAnswered(request: SipRequest): boolean {
    return this.#expiryOf(this.#credentials(request)?.get("nonce") ?? "") !== undefined;
  }

  /** `found` is the user under `claimedUsername`; undefined takes the same time as a wrong secret. */
  verify<User extends { readonly ha1: Ha1 }>(request: SipRequest, found: User | undefined): AuthResult<User> {
    const credentials = this.#credentials(request);
    const algorithm = algorithmOf(credentials?.get("algorithm"));
    if (credentials === undefined || algorithm === undefined || !this.#algorithms.includes(algorithm)) return { kind: "none" };
    const nonce = credentials.get("nonce") ?? "";
    const expiryMs = this.#expiryOf(nonce);
    const [cnonce, nc] = [credentials.get("cnonce") ?? "", credentials.get("nc") ?? ""];
    if (expiryMs === undefined || credentials.get("qop")?.toLowerCase() !== "auth" || cnonce === "" || !/^[0-9a-f]{8}$/i.test(nc))
      return { kind: "none" };
    const isRight = this.#isRight(request, credentials, { algorithm, nonce, cnonce, nc }, found?.ha1 ?? nobody);
    if (!isRight || found === undefined) return { kind: "wrong" };
    const isFresh = expiryMs > this.#options.clock.now() && expiryMs - this.#validMs >= this.#startedAtMs;
    if (!isFresh || !this.#takeCount(nonce, expiryMs, Number.parseInt(nc, 16))) return { kind: "stale" };
    return { kind: "accepted", user: found, username: credentials.get("username") ?? "" };
  }

  #isRight(
    request: SipRequest,
    credentials: Params,
    { algorithm, nonce, cnonce, nc }: { algorithm: DigestAlgorithm; nonce: string; cnonce: string; nc: string },
    ha1: Ha1,
  ): boolean {
    // The uri a client signs may differ in form from the Request-URI a proxy left us (RFC 3261 §22.4 item 2), so it is not compared.
    const uri = credentials.get("uri") ?? "";
    const expected = digestResponse({ ha1, algorithm, nonce, method: request.method, uri, qop: { cnonce, nc } });
    return sameHex(expected, credentials.get("response") ?? "");
  }

  #credentials(request: SipRequest): Params | undefined {
    for (const text of request.headers.all(this.#options.kind === "www" ? "Authorization" : "Proxy-Authorization")) {
      const parsed = parseAuthParams(text);
      if (parsed.ok && parsed.value.scheme.toLowerCase() === "digest" && parsed.value.params.get("realm") === this.realm)
        return parsed.value.params;
    }
    return undefined;
  }

  /** False for a count that was used before, or may have been. */
  #takeCount(nonce: string, expiryMs: number, count: number): boolean {
    const highest = this.#used.get(nonce);
    if (highest === undefined ? expiryMs <= this.#forgottenUntilMs : count <= highest) return false;
    this.#used.delete(nonce);
    this.#used.set(nonce, count);
    const oldest = this.#used.size > this.#maxRemembered ? this.#used.keys().next().value : undefined;
    if (oldest !== undefined) {
      this.#used.delete(oldest);
      this.#forgottenUntilMs = Math.max(this.#forgottenUntilMs, this.#expiryOf(oldest) ?? 0);
    }
    return true;
  }

  #nonce(expiryMs: number, salt: string): string {
    const open = `${expiryMs.toString(16)}.${salt}`;
    return `${open}.${derive(this.#options.secret, 16, "nonce", this.realm, open)}`;
  }

  /** Undefined when the nonce is not of our making. */
  #expiryOf(nonce: string): number | undefined {
    const [expiry, salt] = nonce.split(".");
    const expiryMs = Number.parseInt(expiry ?? "", 16);
    if (!Number.isSafeInteger(expiryMs) || salt === undefined || !sameHex(this.#nonce(expiryMs, salt), nonce)) return undefined;
    return expiryMs;
  }
}

/** Stands for a user that does not exist, for the same work. Anyone can sign with it, so a match counts only for a user that was found. */
const nobody: Ha1 = { md5: "0".repeat(32), sha256: "0".repeat(64) };
