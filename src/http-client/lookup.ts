import type { LookupFunction } from "node:net";
import { isSpecialAddress } from "./address-guard.ts";

/** The host is, or stands for, an address that may not be reached. */
export class AddressRefused extends Error {}

/** What a name stands for: a Resolver of node:dns/promises. */
type NameServer = { resolve4(name: string): Promise<readonly string[]>; resolve6(name: string): Promise<readonly string[]> };
type Address = { readonly address: string; readonly family: 4 | 6 };

/**
 * The lookup of outgoing connections: asks DNS without libuv's thread pool, which the whole process shares, and refuses names that
 * lead to a special address unless `allowPrivate`. The socket connects to exactly what was checked here. Not called for a host that
 * is an address itself.
 */
export function guardedLookup(names: NameServer, allowPrivate: boolean): LookupFunction {
  return (name, options, done) => {
    resolve(names, name).then(
      (found) => {
        const refused = allowPrivate ? undefined : found.find(({ address }) => isSpecialAddress(address));
        const [first] = found;
        if (refused !== undefined) done(new AddressRefused(`${name} is ${refused.address}`), "");
        else if (first === undefined) done(new Error(`${name} has no address`), "");
        else if (options.all === true) done(null, [...found]);
        else done(null, first.address, first.family);
      },
      (cause: unknown) => done(new Error(`${name} cannot be resolved: ${String(cause)}`, { cause }), ""),
    );
  };
}

async function resolve(names: NameServer, name: string): Promise<readonly Address[]> {
  // RFC 6761 §6.3: never asked of DNS.
  if (name === "localhost" || name.endsWith(".localhost")) return [{ address: "127.0.0.1", family: 4 }];
  const [four, six] = await Promise.allSettled([names.resolve4(name), names.resolve6(name)]);
  if (four.status === "rejected" && six.status === "rejected") throw four.reason;
  return [
    ...(four.status === "fulfilled" ? four.value : []).map((address) => ({ address, family: 4 }) as const),
    ...(six.status === "fulfilled" ? six.value : []).map((address) => ({ address, family: 6 }) as const),
  ];
}
