import { isIPv6, SocketAddress } from "node:net";
import { linux, socketAddressBytes } from "./datagram-memory.ts";
import type { Libc } from "./libc.ts";

const scopeWord = 6;

/**
 * `into` becomes a struct sockaddr_in or _in6. A link-local address may name its scope (RFC 4007 §11): fe80::1%eth0, or %2. Returns the length; 0 when
 * `address` is not numeric.
 */
export function writeSocketAddress(
  libc: Pick<Libc, "inet_pton" | "if_nametoindex">,
  into: Uint8Array,
  address: string,
  port: number,
): number {
  const isLong = isIPv6(address);
  const family = isLong ? linux.AF_INET6 : linux.AF_INET;
  const [numeric = "", scope] = address.split("%");
  into.fill(0);
  into[0] = family;
  into[2] = port >>> 8;
  into[3] = port & 0xff;
  if (libc.inet_pton(family, numeric, into.subarray(isLong ? 8 : 4)) !== 1) return 0;
  if (!isLong) return 16;
  if (scope !== undefined) into[scopeWord * 4] = Number(scope) || libc.if_nametoindex(scope);
  return socketAddressBytes;
}

/** Who sent a datagram, kept as text: nearly all of a socket come from one. */
export class Sender {
  address = "";
  port = 0;
  readonly #known = new Uint32Array(scopeWord + 1);

  /** `name`: struct sockaddr_in or _in6. */
  read(name: Uint32Array): void {
    const known = this.#known;
    const isLong = ((name[0] ?? 0) & 0xff) === linux.AF_INET6;
    // What follows the flow label of IPv6; what follows an address of IPv4 is of no use.
    if (name[0] === known[0] && (isLong ? known.every((word, index) => index === 1 || word === name[index]) : name[1] === known[1])) return;
    known.set(name.subarray(0, known.length));
    const bytes = new Uint8Array(name.buffer, name.byteOffset, socketAddressBytes);
    this.port = (bytes[2] ?? 0) * 256 + (bytes[3] ?? 0);
    this.address = isLong ? longAddress(bytes.subarray(8, 24), name[scopeWord] ?? 0) : bytes.subarray(4, 8).join(".");
  }
}

function longAddress(bytes: Uint8Array, scope: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => ((bytes[2 * index] ?? 0) * 256 + (bytes[2 * index + 1] ?? 0)).toString(16));
  const { address } = new SocketAddress({ address: groups.join(":"), family: "ipv6" });
  return scope === 0 ? address : `${address}%${scope}`;
}
