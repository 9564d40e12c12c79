import { type Parsed, parsed, unparsed } from "../../../kernel/index.ts";

/** The sound of a file, as one channel, a stretch at a time: what is read and decoded in one go takes some milliseconds. */
export type SoundReader = {
  /** What the file is, for people: "WAV, 16-bit PCM". */
  readonly kind: string;
  /** Its media type. */
  readonly contentType: string;
  readonly sampleRateHz: number;
  /** Undefined at the end. What it gave before is overwritten. */
  next(): Promise<Int16Array | undefined>;
  close(): void;
};

type Begun = Pick<SoundReader, "next" | "close"> & { describe(): Pick<SoundReader, "kind" | "contentType" | "sampleRateHz"> };

/** A reader of a file that is known only by decoding its first samples; without any, or when they cannot be read, it is closed. */
export async function begin({ describe, next, close }: Begun): Promise<Parsed<SoundReader>> {
  let first: Int16Array | undefined;
  try {
    first = await next();
  } finally {
    if (first === undefined) close();
  }
  const description = describe();
  if (first === undefined) return unparsed(`an ${description.kind} file without sound`);
  return parsed({
    ...description,
    async next() {
      const block = first ?? (await next());
      first = undefined;
      return block;
    },
    close,
  });
}

/** Bytes read and decoded in one go. */
export const sliceBytes: number = 32 * 1024;
export const slowestHz = 6000;
export const fastestHz = 192_000;
export const mostChannels = 8;

/** The mean of all channels, as 16-bit samples; what is no number is silence. */
export function mixDown(channels: readonly Float32Array[], samples: number): Int16Array {
  const mixed = new Int16Array(samples);
  const scale = 32_768 / Math.max(1, channels.length);
  for (let index = 0; index < samples; index++) {
    let sum = 0;
    for (const channel of channels) sum += channel[index] ?? 0;
    mixed[index] = clipped(sum * scale);
  }
  return mixed;
}

export function clipped(sample: number): number {
  return sample > 32_767 ? 32_767 : sample < -32_768 ? -32_768 : Math.round(sample);
}
