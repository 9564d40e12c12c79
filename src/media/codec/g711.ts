/** ITU-T G.711 as tables. Both laws are a sign, a 3-bit exponent and a 4-bit mantissa. */

export type CompandingTables = { readonly silence: number; readonly toLinear: Int16Array; readonly fromLinear: Uint8Array };

/** Shifts the smallest magnitudes up so that every segment has a leading one. */
const muLawBias = 132;
const muLawLimit = 32_635;
/** A-law inverts every other bit, so that silence is no run of equal bits. */
const aLawMask = 0x55;

export const muLaw: CompandingTables = tables(0xff, decodeMuLaw, encodeMuLaw);
export const aLaw: CompandingTables = tables(0xd5, decodeALaw, encodeALaw);

function tables(silence: number, decodeByte: (byte: number) => number, encodeSample: (sample: number) => number): CompandingTables {
  return {
    silence,
    toLinear: Int16Array.from({ length: 256 }, (_, byte) => decodeByte(byte)),
    fromLinear: Uint8Array.from({ length: 65_536 }, (_, index) => encodeSample((index << 16) >> 16)),
  };
}

function decodeMuLaw(byte: number): number {
  const bits = ~byte & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + muLawBias) << ((bits >> 4) & 7)) - muLawBias;
  return bits >= 0x80 ? -magnitude : magnitude;
}

function encodeMuLaw(sample: number): number {
  const magnitude = Math.min(muLawLimit, Math.abs(sample)) + muLawBias;
  const exponent = 24 - Math.clz32(magnitude);
  const bits = (sample < 0 ? 0x80 : 0) | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f);
  return ~bits & 0xff;
}

function decodeALaw(byte: number): number {
  const bits = byte ^ aLawMask;
  const exponent = (bits >> 4) & 7;
  const step = ((bits & 0x0f) << 4) + 8;
  const magnitude = exponent === 0 ? step : (step + 256) << (exponent - 1);
  return bits >= 0x80 ? magnitude : -magnitude;
}

function encodeALaw(sample: number): number {
  // One's complement, so that −1 and 0 lie in mirrored segments.
  const magnitude = sample < 0 ? ~sample : sample;
  const exponent = Math.max(0, 24 - Math.clz32(magnitude));
  const mantissa = (magnitude >> (exponent === 0 ? 4 : exponent + 3)) & 0x0f;
  return ((sample < 0 ? 0 : 0x80) | (exponent << 4) | mantissa) ^ aLawMask;
}
