import { sampleRateHz as usualRateHz } from "./frame.ts";

export const wavHeaderBytes = 44;

/** What a header says of samples that are still to come, and that it will not be told of: a reader goes on to the end of the file. */
export const unknownLength = 0xffff_ffff;

export type WavFormat = { readonly sampleRateHz: number; readonly channels: 1 | 2 };

/**
 * The header of a 16-bit WAV file with so many bytes of samples, `unknownLength` for a stream. A file that is still written has one with a smaller
 * number: valid, with what came later not counted.
 */
export function wavHeader(
  dataBytes: number,
  { sampleRateHz, channels }: WavFormat = { sampleRateHz: usualRateHz, channels: 1 },
): Uint8Array {
  const bytes = new Uint8Array(wavHeaderBytes);
  const view = new DataView(bytes.buffer);
  bytes.set(Buffer.from("RIFF----WAVEfmt "));
  view.setUint32(4, Math.min(unknownLength, wavHeaderBytes - 8 + dataBytes), true);
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRateHz, true);
  view.setUint32(28, sampleRateHz * 2 * channels, true);
  view.setUint16(32, 2 * channels, true);
  view.setUint16(34, 16, true);
  bytes.set(Buffer.from("data"), 36);
  view.setUint32(40, dataBytes, true);
  return bytes;
}

/** The format of a file of ours by its first `wavHeaderBytes`; undefined when they are not what `wavHeader` writes. */
export function ownWavFormat(bytes: Uint8Array): WavFormat | undefined {
  if (bytes.length < wavHeaderBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const channels = view.getUint16(22, true);
  if (channels !== 1 && channels !== 2) return undefined;
  const format = { sampleRateHz: view.getUint32(24, true), channels } as const;
  const expected = wavHeader(view.getUint32(40, true), format);
  return expected.every((byte, index) => byte === bytes[index]) ? format : undefined;
}
