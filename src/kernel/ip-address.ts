import { isIPv6, SocketAddress } from "node:net";

/**
 * One spelling for a numeric address, the one sockets use (RFC 5952): small letters, the longest run of zeros as `::`, and IPv4 for what is
 * IPv4 inside IPv6. Anything else comes back as it is.
 */
export function canonicalAddress(address: string): string {
  if (!isIPv6(address) || address.includes("%")) return address;
  const plain = new SocketAddress({ address, family: "ipv6" }).address;
  return plain.startsWith("::ffff:") && plain.includes(".") ? plain.slice(7) : plain;
}
