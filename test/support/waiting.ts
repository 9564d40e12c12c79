import { setTimeout as delay } from "node:timers/promises";

type Absent = undefined | false;

/**
 * Asks `probe` every 20 ms until it gives something other than undefined or false, for what has no event: a file of another
 * process, an HTTP answer. Fails after `timeoutMs` with `what`.
 */
export async function eventually<T>(what: string, probe: () => T | Absent | Promise<T | Absent>, timeoutMs = 10_000): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found: T | Absent = await probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await delay(20);
  }
}

/** A member of a value of unknown shape; undefined when it has none. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
