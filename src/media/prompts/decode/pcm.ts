import { aLaw, muLaw } from "../../codec/g711.ts";
import type { BlockCodec } from "./blocks.ts";
import { clipped } from "./sound-reader.ts";

type Read = (view: DataView, at: number) => number;

export type SampleKind = "PCM" | "unsigned PCM" | "float" | "mu-law" | "A-law";

/** Samples of `sampleBytes` each, interleaved; undefined when there is no such kind. */
export function pcmCodec(kind: SampleKind, sampleBytes: number, channels: number, isLittleEndian: boolean): BlockCodec | undefined {
  const read = readerOf(kind, sampleBytes, isLittleEndian);
  if (read === undefined) return undefined;
  const blockBytes = sampleBytes * channels;
  let view: DataView = new DataView(new ArrayBuffer(0));
  return {
    name: kind.endsWith("law") ? kind : `${sampleBytes * 8}-bit ${kind === "float" ? "float" : "PCM"}`,
    blockBytes,
    blockSamples: 1,
    decode(bytes, start, end, into, at) {
      if (end - start < blockBytes) return 0;
      // One view for all frames of a slice: making one took longer than reading a sample.
      if (view.buffer !== bytes.buffer) view = new DataView(bytes.buffer);
      let sum = 0;
      for (let place = start + bytes.byteOffset, channel = 0; channel < channels; channel++, place += sampleBytes) sum += read(view, place);
      into[at] = clipped(sum / channels);
      return 1;
    },
  };
}

/** Of 16 bits; what is finer is cut off, which is 96 dB below the loudest. */
function readerOf(kind: SampleKind, sampleBytes: number, isLittleEndian: boolean): Read | undefined {
  switch (`${kind} ${sampleBytes}`) {
    case "unsigned PCM 1":
      return (view, at) => (view.getUint8(at) - 128) << 8;
    case "PCM 1":
      return (view, at) => view.getInt8(at) << 8;
    case "mu-law 1":
      return (view, at) => muLaw.toLinear[view.getUint8(at)] ?? 0;
    case "A-law 1":
      return (view, at) => aLaw.toLinear[view.getUint8(at)] ?? 0;
    case "float 4":
      return (view, at) => ofFloat(view.getFloat32(at, isLittleEndian));
    case "float 8":
      return (view, at) => ofFloat(view.getFloat64(at, isLittleEndian));
    case "PCM 2":
      return (view, at) => view.getInt16(at, isLittleEndian);
    case "PCM 3":
      return isLittleEndian ? (view, at) => view.getInt16(at + 1, true) : (view, at) => view.getInt16(at, false);
    case "PCM 4":
      return isLittleEndian ? (view, at) => view.getInt16(at + 2, true) : (view, at) => view.getInt16(at, false);
    default:
      return undefined;
  }
}

function ofFloat(value: number): number {
  return Number.isFinite(value) ? clipped(value * 32_768) : 0;
}
