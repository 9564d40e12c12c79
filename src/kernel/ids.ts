import { createHmac, randomBytes } from "node:crypto";
import type { Clock } from "./clock.ts";

/** The only source of randomness. */
export type Ids = {
  /** A new entity id: 24 lower-case hex digits, 12 of epoch milliseconds and 12 random, so ids sort by age and name no node. */
  next(): string;
  /** `bytes` random bytes as lower-case hex. */
  random(bytes: number): string;
};

export function systemIds(clock: Clock): Ids {
  const random = randomPool();
  return {
    next: () => clock.now().toString(16).padStart(12, "0") + random(6),
    random,
  };
}

const poolBytes = 4096;

/** Draws random bytes in blocks: drawing six at a time costs 1.5 µs and more, sixteen times what taking them from a block does. */
function randomPool(): (bytes: number) => string {
  let pool = Buffer.alloc(0);
  let used = 0;
  return (bytes) => {
    if (used + bytes > pool.length) {
      pool = randomBytes(Math.max(bytes, poolBytes));
      used = 0;
    }
    const taken = pool.subarray(used, used + bytes);
    used += bytes;
    const text = taken.toString("hex");
    // What was given out may be a secret: it does not stay here.
    taken.fill(0);
    return text;
  };
}

/** True when `text` has the form of an entity id. */
export function isId(text: string): boolean {
  return /^[0-9a-f]{24}$/.test(text);
}

/**
 * A value that only this installation can compute and that is the same after a restart: tags, branches, Call-IDs, SSRCs,
 * delivery ids. HMAC-SHA256 of the parts under `secret`, as lower-case hex of `bytes` bytes (at most 32).
 */
export function derive(secret: Uint8Array, bytes: number, ...parts: readonly (string | number)[]): string {
  return createHmac("sha256", secret)
    .update(parts.join("\u0000"))
    .digest("hex")
    .slice(0, bytes * 2);
}
