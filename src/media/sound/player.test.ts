import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { eventually } from "../../../test/support/waiting.ts";
import { muLaw } from "../codec/g711.ts";
import type { PlayableItem } from "../orders.ts";
import type { PromptPlan, SoundFormat } from "../plan.ts";
import { FileCursor } from "./file-cursor.ts";
import { Player } from "./player.ts";
import { PromptCache } from "./prompt-cache.ts";
import { isLinear, shapeOf } from "./sound-format.ts";

const directory = temporaryDirectory();
afterAll(() => directory[Symbol.dispose]());

let files = 0;
function fileOf(bytes: Uint8Array): PlayableItem & { readonly path: string } {
  files += 1;
  const path = join(directory.path, `${files}.raw`);
  writeFileSync(path, bytes);
  return { kind: "file", path };
}

/** A file of `samples` samples that count up from `first`. */
function linearFile(first: number, samples: number): PlayableItem {
  return fileOf(new Uint8Array(Int16Array.from({ length: samples }, (_, index) => first + index).buffer));
}

function byteFile(first: number, bytes: number): PlayableItem & { readonly path: string } {
  return fileOf(Uint8Array.from({ length: bytes }, (_, index) => first + index));
}

function plan(changes: Partial<PromptPlan> = {}): PromptPlan {
  return { promptId: "p", items: [], offsetMs: 0, start: 0, bargeIn: false, ...changes };
}

/** Reads until it ends, and leaves out silence: what is waited for. */
async function heardOf(player: Player, samples: number): Promise<readonly number[]> {
  const heard: number[] = [];
  await eventually("its end", () => {
    const into = new Int16Array(samples);
    player.readLinear(into);
    heard.push(...into.filter((sample) => sample !== 0));
    return player.isEnded;
  });
  return heard;
}

const tone = (frequencyHz: number, durationMs: number): PlayableItem => ({ kind: "tone", frequencyHz, durationMs });
const small = { wholeBytes: 100, pieceBytes: 64 };

/** What a player gives until it ends, `frameMs` at a time, as numbers; at most 40 frames. */
async function played(
  items: readonly PlayableItem[],
  changes: Partial<PromptPlan> = {},
  format: SoundFormat = "linear/8000",
  frameMs = 20,
) {
  const player = new Player(plan(changes), format);
  await player.load(items, format, new PromptCache(1_000_000));
  const heard: number[] = [];
  const { unitRateHz, unitBytes } = shapeOf(format);
  const units = (unitRateHz * frameMs) / 1000;
  for (let frame = 0; !player.isEnded && frame < 40; frame++) {
    if (isLinear(format)) {
      const into = new Int16Array(units).fill(99);
      player.readLinear(into);
      heard.push(...into);
    } else {
      const into = new Uint8Array(units * unitBytes).fill(99);
      expect(player.read(into)).toBe(into.length);
      heard.push(...into);
    }
  }
  return { heard, isEnded: player.isEnded, positionMs: player.positionMs };
}

