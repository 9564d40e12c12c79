import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { codecByName } from "../codec/codec.ts";
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
