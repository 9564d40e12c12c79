import { rename } from "node:fs/promises";
import { join } from "node:path";
import type { SoundFormat } from "../plan.ts";
import { shapeOf, soundFormats } from "../sound/sound-format.ts";

/** A decoded sound, and what was made of it: `<hash>.master-<rate>` has samples, `<hash>.<format>` the same in a format. */
export type Master = { readonly hash: string; readonly sampleRateHz: number; readonly samples: number };

export type SoundFileName =
  | { readonly hash: string; readonly kind: "master"; readonly sampleRateHz: number }
  | { readonly hash: string; readonly kind: "variant"; readonly format: SoundFormat };

export const sampleBytes = 2;

export function masterPath(directory: string, { hash, sampleRateHz }: Pick<Master, "hash" | "sampleRateHz">): string {
  return join(directory, `${hash}.master-${sampleRateHz}`);
}

/** The master itself, where it is in the format already. */
export function variantPath(directory: string, master: Pick<Master, "hash" | "sampleRateHz">, format: SoundFormat): string {
  if (isMaster(master, format)) return masterPath(directory, master);
  return join(directory, `${master.hash}.${suffixOf(format)}`);
}

export function isMaster({ sampleRateHz }: Pick<Master, "sampleRateHz">, format: SoundFormat): boolean {
  return format === `linear/${sampleRateHz}`;
}

/** What a file of the directory is; undefined for what does not belong there. */
export function parseFileName(name: string): SoundFileName | undefined {
  const [, hash = "", suffix = ""] = /^([0-9a-f]{64})\.(.+)$/.exec(name) ?? [];
  const [, rate] = /^master-(\d{4,5})$/.exec(suffix) ?? [];
  if (rate !== undefined) return { hash, kind: "master", sampleRateHz: Number(rate) };
  const format = soundFormats.find((known) => suffixOf(known) === suffix);
  return hash === "" || format === undefined ? undefined : { hash, kind: "variant", format };
}

export function durationMsOf({ samples, sampleRateHz }: Master): number {
  return Math.floor((samples * 1000) / sampleRateHz);
}

/** Where a file is written until it is whole: a reader, also one after a crash, never finds half of it. */
export function partPath(path: string): string {
  return `${path}.part`;
}

export function finish(path: string): Promise<void> {
  return rename(partPath(path), path);
}

/** Samples that are encoded together. */
export function samplesPerUnit(format: SoundFormat): number {
  const { sampleRateHz, unitRateHz } = shapeOf(format);
  return sampleRateHz / unitRateHz;
}

function suffixOf(format: SoundFormat): string {
  return format.replace("/", "-");
}
