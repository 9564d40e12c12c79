import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { codecByName } from "../codec/codec.ts";
import type { PlayableItem } from "../orders.ts";
import { Player } from "./player.ts";
import { PromptCache } from "./prompt-cache.ts";

test("sound that is loaded for a codec that is no longer wanted is not played", async () => {
  const directory = await mkdtemp(join(tmpdir(), "player-"));
  const files = { PCMU: join(directory, "a.ulaw"), PCMA: join(directory, "a.alaw") };
  await writeFile(files.PCMU, new Uint8Array(160).fill(1));
  await writeFile(files.PCMA, new Uint8Array(160).fill(2));
  const cache = new PromptCache(1000);
  await cache.load(files.PCMA);
  const player = new Player({ promptId: "p", items: [], offsetMs: 0, start: 0, bargeIn: false }, codecByName.PCMU);
  // The second is in memory and overtakes the first.
  await Promise.all([player.load([{ kind: "file", files }], cache), player.changeCodec(codecByName.PCMA, cache)]);
  const frame = new Uint8Array(160);
  player.read(frame);
  expect(new Set(frame)).toEqual(new Set([2]));
  await rm(directory, { recursive: true });
});

test("the cache keeps to its limit, dropping what was used longest ago", async () => {
  const directory = await mkdtemp(join(tmpdir(), "cache-"));
  const paths = ["a", "b", "c"].map((name) => join(directory, name));
  for (const path of paths) await writeFile(path, new Uint8Array(400));
  const [a = "", b = "", c = ""] = paths;
  const cache = new PromptCache(1000);
  const first = await cache.load(a);
  await cache.load(b);
  expect(await cache.load(a)).toBe(first);
  await cache.load(c);
  expect(cache.bytes).toBe(800);
  await rm(directory, { recursive: true });
  expect(await cache.load(a)).toBe(first);
  await expect(cache.load(b)).rejects.toThrow("ENOENT");
});

/** The bytes of a prompt of two pieces (3 and 2 frames), frame by frame, until it ends; at most 40. */
async function played(repeat: number, offsetMs = 0, items: readonly PlayableItem[] = [tone(500, 60), tone(800, 40)]) {
  const player = new Player({ promptId: "p", items: [], offsetMs, start: 0, bargeIn: false, repeat }, codecByName.PCMU);
  await player.load(items, new PromptCache(1000));
  const frames: string[] = [];
  for (; !player.isEnded && frames.length < 40; ) {
    const frame = new Uint8Array(160);
    player.read(frame);
    frames.push(Buffer.from(frame).toString("hex"));
  }
  return { frames, isEnded: player.isEnded, positionMs: player.positionMs };
}
const tone = (frequencyHz: number, durationMs: number): PlayableItem => ({ kind: "tone", frequencyHz, durationMs });

test.each([
  [0, 5],
  [1, 10],
  [3, 20],
])("a prompt repeated %i times is %i frames, each round like the first", async (repeat, frames) => {
  const [once, whole] = [await played(0), await played(repeat)];
  expect(whole.frames).toEqual(Array.from({ length: repeat + 1 }, () => once.frames).flat());
  expect([whole.isEnded, whole.positionMs]).toEqual([true, frames * 20]);
});

test("for ever is for ever, and goes on in the middle of a round; without sound it ends", async () => {
  const [once, endless, later] = [await played(0), await played(-1), await played(-1, 1060)];
  expect(endless.isEnded).toBe(false);
  expect(endless.frames).toEqual(Array.from({ length: 8 }, () => once.frames).flat());
  expect(later.frames.slice(0, 4)).toEqual([...once.frames.slice(3), ...once.frames.slice(0, 2)]);
  expect((await played(-1, 0, [])).isEnded).toBe(true);
});

test("the offset counts all rounds, also beyond the last", async () => {
  const once = await played(0);
  expect((await played(2, 240)).frames).toEqual(once.frames.slice(2));
  expect(await played(1, 5000)).toMatchObject({ isEnded: true, frames: [expect.any(String)] });
});
