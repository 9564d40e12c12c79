/** The SSRC of a leg's stream (RFC 3550 §8): the same after a restart. */
import { derive } from "../../kernel/index.ts";

const remembered = 10_000;

/** Each is worked out once: a plain call asks for it with each of its five plans, for 2 µs every time. */
export function ssrcsOf(secret: Uint8Array): (legId: string) => number {
  const known = new Map<string, number>();
  return (legId) => {
    const before = known.get(legId);
    if (before !== undefined) return before;
    if (known.size >= remembered) known.clear();
    const ssrc = Number.parseInt(derive(secret, 4, legId, "ssrc"), 16);
    known.set(legId, ssrc);
    return ssrc;
  };
}
