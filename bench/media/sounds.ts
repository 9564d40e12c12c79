import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SoundItem } from "./messages.ts";

const rateHz = 8_000;
const headerBytes = 44;

/** What is played and said: a voice, over and over. */
export const sentence: SoundItem = {
  kind: "speech",
  text: "The line stays open while this sentence is read out again and again to everybody who listens.",
};

/** A tone without a moment of silence, of a length that ends within a frame. */
const toneMs = 1_010;

export type Sounds = { readonly tone: SoundItem; readonly keys: SoundItem };

/** Writes the sounds that nobody speaks into `directory`: a tone, and the key 5 for 100 ms in each second of a hum. */
export async function writeSounds(directory: string): Promise<Sounds> {
  const tone = await writeWav(join(directory, "tone.wav"), toneMs, (ms) => wave(440, ms));
  const keys = await writeWav(join(directory, "keys.wav"), 5_000, (ms) =>
    ms % 1_000 < 100 ? (wave(770, ms) + wave(1336, ms)) / 2 : (wave(110, ms) + wave(330, ms) + wave(550, ms)) / 6,
  );
  return { tone, keys };
}

function wave(frequencyHz: number, ms: number): number {
  return Math.sin((2 * Math.PI * frequencyHz * ms) / 1_000);
}

async function writeWav(path: string, durationMs: number, level: (ms: number) => number): Promise<SoundItem> {
  const samples = (durationMs * rateHz) / 1_000;
  const bytes = Buffer.alloc(headerBytes + samples * 2);
  bytes.write("RIFF", 0, "latin1");
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write("WAVEfmt ", 8, "latin1");
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rateHz, 24);
  bytes.writeUInt32LE(rateHz * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write("data", 36, "latin1");
  bytes.writeUInt32LE(samples * 2, 40);
  for (let sample = 0; sample < samples; sample++) {
    bytes.writeInt16LE(Math.round(level((sample * 1_000) / rateHz) * 16_000), headerBytes + sample * 2);
  }
  await writeFile(path, bytes);
  return { kind: "audio", uri: path };
}
