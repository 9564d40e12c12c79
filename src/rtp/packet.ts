/**
 * The RTP packet, RFC 3550 §5.1. Headers are read into and written from values that the caller keeps: nothing is allocated per packet.
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                           timestamp                           |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |           synchronization source (SSRC) identifier            |
 *   +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
 *   |   0 to 15 contributing sources (CC of them), 32 bits each     |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |  X: profile's own (16 bits)   | length of it in 32-bit words  |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
export const rtpHeaderBytes = 12;

export type RtpHeader = {
  marker: boolean;
  payloadType: number;
  sequenceNumber: number;
  timestamp: number;
  ssrc: number;
};

/** A header as it was read, with where the payload lies: [payloadStart, payloadEnd), padding left out. */
export type ReceivedRtpHeader = RtpHeader & { payloadStart: number; payloadEnd: number };

export function emptyRtpHeader(): ReceivedRtpHeader {
  return { marker: false, payloadType: 0, sequenceNumber: 0, timestamp: 0, ssrc: 0, payloadStart: 0, payloadEnd: 0 };
}

/** Reads a packet's header into `header`. False when `bytes` are no RTP version 2 packet; `header` is then undefined in content. */
export function parseRtp(bytes: Uint8Array, header: ReceivedRtpHeader): boolean {
  const length = bytes.length;
  const first = byteAt(bytes, 0);
  const second = byteAt(bytes, 1);
  // Types 192 to 223 are RTCP on the same port (RFC 5761 §4), never a payload type.
  if (length < rtpHeaderBytes || first >>> 6 !== 2 || (second >= 192 && second <= 223)) return false;
  let start = rtpHeaderBytes + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0) {
    if (length < start + 4) return false;
    start += 4 + readUint16(bytes, start + 2) * 4;
  }
  let end = length;
  if ((first & 0x20) !== 0) {
    const padding = byteAt(bytes, length - 1);
    if (padding === 0) return false;
    end -= padding;
  }
  if (start > end) return false;
  header.marker = second >= 0x80;
  header.payloadType = second & 0x7f;
  header.sequenceNumber = readUint16(bytes, 2);
  header.timestamp = readUint32(bytes, 4);
  header.ssrc = readUint32(bytes, 8);
  header.payloadStart = start;
  header.payloadEnd = end;
  return true;
}

/** Writes the 12 bytes of a header without contributing sources, extension or padding to the begin of `bytes`. */
export function writeRtpHeader(bytes: Uint8Array, header: RtpHeader): void {
  bytes[0] = 0x80;
  bytes[1] = (header.marker ? 0x80 : 0) | header.payloadType;
  writeUint16(bytes, 2, header.sequenceNumber);
  writeUint32(bytes, 4, header.timestamp);
  writeUint32(bytes, 8, header.ssrc);
}

export function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

export function readUint16(bytes: Uint8Array, at: number): number {
  return (byteAt(bytes, at) << 8) | byteAt(bytes, at + 1);
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return ((byteAt(bytes, at) << 24) | (byteAt(bytes, at + 1) << 16) | (byteAt(bytes, at + 2) << 8) | byteAt(bytes, at + 3)) >>> 0;
}

export function writeUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