function numbers(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

describe("a list of sounds", () => {
  test("is joined to the sample, and ends in silence", async () => {
    const { heard, positionMs } = await played([linearFile(1000, 250), linearFile(2000, 3), linearFile(3000, 60)]);
    expect(heard).toEqual([...numbers(1000, 250), ...numbers(2000, 3), ...numbers(3000, 60), ...Array<number>(7).fill(0)]);
    expect(positionMs).toBe(39);
  });

  test.each<SoundFormat>(["PCMU", "PCMA"])("is joined to the byte in %s", async (format) => {
    const { heard } = await played([byteFile(1, 100), byteFile(101, 55)], {}, format);
    expect(heard).toEqual([...numbers(1, 155), ...Array<number>(5).fill(shapeOf(format).silence)]);
  });

  test.each([10, 20, 30, 60])("is the same in frames of %i ms", async (frameMs) => {
    const { heard } = await played([linearFile(1000, 250), tone(500, 60), linearFile(2000, 77)], {}, "linear/8000", frameMs);
    const whole = await played([linearFile(1000, 250), tone(500, 60), linearFile(2000, 77)]);
    expect(heard.slice(0, 807)).toEqual(whole.heard.slice(0, 807));
  });

  test.each<[SoundFormat, number]>([
    ["linear/8000", 8],
    ["linear/16000", 16],
    ["linear/48000", 48],
  ])("has silence and tones of its own in %s", async (format, perMs) => {
    const { heard } = await played([{ kind: "silence", durationMs: 10 }, tone(1000, 10), linearFile(1, 3)], {}, format);
    expect(heard.slice(0, 10 * perMs)).toEqual(Array<number>(10 * perMs).fill(0));
    const sound = heard.slice(10 * perMs, 20 * perMs);
    expect(Math.max(...sound)).toBe(8192);
    expect(sound.slice(perMs)).toEqual(sound.slice(0, -perMs));
    expect(heard.slice(20 * perMs, 20 * perMs + 3)).toEqual([1, 2, 3]);
  });

  test.each([
    [0, 5],
    [1, 10],
    [3, 20],
  ])("repeated %i times is %i frames, each round like the first", async (repeat, frames) => {
    const items = [linearFile(1, 3 * 160), linearFile(7000, 2 * 160)];
    const { heard, isEnded, positionMs } = await played(items, { repeat });
    const round = [...numbers(1, 480), ...numbers(7000, 320)];
    expect(heard).toEqual(Array.from({ length: repeat + 1 }, () => round).flat());
    expect([isEnded, positionMs]).toEqual([true, frames * 20]);
  });

  test("is repeated without a gap within a frame", async () => {
    expect((await played([linearFile(1, 90)], { repeat: 2 })).heard.slice(0, 270)).toEqual([
      ...numbers(1, 90),
      ...numbers(1, 90),
      ...numbers(1, 90),
    ]);
  });

  test("goes on for ever when asked to, and ends at once when it has no sound", async () => {
    const endless = await played([linearFile(1, 800)], { repeat: -1 });
    expect([endless.isEnded, endless.heard.length]).toEqual([false, 40 * 160]);
    expect(await played([], { repeat: -1 })).toMatchObject({ isEnded: true, heard: Array<number>(160).fill(0) });
    expect(await played([fileOf(new Uint8Array())], { repeat: -1 })).toMatchObject({ isEnded: true });
  });

  test.each([
    [0, {}, 1],
    [10, {}, 81],
    [50, {}, 5000],
    [130, { repeat: 1 }, 241],
    [1010, { repeat: -1 }, 81],
  ])("begins at %i ms of all rounds (%j)", async (offsetMs, changes, first) => {
    const { heard } = await played([linearFile(1, 400), linearFile(5000, 400)], { offsetMs, ...changes });
    expect(heard[0]).toBe(first);
  });

  test("that begins behind its end has one frame of silence", async () => {
    expect(await played([linearFile(1, 800)], { offsetMs: 5000 })).toEqual({
      heard: Array<number>(160).fill(0),
      isEnded: true,
      positionMs: 5000,
    });
  });

  test("without its file cannot be played", async () => {
    await expect(played([{ kind: "file", path: "/nowhere" }])).rejects.toThrow("ENOENT");
  });
});

test("a pause holds the position and is told once; what comes after it is the next sample", async () => {
  const player = new Player(plan(), "linear/8000");
  await player.load([linearFile(1, 480)], "linear/8000", new PromptCache(1000));
  const into = new Int16Array(160);
  player.readLinear(into);
  expect(player.update(plan({ isPaused: true }))).toBe(true);
  expect(player.update(plan({ isPaused: true, volumeDb: -1 }))).toBe(false);
  player.readLinear(into);
  expect([player.isPlaying, player.isPaused, player.positionMs, [...new Set(into)]]).toEqual([false, true, 20, [0]]);
  expect(player.update(plan())).toBe(false);
  player.readLinear(into);
  expect([...into]).toEqual(numbers(161, 160));
  expect(player.isPlaying).toBe(true);
});

test("volume changes samples, which are clipped", async () => {
  const items = [fileOf(new Uint8Array(Int16Array.of(1000, -1000, 20_000, -20_000).buffer))];
  expect((await played(items, { volumeDb: -6.0206 })).heard.slice(0, 4)).toEqual([500, -500, 10_000, -10_000]);
  expect((await played(items, { volumeDb: 6.0206 })).heard.slice(0, 4)).toEqual([2000, -2000, 32_767, -32_768]);
});

describe("another format", () => {
  test("goes on at the same time", async () => {
    const cache = new PromptCache(10_000);
    const player = new Player(plan({ repeat: 1 }), "PCMU");
    await player.load([byteFile(1, 240)], "PCMU", cache);
    for (let frame = 0; frame < 2; frame++) player.read(new Uint8Array(160));
    await player.load([linearFile(1, 480)], "linear/16000", cache);
    expect([player.format, player.positionMs]).toEqual(["linear/16000", 40]);
    const into = new Int16Array(320);
    player.readLinear(into);
    expect([...into]).toEqual(numbers(161, 320));
    player.readLinear(into);
    expect([player.isEnded, player.positionMs]).toEqual([true, 60]);
  });

  test("is not heard before it is there; what was asked for last is", async () => {
    const cache = new PromptCache(10_000);
    const player = new Player(plan(), "PCMU");
    await player.load([byteFile(1, 640)], "PCMU", cache);
    const last = byteFile(101, 640);
    // In memory, so it overtakes the one before it.
    await (await cache.open(last.path)).load(0);
    const first = player.load([linearFile(1, 640)], "linear/8000", cache);
    const into = new Uint8Array(160);
    player.read(into);
    expect([into[0], player.format]).toEqual([1, "PCMU"]);
    await Promise.all([first, player.load([last], "PCMA", cache)]);
    player.read(into);
    expect([into[0], player.format]).toEqual([(101 + 160) & 0xff, "PCMA"]);
  });
});

/** Packets of so many bytes each; each byte of a packet is its number. */
function packetFile(lengths: readonly number[]): PlayableItem {
  return fileOf(
    Buffer.concat(lengths.map((length, index) => Buffer.from([length & 0xff, length >> 8, ...Array<number>(length).fill(index)]))),
  );
}

function packetOf(player: Player): string {
  const into = new Uint8Array(1275);
  return Buffer.from(into.subarray(0, player.read(into))).toString("hex");
}

describe("packets of Opus", () => {
  const lengths = [3, 1, 5, 2];
  const packets = ["000000", "01", "0202020202", "0303"];
  const silent = "f8fffe";

  test.each([
    [{ repeat: 1 }, [...packets, "000000", ...packets, "000000"]],
    [{ offsetMs: 59 }, ["0202020202", "0303", "000000"]],
    [{ offsetMs: 120, repeat: 1 }, [...packets.slice(1), "000000"]],
    [{ offsetMs: 1000 }, [silent]],
  ])("come one by one, without a gap (%j)", async (changes, expected) => {
    const player = new Player(plan(changes), "opus");
    await player.load([packetFile(lengths), packetFile([3])], "opus", new PromptCache(1000));
    const heard: string[] = [];
    while (!player.isEnded) heard.push(packetOf(player));
    expect(heard).toEqual(expected);
  });

  test("are found by time when there are many, in pieces and across them", async () => {
    const many = Array.from({ length: 200 }, (_, index) => 1 + (index % 7));
    for (const limits of [small, { wholeBytes: 10_000, pieceBytes: 64 }]) {
      const player = new Player(plan({ offsetMs: 123 * 20 }), "opus");
      await player.load([packetFile(many)], "opus", new PromptCache(10_000, limits));
      const heard: string[] = [];
      await eventually("its end", () => {
        for (let packet = packetOf(player); packet !== silent; packet = packetOf(player)) heard.push(packet);
        return player.isEnded;
      });
      expect(heard).toEqual(many.map((length, index) => index.toString(16).padStart(2, "0").repeat(length)).slice(123));
    }
  });

  test("stand still in a pause, and go on in samples", async () => {
    const cache = new PromptCache(10_000);
    const player = new Player(plan(), "opus");
    await player.load([packetFile(lengths)], "opus", cache);
    expect([packetOf(player), player.positionMs]).toEqual(["000000", 20]);
    player.update(plan({ isPaused: true }));
    expect([packetOf(player), player.positionMs]).toEqual([silent, 20]);
    player.update(plan());
    await player.load([linearFile(1, 80 * 48)], "linear/48000", cache);
    const into = new Int16Array(960);
    player.readLinear(into);
    expect([into[0], player.positionMs]).toEqual([961, 40]);
    await player.load([packetFile(lengths)], "opus", cache);
    expect(packetOf(player)).toBe("0202020202");
  });

  test("have no tones between them", async () => {
    await expect(new Player(plan(), "opus").load([tone(440, 20)], "opus", new PromptCache(1000))).rejects.toThrow(
      "tone is not played in opus",
    );
  });

  test("of a file that is cut off end with the last whole one", async () => {
    const item = fileOf(Uint8Array.of(1, 0, 7, 200, 0, 1, 2));
    const player = new Player(plan(), "opus");
    await player.load([item], "opus", new PromptCache(1000));
    expect([packetOf(player), player.isEnded]).toEqual(["07", true]);
  });
});

test("what is played while another file comes is not played again", async () => {
  const cache = new PromptCache(1_000_000);
  const player = new Player(plan(), "linear/8000");
  await player.load([linearFile(-32_768, 65_536)], "linear/8000", cache);
  const heard: number[] = [];
  for (let round = 0; round < 20; round++) {
    const state = { isThere: false };
    const loading = player.load([linearFile(-32_768, 65_536)], "linear/8000", cache).finally(() => (state.isThere = true));
    for (const into = new Int16Array(7); !state.isThere; ) {
      player.readLinear(into);
      heard.push(...into);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await loading;
  }
  expect(heard.length).toBeGreaterThan(100);
  expect(heard).toEqual(numbers(-32_768, heard.length));
});

test("the begin of a large file is there again when its end has been played", async () => {
  const cache = new PromptCache(small.pieceBytes, small);
  const file = await cache.open(byteFile(0, 200).path);
  const cursor = new FileCursor(file);
  await cursor.begin(192);
  cursor.pieceAt(199);
  await file.load(0);
  await file.load(64);
  expect(file.find(0)).toBeUndefined();
  expect(cursor.pieceAt(0)?.bytes[0]).toBe(0);
});

describe("large files", () => {
  test("are read in pieces, ahead of what plays", async () => {
    const cache = new PromptCache(1000, small);
    const player = new Player(plan({ repeat: 1 }), "linear/8000");
    await player.load([linearFile(1, 200)], "linear/8000", cache);
    expect(await heardOf(player, 10)).toEqual([...numbers(1, 200), ...numbers(1, 200)]);
  });

  test("wait in silence for what is not in memory yet, and lose nothing", async () => {
    const player = new Player(plan(), "linear/8000");
    await player.load([linearFile(1, 200)], "linear/8000", new PromptCache(1000, small));
    const into = new Int16Array(160);
    player.readLinear(into);
    expect(Array.from(into.subarray(0, 33))).toEqual([...numbers(1, 32), 0]);
    expect(player.positionMs).toBe(4);
    expect(await heardOf(player, 160)).toEqual(numbers(33, 168));
  });

  test("that go away end the prompt with an error", async () => {
    const player = new Player(plan(), "linear/8000");
    const item = fileOf(new Uint8Array(1000));
    await player.load([item], "linear/8000", new PromptCache(1000, small));
    rmSync(item.path);
    await heardOf(player, 160);
    expect(player.error).toMatchObject({ code: "ENOENT" });
  });
});

test("the cache keeps to its limit, dropping what was used longest ago", async () => {
  const items = ["a", "b", "c"].map(() => fileOf(new Uint8Array(400)));
  const [a, b, c] = items;
  if (a === undefined || b === undefined || c === undefined) throw new Error("no files");
  const cache = new PromptCache(1000);
  const load = async ({ path }: { readonly path: string }) => (await cache.open(path)).load(0);
  const first = await load(a);
  await load(b);
  expect(await load(a)).toBe(first);
  await load(c);
  expect(cache.bytes).toBe(800);
  for (const { path } of items) rmSync(path);
  expect(await load(a)).toBe(first);
  await expect(load(b)).rejects.toThrow("ENOENT");
});

test("a tone of the network is heard in its country's cadence, over the border of a round, the same in samples and in a codec", async () => {
  const items: readonly PlayableItem[] = [{ kind: "network-tone", tone: "busy", country: "DE", durationMs: 2000 }];
  const heard = async (format: SoundFormat) => {
    const player = new Player({ promptId: "p", items: [], offsetMs: 0, start: 0, bargeIn: false }, format);
    await player.load(items, format, new PromptCache(1000));
    let cadence = "";
    const [samples, bytes] = [new Int16Array(160), new Uint8Array(160)];
    while (!player.isEnded) {
      if (format === "PCMU") player.read(bytes);
      else player.readLinear(samples);
      const loudest = Math.max(
        ...(format === "PCMU" ? Array.from(bytes, (byte) => Math.abs(muLaw.toLinear[byte] ?? 0)) : samples.map(Math.abs)),
      );
      cadence += loudest > 1000 ? "#" : ".";
    }
    return cadence;
  };
  const busy = `${"#".repeat(24)}${".".repeat(24)}`;
  expect(await heard("linear/8000")).toBe(busy.repeat(3).slice(0, 100));
  expect(await heard("PCMU")).toBe(busy.repeat(3).slice(0, 100));
});
