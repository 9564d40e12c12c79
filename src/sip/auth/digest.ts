/** Digest arithmetic of RFC 7616 §3.4 (and RFC 2617): MD5 and SHA-256, qop auth. No MD5-sess, no auth-int. */
import { createHash, timingSafeEqual } from "node:crypto";

export const digestAlgorithms = ["SHA-256", "MD5"] as const;
/** Strongest first. */
export type DigestAlgorithm = (typeof digestAlgorithms)[number];

/** Hex of H(username:realm:password), per algorithm: what a server keeps instead of a password. */
export type Ha1 = { readonly md5: string; readonly sha256: string };

export function ha1Of(username: string, realm: string, password: string): Ha1 {
  const text = `${username}:${realm}:${password}`;
  return { md5: digest("MD5", text), sha256: digest("SHA-256", text) };
}

export type DigestInput = {
  readonly ha1: Ha1;
  readonly algorithm: DigestAlgorithm;
  readonly nonce: string;
  readonly method: string;
  readonly uri: string;
  /** Undefined computes the form of RFC 2069, for a challenge without qop. */
  readonly qop: { readonly cnonce: string; readonly nc: string } | undefined;
};

export function digestResponse({ ha1, algorithm, nonce, method, uri, qop }: DigestInput): string {
  const secret = algorithm === "MD5" ? ha1.md5 : ha1.sha256;
  const ha2 = digest(algorithm, `${method}:${uri}`);
  return digest(algorithm, qop === undefined ? `${secret}:${nonce}:${ha2}` : `${secret}:${nonce}:${qop.nc}:${qop.cnonce}:auth:${ha2}`);
}

/** Undefined for what we do not compute. No algorithm means MD5 (RFC 7616 §3.3). */
export function algorithmOf(name: string | undefined): DigestAlgorithm | undefined {
  const asked = (name ?? "MD5").toUpperCase();
  return digestAlgorithms.find((algorithm) => algorithm === asked);
}

/** Constant time for equal lengths; lengths are no secret. */
export function sameHex(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a.toLowerCase()), Buffer.from(b.toLowerCase())];
  return left.length === right.length && timingSafeEqual(left, right);
}

function digest(algorithm: DigestAlgorithm, text: string): string {
  return createHash(algorithm === "MD5" ? "md5" : "sha256")
    .update(text)
    .digest("hex");
}
