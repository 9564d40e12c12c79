/** A capture file (pcap) of one RTP stream on Ethernet: what SIPp plays. A packet each `ptimeMs`; addresses and ports are SIPp's to fill in. */
export function rtpCapture(payloadType: number, payloads: readonly Uint8Array[], ptimeMs: number, clockRateHz = 8_000): Uint8Array {
  const parts = [fileHeader()];
  payloads.forEach((payload, index) => {
    const packet = Buffer.concat([
      frameHeader(payload.length),
      rtpHeader(payloadType, index, (index * ptimeMs * clockRateHz) / 1_000),
      payload,
    ]);
    const record = Buffer.alloc(16);
    const atMs = index * ptimeMs;
    record.writeUInt32LE(Math.floor(atMs / 1_000), 0);
    record.writeUInt32LE((atMs % 1_000) * 1_000, 4);
    record.writeUInt32LE(packet.length, 8);
    record.writeUInt32LE(packet.length, 12);
    parts.push(record, packet);
  });
  return Buffer.concat(parts);
}

function fileHeader(): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  const ethernet = 1;
  header.writeUInt32LE(ethernet, 20);
  return header;
}

/** Ethernet, IPv4 without options, UDP. */
function frameHeader(payloadBytes: number): Buffer {
  const udpBytes = 8 + 12 + payloadBytes;
  const header = Buffer.alloc(14 + 20 + 8);
  header.writeUInt16BE(0x0800, 12);
  header.writeUInt8(0x45, 14);
  header.writeUInt16BE(20 + udpBytes, 16);
  header.writeUInt8(64, 22);
  header.writeUInt8(17, 23);
  header.set([127, 0, 0, 1], 26);
  header.set([127, 0, 0, 1], 30);
  header.writeUInt16BE(6_000, 34);
  header.writeUInt16BE(6_000, 36);
  header.writeUInt16BE(udpBytes, 38);
  return header;
}

function rtpHeader(payloadType: number, index: number, timestamp: number): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt8(0x80, 0);
  header.writeUInt8((index === 0 ? 0x80 : 0) | payloadType, 1);
  header.writeUInt16BE(100 + index, 2);
  header.writeUInt32BE(160_000 + timestamp, 4);
  header.writeUInt32BE(0x5e_ed_00_02, 8);
  return header;
}
