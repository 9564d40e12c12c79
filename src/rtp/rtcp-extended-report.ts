import { byteAt, readUint16, readUint32 } from "./packet.ts";

/**
 * Of RTCP XR (RFC 3611) the VoIP metrics block, §4.7. Behind the head and the SSRC of the packet follow blocks:
 *
 *    0                   1                   2                   3
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |     BT=7      |   reserved    |      length in words = 8      |
 *   |                        SSRC of source                         |
 *   |   loss rate   | discard rate  | burst density |  gap density  |
 *   |       burst duration          |         gap duration          |
 *   |     round trip delay          |       end system delay        |
 *   | signal level  |  noise level  |     RERL      |     Gmin      |
 *   |   R factor    | ext. R factor |    MOS-LQ     |    MOS-CQ     |
 *   |   RX config   |   reserved    |          JB nominal           |
 *   |          JB maximum           |          JB abs max           |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
const voipMetricsType = 7;
const voipMetricsBytes = 36;
/** Of R and MOS: not measured. */
const unavailable = 127;

export type VoipMetrics = {
  /** Whose stream this is about. */
  readonly ssrc: number;
  /** Lost by the network, and discarded for coming too late or too early; each 0 to 1. */
  readonly lossFraction: number;
  readonly discardFraction: number;
  readonly roundTripMs: number;
  /** Of the one that reports, between its network and its ear and mouth. */
  readonly endSystemDelayMs: number;
  /** R, and the mean opinion score of a conversation, when measured. */
  readonly rating?: number;
  readonly mos?: number;
};

/** `bytes` are one XR packet with its head. Other blocks are passed over; what does not fit ends it. */
export function readVoipMetrics(bytes: Uint8Array): readonly VoipMetrics[] {
  const metrics: VoipMetrics[] = [];
  for (let at = 8; at + 4 <= bytes.length; ) {
    const next = at + (readUint16(bytes, at + 2) + 1) * 4;
    if (next > bytes.length) break;
    if (byteAt(bytes, at) === voipMetricsType && next - at >= voipMetricsBytes) metrics.push(readBlock(bytes, at));
    at = next;
  }
  return metrics;
}

function readBlock(bytes: Uint8Array, at: number): VoipMetrics {
  const rating = byteAt(bytes, at + 24);
  const mosTenths = byteAt(bytes, at + 27);
  return {
    ssrc: readUint32(bytes, at + 4),
    lossFraction: byteAt(bytes, at + 8) / 256,
    discardFraction: byteAt(bytes, at + 9) / 256,
    roundTripMs: readUint16(bytes, at + 16),
    endSystemDelayMs: readUint16(bytes, at + 18),
    ...(rating !== unavailable && { rating }),
    ...(mosTenths !== unavailable && { mos: mosTenths / 10 }),
  };
}
