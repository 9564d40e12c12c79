/** Host names to numeric addresses: A and AAAA. Goes through c-ares, so a slow name server never occupies the thread pool that all of Node shares. */
import { Resolver as DnsResolver } from "node:dns/promises";
import { isIP } from "node:net";
import type { Clock, Timer } from "../../kernel/index.ts";

export type LookupRecord = { readonly address: string; readonly ttl: number };

/** Finds the addresses of one family; rejects or returns none when there are none. */
export type Lookup = (host: string, family: 4 | 6) => Promise<readonly LookupRecord[]>;

export type Resolved = { readonly ok: true; readonly addresses: readonly string[] } | { readonly ok: false; readonly reason: string };

export type HostResolver = {
  /** IPv4 first. Never rejects, and answers within the time-out. A numeric host is its own answer. */
  resolve(host: string): Promise<Resolved>;
};

export type ResolverOptions = {
  readonly clock: Clock;
  readonly lookup?: Lookup | undefined;
  readonly timeoutMs?: number | undefined;
};

const maxCachedMs = 60_000;
/** A name that is not there is asked again after this. */
const failureCachedMs = 2_000;
const maxCached = 1_000;

export function openResolver({ clock, lookup = caresLookup(), timeoutMs = 3_000 }: ResolverOptions): HostResolver {
  const cache = new Map<string, { readonly untilMs: number; readonly answer: Promise<Resolved> }>();

  return {
    resolve(host) {
      const bare = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
      if (isIP(bare) !== 0) return Promise.resolve({ ok: true, addresses: [bare] });
      if (bare === "localhost") return Promise.resolve({ ok: true, addresses: ["127.0.0.1"] });
      const now = clock.now();
      const cached = cache.get(bare);
      if (cached !== undefined && cached.untilMs > now) return cached.answer;
      cache.delete(bare);
      const oldest = cache.size >= maxCached ? cache.keys().next().value : undefined;
      if (oldest !== undefined) cache.delete(oldest);
      const answer = withinTime(clock, timeoutMs, find(lookup, bare)).then(({ resolved, ttlMs }) => {
        if (cache.get(bare)?.answer === answer) cache.set(bare, { untilMs: clock.now() + ttlMs, answer });
        return resolved;
      });
      // Those who ask meanwhile share the question.
      cache.set(bare, { untilMs: now + timeoutMs, answer });
      return answer;
    },
  };
}

type Found = { readonly resolved: Resolved; readonly ttlMs: number };

async function find(lookup: Lookup, host: string): Promise<Found> {
  const [ipv4, ipv6] = await Promise.allSettled([lookup(host, 4), lookup(host, 6)]);
  const records = [ipv4, ipv6].flatMap((result) => (result.status === "fulfilled" ? result.value : []));
  if (records.length > 0) {
    const ttlMs = Math.min(maxCachedMs, ...records.map((record) => record.ttl * 1000));
    return { resolved: { ok: true, addresses: records.map((record) => record.address) }, ttlMs };
  }
  const cause: unknown = ipv4.status === "rejected" ? ipv4.reason : undefined;
  return failure(cause instanceof Error ? cause.message : "no address");
}

function failure(reason: string): Found {
  return { resolved: { ok: false, reason }, ttlMs: failureCachedMs };
}

function withinTime(clock: Clock, timeoutMs: number, found: Promise<Found>): Promise<Found> {
  let timer: Timer | undefined;
  const timeout = new Promise<Found>((resolve) => {
    timer = clock.after(timeoutMs, () => resolve(failure("the name server did not answer in time")));
  });
  return Promise.race([found, timeout]).finally(() => timer?.cancel());
}

function caresLookup(): Lookup {
  const dns = new DnsResolver({ timeout: 1_000, tries: 2 });
  return (host, family) => (family === 4 ? dns.resolve4(host, { ttl: true }) : dns.resolve6(host, { ttl: true }));
}
