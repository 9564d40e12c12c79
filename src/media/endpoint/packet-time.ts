import type { AudioCodec } from "../codec/audio-codec.ts";
import { frameMs } from "../codec/frame.ts";
import { OpusPacketiser } from "./opus-packetiser.ts";
import { Packetiser } from "./packetiser.ts";

/** The longest payload of 20 ms of a codec of varying length: our Opus stays far below (RFC 7587 §3.1.1). */
export const variablePayloadBytes = 512;

/** What makes packets of `ptimeMs`, or as near to it as the codec allows: `known` where that still does. Undefined where a frame is a packet. */
export function packetiserFor(
  codec: AudioCodec,
  ptimeMs = frameMs,
  known: Packetiser | OpusPacketiser | undefined,
): Packetiser | OpusPacketiser | undefined {
  const { bytesPerMs } = codec;
  const heldMs = bytesPerMs === undefined ? ptimeMs - (ptimeMs % frameMs) : Math.min(ptimeMs, longestPtimeMs(bytesPerMs));
  if (heldMs === frameMs || heldMs === 0) return undefined;
  if (known?.ptimeMs === heldMs && known.bytesPerMs === bytesPerMs) return known;
  return bytesPerMs === undefined ? new OpusPacketiser(heldMs, variablePayloadBytes) : new Packetiser(heldMs, bytesPerMs);
}

/** A packet has to fit an Ethernet frame: L16 at 48 kHz is 96 bytes a millisecond. */
function longestPtimeMs(bytesPerMs: number): number {
  return Math.max(10, Math.floor(1400 / bytesPerMs / 10) * 10);
}
