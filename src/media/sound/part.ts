import type { PlayableItem } from "../orders.ts";
import type { SoundFormat } from "../plan.ts";
import { callProgressTone, renderCadence } from "./call-progress.ts";
import { FileCursor } from "./file-cursor.ts";
import type { Packets } from "./packets.ts";
import type { PromptCache } from "./prompt-cache.ts";
import { isLinear, shapeOf } from "./sound-format.ts";

/** A stretch of a prompt: the sound of a file, a loop, or a tone (of 0 Hz: silence). */
export type Part = {
  readonly units: number;
  readonly cursor: FileCursor | undefined;
  /** Of a file of packets. */
  readonly packets: Packets | undefined;
  readonly frequencyHz: number;
  /** Samples to be gone through over and over. */
  readonly loop: Int16Array | undefined;
};

/** −12 dBFS. */
const toneAmplitude = 8192;

/** Rejects when a file cannot be read, or when the format has no way to say what the item is. */
export async function partOf(item: PlayableItem, format: SoundFormat, cache: PromptCache): Promise<Part> {
  const { unitRateHz, unitBytes, companding } = shapeOf(format);
  if (item.kind === "file") {
    const file = await cache.open(item.path);
    const packets = unitBytes === 0 ? await file.packets() : undefined;
    return {
      units: packets?.count ?? Math.floor(file.sizeBytes / unitBytes),
      cursor: new FileCursor(file),
      packets,
      frequencyHz: 0,
      loop: undefined,
    };
  }
  if (companding === undefined && !isLinear(format)) throw new Error(`${item.kind} is not played in ${format}`);
  const units = Math.round((item.durationMs * unitRateHz) / 1000);
  const loop = item.kind === "network-tone" ? renderCadence(callProgressTone(item.tone, item.country), unitRateHz) : undefined;
  return { units, cursor: undefined, packets: undefined, frequencyHz: item.kind === "tone" ? item.frequencyHz : 0, loop };
}

/** Sample `index` of a tone. */
export function toneSample(frequencyHz: number, index: number, sampleRateHz: number): number {
  return Math.round(toneAmplitude * Math.sin((2 * Math.PI * frequencyHz * index) / sampleRateHz));
}
