/** A message as the IP packet that could have carried it: what packet captures are made of, whatever the transport was. */
import { isIPv4, isIPv6 } from "node:net";
import type { Endpoint, TracedMessage } from "./traced-message.ts";

export type Ends = { readonly source: Endpoint; readonly destination: Endpoint };

export function endsOf({ direction, local, remote }: TracedMessage): Ends {
  return direction === "sent" ? { source: local, destination: remote } : { source: remote, destination: local };
}

/** Both addresses in one family: 4 or 16 bytes each. IPv4 beside IPv6 is written as ::ffff:a.b.c.d; a name as the address of nobody. */
export function addressBytes({ source, destination }: Ends): { readonly source: Buffer; readonly destination: Buffer } {
  const addresses = [source.address, destination.address];
  const isV6 = addresses.some((address) => isIPv6(address));
  const [from = Buffer.alloc(4), to = Buffer.alloc(4)] = addresses.map((address) => {
    if (!isV6) return isIPv4(address) ? ipv4Bytes(address) : Buffer.alloc(4);
    if (isIPv4(address)) return Buffer.concat([Buffer.from("00000000000000000000ffff", "hex"), ipv4Bytes(address)]);
    return isIPv6(address) ? ipv6Bytes(address) : Buffer.alloc(16);
  });
  return { source: from, destination: to };
}

function ipv4Bytes(address: string): Buffer {
  return Buffer.from(address.split(".").map(Number));
}

/** RFC 4291 §2.2. */
function ipv6Bytes(address: string): Buffer {
  const plain = address.replace(/%.*$/, "").replace(/[^:]*\.[^:]*$/, (ipv4) => ipv4Bytes(ipv4).toString("hex").replace(/^.{4}/, "$&:"));
  const [front = "", back] = plain.split("::");
  const first = groupsOf(front);
  const last = groupsOf(back ?? "");
  const bytes = Buffer.alloc(16);
  first.forEach((group, index) => bytes.writeUInt16BE(group, index * 2));
  last.forEach((group, index) => bytes.writeUInt16BE(group, 16 - (last.length - index) * 2));
  return bytes;
}

function groupsOf(text: string): readonly number[] {
  return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
}

const udp = 17;
const udpHead = 8;
const ttl = 64;
const longestPacket = 65_535;

/**
 * IPv4 (RFC 791) or IPv6 (RFC 8200) and UDP (RFC 768) with right lengths and checksums. A payload that no datagram holds is cut.
 */
export function udpPacket(ends: Ends, message: Buffer): Buffer {
  const { source, destination } = addressBytes(ends);
  const ipHead = source.length === 4 ? 20 : 40;
  const payload = message.subarray(0, longestPacket - 20 - udpHead);
  const length = udpHead + payload.length;
  const packet = Buffer.alloc(ipHead + length);
  if (source.length === 4) {
    packet[0] = 0x45;
    packet.writeUInt16BE(ipHead + length, 2);
    packet[6] = 0x40; // do not fragment
    packet[8] = ttl;
    packet[9] = udp;
    source.copy(packet, 12);
    destination.copy(packet, 16);
    packet.writeUInt16BE(checksum([packet.subarray(0, ipHead)]), 10);
  } else {
    packet[0] = 0x60;
    packet.writeUInt16BE(length, 4);
    packet[6] = udp;
    packet[7] = ttl;
    source.copy(packet, 8);
    destination.copy(packet, 24);
  }
  packet.writeUInt16BE(ends.source.port, ipHead);
  packet.writeUInt16BE(ends.destination.port, ipHead + 2);
  packet.writeUInt16BE(length, ipHead + 4);
  payload.copy(packet, ipHead + udpHead);
  // 0 would say that there is none.
  packet.writeUInt16BE(checksum([pseudoHeader(source, destination, length), packet.subarray(ipHead)]) || 0xffff, ipHead + 6);
  return packet;
}

/** RFC 768; RFC 8200 §8.1. */
function pseudoHeader(source: Buffer, destination: Buffer, length: number): Buffer {
  const rest = source.length === 4 ? Buffer.from([0, udp, 0, 0]) : Buffer.from([0, 0, 0, 0, 0, 0, 0, udp]);
  rest.writeUInt16BE(length, 2);
  return Buffer.concat([source, destination, rest]);
}

/** RFC 1071: the ones' complement of the ones' complement sum of 16-bit words. Each part but the last has an even length. */
export function checksum(parts: readonly Buffer[]): number {
  let sum = 0;
  for (const part of parts) {
    for (let index = 0; index + 1 < part.length; index += 2) sum += part.readUInt16BE(index);
    if (part.length % 2 === 1) sum += (part.at(-1) ?? 0) << 8;
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}
