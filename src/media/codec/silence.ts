import type { AudioCodec } from "./audio-codec.ts";
import { frameMs } from "./frame.ts";

/** 20 ms of Opus in which nothing is heard: CELT, full band, mono (RFC 6716 §3.1). */
export const silentPacket: Uint8Array = Uint8Array.of(0xf8, 0xff, 0xfe);

const made = new Map<AudioCodec, Uint8Array>();

/** The payload of 20 ms of silence. Shared: not to be written to. */
export function silentPayload(codec: AudioCodec): Uint8Array {
  let payload = made.get(codec);
  if (payload !== undefined) return payload;
  payload = codec.bytesPerMs === undefined ? silentPacket : new Uint8Array(codec.bytesPerMs * frameMs).fill(codec.silence);
  made.set(codec, payload);
  return payload;
}
