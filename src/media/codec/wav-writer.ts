import { sampleRateHz } from "./codec.ts";

export const wavHeaderBytes = 44;

/**
 * The header of a 16-bit 8 kHz mono WAV file with so many bytes of samples. A file that is still written has one with a smaller number: valid, with what
 * came later not counted.
 */
export function wavHeader(dataBytes: number): Uint8Array {
  const bytes = new Uint8Array(wavHeaderBytes);
  const view = new DataView(bytes.buffer);
  bytes.set(Buffer.from("RIFF----WAVEfmt "));
  view.setUint32(4, wavHeaderBytes - 8 + dataBytes, true);
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRateHz, true);
  view.setUint32(28, sampleRateHz * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  bytes.set(Buffer.from("data"), 36);
  view.setUint32(40, dataBytes, true);
  return bytes;
}
