import { BlockList, isIPv6 } from "node:net";

/** Addresses that are not on the public internet (IANA special-purpose registries, RFC 6890), and multicast. */
const special = [
  "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24",
  "192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4",
  // Unspecified and loopback, NAT64 and 6to4 (they hold an IPv4 address), discard, Teredo, documentation, segment routing.
  "::/96 64:ff9b::/96 64:ff9b:1::/48 2002::/16 100::/64 2001::/32 2001:db8::/32 3fff::/20 5f00::/16",
  // Unique local, link-local, site-local as it was once, multicast.
  "fc00::/7 fe80::/10 fec0::/10 ff00::/8",
].flatMap((line) => line.split(" "));

const list = new BlockList();
for (const range of special) {
  const [address = "", bits = ""] = range.split("/");
  list.addSubnet(address, Number(bits), isIPv6(address) ? "ipv6" : "ipv4");
}

/** True for an address of a private, local or otherwise special network. An IPv4 address within IPv6 (RFC 4291 §2.5.5.2) counts as itself. */
export function isSpecialAddress(address: string): boolean {
  return list.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}
