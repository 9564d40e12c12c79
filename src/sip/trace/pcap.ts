/**
 * Messages as a capture file for Wireshark, sngrep and the like: the classic pcap format, little-endian, microseconds, LINKTYPE_RAW
 * (draft-ietf-opsawg-pcap).
 *
 *     0  u32 0xa1b2c3d4   4 u16 2   6 u16 4   8 u32 0   12 u32 0   16 u32 longest packet   20 u32 101
 *     and for each packet
 *     0  u32 seconds   4 u32 microseconds   8 u32 bytes here   12 u32 bytes there were   16 packet
 *
 * Every message is a UDP datagram here: TCP, TLS and WebSocket have no packet of their own for each message.
 */
import { endsOf, udpPacket } from "./packet.ts";
import type { TracedMessage } from "./traced-message.ts";

const longestPacket = 65_535;
const linkTypeRaw = 101;

/** `messages` as they are to be seen, in order. */
export function formatPcap(messages: readonly TracedMessage[]): Buffer {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(longestPacket, 16);
  head.writeUInt32LE(linkTypeRaw, 20);
  const packets = messages.flatMap((message) => {
    const packet = udpPacket(endsOf(message), message.bytes);
    const record = Buffer.alloc(16);
    record.writeUInt32LE(Math.floor(message.at / 1000), 0);
    record.writeUInt32LE(Math.round((message.at % 1000) * 1000), 4);
    record.writeUInt32LE(packet.length, 8);
    record.writeUInt32LE(packet.length + Math.max(0, message.bytes.length - (packet.length - headsOf(packet))), 12);
    return [record, packet];
  });
  return Buffer.concat([head, ...packets]);
}

function headsOf(packet: Buffer): number {
  return ((packet[0] ?? 0) >> 4 === 4 ? 20 : 40) + 8;
}
