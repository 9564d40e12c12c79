/**
 * One message as a HEPv3 packet (HEP3 Network Protocol Specification, revision 26), as Homer and other capture servers take it. Big-endian.
 *
 *     0  "HEP3"   4 u16 bytes of the whole packet   then chunks:
 *     0  u16 vendor, 0 for those of the specification   2 u16 type   4 u16 bytes of the chunk, these 6 with them   6 value
 *
 * | type | value | |
 * |---|---|---|
 * | 1 | u8 | IP family: 2 or 10 |
 * | 2 | u8 | IP protocol: 17 UDP, 6 TCP (also for TLS and WebSocket) |
 * | 3, 4 or 5, 6 | 4 or 16 bytes | source and destination address |
 * | 7, 8 | u16 | source and destination port |
 * | 9, 10 | u32 | seconds since 1970, and microseconds |
 * | 11 | u8 | protocol of the payload: 1 is SIP |
 * | 12 | u32 | capture id: which of the senders this is |
 * | 14 | text | authentication key, when there is one |
 * | 15 | bytes | the message |
 * | 17 | text | correlation id: the Call-ID |
 */
import { addressBytes, endsOf } from "./packet.ts";
import type { TracedMessage } from "./traced-message.ts";

export type HepIdentity = { readonly captureId: number; readonly key?: string | undefined };

const longestDatagram = 65_507;
const udp = 17;
const tcp = 6;

/** `message` as it is to be seen. Undefined when no datagram holds it. */
export function formatHep(message: TracedMessage, { captureId, key }: HepIdentity): Buffer | undefined {
  const ends = endsOf(message);
  const { source, destination } = addressBytes(ends);
  const isV4 = source.length === 4;
  const chunks = [
    chunk(1, u8(isV4 ? 2 : 10)),
    chunk(2, u8(message.protocol === "udp" ? udp : tcp)),
    chunk(isV4 ? 3 : 5, source),
    chunk(isV4 ? 4 : 6, destination),
    chunk(7, u16(ends.source.port)),
    chunk(8, u16(ends.destination.port)),
    chunk(9, u32(Math.floor(message.at / 1000))),
    chunk(10, u32(Math.round((message.at % 1000) * 1000))),
    chunk(11, u8(1)),
    chunk(12, u32(captureId)),
    ...(key === undefined ? [] : [chunk(14, Buffer.from(key))]),
    chunk(17, Buffer.from(message.callId, "latin1")),
    chunk(15, message.bytes),
  ];
  const head = Buffer.from("HEP3\0\0");
  const length = chunks.reduce((sum, part) => sum + part.length, head.length);
  if (length > longestDatagram) return undefined;
  head.writeUInt16BE(length, 4);
  return Buffer.concat([head, ...chunks]);
}

const chunkHead = 6;

/** A value that makes the packet too long is told by the sum: the length is not written then. */
function chunk(type: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc(chunkHead + value.length);
  bytes.writeUInt16BE(type, 2);
  bytes.writeUInt16BE(Math.min(0xffff, bytes.length), 4);
  value.copy(bytes, chunkHead);
  return bytes;
}

function u8(value: number): Buffer {
  return Buffer.from([value]);
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
