/**
 * A file of packets, each with its length before it:
 *
 *    0                   1
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
 *   +-------------------------------+------------------+
 *   |  length, little-endian        |  packet ...      |
 *   +-------------------------------+------------------+
 */
/** A file of which a piece is got into memory at a time. */
type PacketFile = { readonly sizeBytes: number; load(at: number): Promise<PacketPiece> };
type PacketPiece = { readonly start: number; readonly bytes: Uint8Array };

/** How many packets a file has, and where every 50th begins: a second of Opus. */
export type Packets = { readonly count: number; readonly marks: readonly number[] };

export const lengthBytes = 2;
const packetsPerMark = 50;

/** What is cut off at the end does not count. */
export async function walkPackets(file: PacketFile): Promise<Packets> {
  const marks: number[] = [];
  const { count } = await hop(file, 0, Number.POSITIVE_INFINITY, marks);
  return { count, marks };
}

/** Where packet `index` begins; the end of the file when there are not so many. */
export async function packetStart(file: PacketFile, { count, marks }: Packets, index: number): Promise<number> {
  if (index >= count) return file.sizeBytes;
  const { at } = await hop(file, marks[Math.floor(index / packetsPerMark)] ?? 0, index % packetsPerMark, []);
  return at;
}

/** Goes over `most` packets from byte `at` on, and notes where every 50th begins. Waits only where the next piece is not in memory. */
async function hop(
  file: PacketFile,
  from: number,
  most: number,
  marks: number[],
): Promise<{ readonly at: number; readonly count: number }> {
  let piece: PacketPiece | undefined;
  let at = from;
  let count = 0;
  for (; count < most && at + lengthBytes <= file.sizeBytes; count++) {
    let length = 0;
    for (let byte = 0; byte < lengthBytes; byte++) {
      const place = at + byte;
      if (piece === undefined || place >= piece.start + piece.bytes.length) piece = await file.load(place);
      length |= (piece.bytes[place - piece.start] ?? 0) << (8 * byte);
    }
    const next = at + lengthBytes + length;
    if (next > file.sizeBytes) break;
    if (count % packetsPerMark === 0) marks.push(at);
    at = next;
  }
  return { at, count };
}
