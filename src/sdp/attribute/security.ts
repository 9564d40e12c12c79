/** Keys for SRTP: of DTLS (RFC 8122, RFC 4145, RFC 5763) and in the open (SDES, RFC 4568). Values of `crypto` are secret. */

export type Fingerprint = { readonly hash: string; readonly bytes: Uint8Array };

/** a=fingerprint */
export function parseFingerprint(value: string): Fingerprint | undefined {
  const [, hash, digits] = /^([!-~]{1,20})\s+((?:[0-9A-Fa-f]{2}:){7,63}[0-9A-Fa-f]{2})$/.exec(value) ?? [];
  if (hash === undefined || digits === undefined) return undefined;
  return { hash: hash.toLowerCase(), bytes: Buffer.from(digits.replaceAll(":", ""), "hex") };
}

export const setupRoles = ["active", "passive", "actpass", "holdconn"] as const;

/** a=setup: who begins the handshake. */
export function parseSetup(value: string): (typeof setupRoles)[number] | undefined {
  return setupRoles.find((role) => role === value);
}

export type CryptoKey = {
  readonly keyAndSalt: Uint8Array;
  /** Packets the key is good for, as text: a number or a power of two (2^48). */
  readonly lifetime?: string | undefined;
  readonly keyIndex?: { readonly value: number; readonly bytes: number } | undefined;
};

export type CryptoSuite = {
  readonly tag: number;
  readonly suite: string;
  readonly keys: readonly CryptoKey[];
  readonly parameters: readonly string[];
};

/** a=crypto */
export function parseCrypto(value: string): CryptoSuite | undefined {
  const [tag = "", suite = "", keyText = "", ...parameters] = value.split(/\s+/);
  const keys = keyText.split(";").map(parseKey);
  if (!/^(0|[1-9]\d{0,8})$/.test(tag) || !/^\w+$/.test(suite) || !keys.every((key) => key !== undefined)) return undefined;
  return { tag: Number(tag), suite, keys, parameters };
}

function parseKey(text: string): CryptoKey | undefined {
  const [key = "", ...limits] = text.split("|");
  const [, encoded] = /^inline:([A-Za-z0-9+/]{1,256}={0,2})$/.exec(key) ?? [];
  const index = limits.find((limit) => limit.includes(":"));
  const lifetime = limits.find((limit) => !limit.includes(":"));
  const [, value, bytes] = /^(\d{1,9}):(\d{1,3})$/.exec(index ?? "") ?? [];
  const isLifetime = lifetime === undefined || /^(2\^\d{1,2}|\d{1,15})$/.test(lifetime);
  if (encoded === undefined || limits.length > 2 || !isLifetime || (index !== undefined && value === undefined)) return undefined;
  if (limits.length === 2 && (index === undefined || lifetime === undefined)) return undefined;
  return {
    keyAndSalt: Buffer.from(encoded, "base64"),
    ...(lifetime !== undefined && { lifetime }),
    ...(value !== undefined && { keyIndex: { value: Number(value), bytes: Number(bytes) } }),
  };
}
