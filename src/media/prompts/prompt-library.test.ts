import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatWav } from "../../../test/support/audio/wav.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { createHttpClient } from "../../http-client/index.ts";
import { silentLogger } from "../../kernel/index.ts";
import type { SoundFormat } from "../plan.ts";
import { muLaw } from "../codec/g711.ts";
import { createPromptLibrary, type PromptLibraryOptions } from "./prompt-library.ts";

const limits = { maxBytes: 100_000, timeoutMs: 5000 };

function wav(sample: number, samples = 1600, sampleRateHz = 16_000): Uint8Array {
  return formatWav({ sampleRateHz, samples: new Int16Array(samples).fill(sample) });
}

async function openShelf() {
  const directory = await mkdtemp(join(tmpdir(), "library-"));
  const clock = new VirtualClock();
  const spoken: string[] = [];
  const opened: { close(): Promise<void> }[] = [];
  const open = async ({ allowPrivateUrls = true, ...changes }: Partial<PromptLibraryOptions> & { allowPrivateUrls?: boolean } = {}) => {
    const httpClient = createHttpClient({ clock, allowPrivateUrls });
    opened.push(httpClient);
    const library = await createPromptLibrary({
      cacheDir: join(directory, "cache"),
      maxCacheBytes: 1_000_000,
      clock,
      logger: silentLogger,
      synthesizer: {
        speak: (text) => {
          spoken.push(text);
          return Promise.resolve(wav(text.length * 1000));
        },
      },
      httpClient,
      fetchLimits: limits,
      maxSoundMs: 3_600_000,
      prepareMs: 30_000,
      ...changes,
    });
    opened.push(library);
    return library;
  };
  return {
    directory,
    clock,
    spoken,
    open,
    [Symbol.asyncDispose]: async () => {
      for (const library of opened) await library.close();
      await rm(directory, { recursive: true });
    },
  };
}

async function serve(handler: RequestListener) {
  const server = createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/a.wav`;
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function middleSample(path: string): Promise<number> {
  const bytes = await readFile(path);
  return muLaw.toLinear[bytes[bytes.length >> 1] ?? 0] ?? 0;
}

describe("speech", () => {
  test("is made once for all who ask, resampled, and found again after a restart", async () => {
    await using shelf = await openShelf();
    const library = await shelf.open();
    const item = { kind: "speech", text: "hi" } as const;
    const [one, two] = await Promise.all([library.prepare(item, "PCMU"), library.prepare(item, "PCMU")]);
    expect(one).toEqual(two);
    expect(one.durationMs).toBe(100);
    expect(await library.prepare(item, "PCMU")).toEqual(one);
    expect(Math.abs((await middleSample(one.path)) - 2000)).toBeLessThan(70);
    expect((await readFile((await library.prepare(item, "PCMA")).path)).length).toBe(800);
    const later = await shelf.open();
    expect(await later.prepare(item, "PCMU")).toEqual(one);
    expect(shelf.spoken).toEqual(["hi"]);
  });

  test("its refusals are passed on", async () => {
    await using shelf = await openShelf();
    const library = await shelf.open({ synthesizer: { speak: () => Promise.reject(new Error("no voice")) } });
    await expect(library.prepare({ kind: "speech", text: "hi" }, "PCMU")).rejects.toThrow("no voice");
  });
});

describe("files", () => {
  test("a changed file is noticed", async () => {
    await using shelf = await openShelf();
    const library = await shelf.open();
    const path = join(shelf.directory, "a.wav");
    await writeFile(path, wav(1000));
    const first = await library.prepare({ kind: "audio", uri: path }, "PCMU");
    await writeFile(path, wav(9000));
    await utimes(path, 1, 1);
    shelf.clock.advance(2000);
    const second = await library.prepare({ kind: "audio", uri: `file://${path}` }, "PCMU");
    const third = await library.prepare({ kind: "audio", uri: path }, "PCMU");
    expect(await middleSample(first.path)).toBeLessThan(2000);
    for (const { path: raw } of [second, third]) expect(await middleSample(raw)).toBeGreaterThan(8000);
  });

  test.each(["relative.wav", "/nowhere/a.wav", "ftp://host/a.wav", "file://%00"])("%s is unreadable", async (uri) => {
    await using shelf = await openShelf();
    await expect((await shelf.open()).prepare({ kind: "audio", uri }, "PCMU")).rejects.toMatchObject({ code: "PROMPT_UNREADABLE" });
  });

  test("what is no WAV file is unreadable", async () => {
    await using shelf = await openShelf();
    const path = join(shelf.directory, "a.wav");
    await writeFile(path, "hello");
    await expect((await shelf.open()).prepare({ kind: "audio", uri: path }, "PCMU")).rejects.toMatchObject({ code: "PROMPT_UNREADABLE" });
  });

  test("the sound used longest ago makes room, with all that was made of it", async () => {
    await using shelf = await openShelf();
    // 3,200 bytes of samples at 16 kHz, and 800 of mu-law.
    const library = await shelf.open({ maxCacheBytes: 3 * 4000 });
    for (const text of ["a", "bb", "ccc", "a", "dddd"]) await library.prepare({ kind: "speech", text }, "PCMU");
    expect(await readdir(join(shelf.directory, "cache"))).toHaveLength(6);
    for (const text of ["a", "ccc", "dddd", "bb"]) await library.prepare({ kind: "speech", text }, "PCMU");
    expect(shelf.spoken).toEqual(["a", "bb", "ccc", "dddd", "bb"]);
  });

  test("a pipe, which would be waited for, is unreadable", async () => {
    await using shelf = await openShelf();
    await expect((await shelf.open()).prepare({ kind: "audio", uri: shelf.directory }, "PCMU")).rejects.toMatchObject({
      code: "PROMPT_UNREADABLE",
      details: { reason: "not a file" },
    });
  });

  test("longer than allowed, and a bomb, are too large; nothing is left of them", async () => {
    await using shelf = await openShelf();
    const library = await shelf.open({ maxSoundMs: 99 });
    const path = join(shelf.directory, "a.wav");
    await writeFile(path, wav(1000));
    await expect(library.prepare({ kind: "audio", uri: path }, "PCMU")).rejects.toMatchObject({ code: "PROMPT_TOO_LARGE" });
    await writeFile(path, wav(1000, 1584));
    shelf.clock.advance(2000);
    expect((await library.prepare({ kind: "audio", uri: path }, "PCMU")).durationMs).toBe(99);
    expect(await readdir(join(shelf.directory, "cache"))).toHaveLength(2);
  });
});

describe("formats", () => {
  const suffixes = ["G722", "L16-48000", "PCMA", "linear-48000", "linear-8000", "master-16000", "opus"];
  const bytesOf100Ms: readonly [SoundFormat, number][] = [
    ["PCMA", 800],
    ["G722", 800],
    ["L16/48000", 9600],
    ["linear/8000", 1600],
    ["linear/16000", 3200],
    ["linear/48000", 9600],
  ];

  test("each is made once of what was decoded once, however many ask, and all count", async () => {
    await using shelf = await openShelf();
    const library = await shelf.open();
    const item = { kind: "speech", text: "hi" } as const;
    const formats = [...bytesOf100Ms.map(([format]) => format), "opus"] as const;
    const prepared = await Promise.all([...formats, ...formats].map((format) => library.prepare(item, format)));
    expect(prepared.slice(formats.length)).toEqual(prepared.slice(0, formats.length));
    expect(shelf.spoken).toEqual(["hi"]);
    const names = await readdir(join(shelf.directory, "cache"));
    expect(names.map((name) => name.slice(65)).toSorted()).toEqual(suffixes);
    for (const [index, [, bytes]] of bytesOf100Ms.entries()) expect((await stat(prepared[index]?.path ?? "")).size).toBe(bytes);
  });

  test("opus is packets of 20 ms, whole, each with its length before it", async () => {
    await using shelf = await openShelf();
    const { path, durationMs } = await (await shelf.open()).prepare({ kind: "speech", text: "hi" }, "opus");
    const bytes = await readFile(path);
    let packets = 0;
    let at = 0;
    for (; at < bytes.length; packets++) at += 2 + bytes.readUInt16LE(at);
    expect([packets, at, durationMs]).toEqual([5, bytes.length, 100]);
  });

  test("what another rate makes of a sound is as long, and neither earlier nor later", async () => {
    await using shelf = await openShelf();
    const library = await shelf.open();
    const path = join(shelf.directory, "a.wav");
    const samples = Int16Array.from({ length: 44_100 }, (_, index) => (index === 22_050 ? 30_000 : 0));
    await writeFile(path, formatWav({ sampleRateHz: 44_100, samples }));
    for (const rateHz of [8000, 48_000] as const) {
      const prepared = await library.prepare({ kind: "audio", uri: path }, `linear/${rateHz}`);
      const bytes = await readFile(prepared.path);
      const sound = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
      expect([sound.length, sound.indexOf(Math.max(...sound))]).toEqual([rateHz, rateHz / 2]);
    }
  });

  test("what a crash left half done, or alone, is removed; what is whole is found", async () => {
    await using shelf = await openShelf();
    const library = await shelf.open();
    const item = { kind: "speech", text: "hi" } as const;
    const first = await library.prepare(item, "PCMU");
    const cache = join(shelf.directory, "cache");
    const other = "0".repeat(64);
    const leftOvers = [`${other}.PCMU`, `${other}.master-8000.part`, `${first.path.slice(-69, -5)}.opus.part`, "fetched-1.part", "a.ulaw"];
    for (const name of leftOvers) await writeFile(join(cache, name), "x");
    const later = await shelf.open();
    expect(await later.prepare(item, "PCMU")).toEqual(first);
    expect(await readdir(cache)).toHaveLength(2);
  });

  test("the limit counts what is found after a restart", async () => {
    await using shelf = await openShelf();
    const library = await shelf.open();
    for (const text of ["a", "bb"])
      for (const format of ["PCMU", "linear/48000"] as const) await library.prepare({ kind: "speech", text }, format);
    // Of each 3,200 of samples, 800 and 9,600.
    await shelf.open({ maxCacheBytes: 14_000 });
    expect(await readdir(join(shelf.directory, "cache"))).toHaveLength(3);
  });
});

test("a prompt that is not ready in time fails, and is there for the next", async () => {
  await using shelf = await openShelf();
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  const library = await shelf.open({ synthesizer: { speak: () => promise }, prepareMs: 3000 });
  const item = { kind: "speech", text: "hi" } as const;
  const late = library.prepare(item, "PCMU");
  shelf.clock.advance(3000);
  await expect(late).rejects.toMatchObject({ code: "PROMPT_TIMEOUT" });
  const next = library.prepare(item, "PCMU");
  resolve(wav(1));
  expect((await next).durationMs).toBe(100);
});

test("a source that fails fails for all who wait, and is asked again", async () => {
  await using shelf = await openShelf();
  let asked = 0;
  const speak = () => {
    asked += 1;
    return asked === 1 ? Promise.reject(new Error("no voice")) : Promise.resolve(wav(1));
  };
  const library = await shelf.open({ synthesizer: { speak } });
  const prepare = (format: SoundFormat) => library.prepare({ kind: "speech", text: "hi" }, format);
  const outcomes = await Promise.allSettled([prepare("PCMU"), prepare("PCMA")]);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  await prepare("PCMU");
  expect(asked).toBe(2);
});

describe("what an account has", () => {
  test("is played to that account alone", async () => {
    await using shelf = await openShelf();
    const path = join(shelf.directory, "a.wav");
    await writeFile(path, wav(1));
    const asked: string[] = [];
    const files = (kind: string) => (accountId: string, name: string) => {
      asked.push(`${kind} ${accountId} ${name}`);
      return Promise.resolve(accountId === "one" ? path : undefined);
    };
    const library = await shelf.open({ sounds: files("sound"), recordings: files("recording") });
    const prepare = (uri: string, accountId?: string) =>
      library.prepare({ kind: "audio", uri, ...(accountId !== undefined && { accountId }) }, "PCMU");
    expect((await prepare("sound:welcome", "one")).durationMs).toBe(100);
    expect((await prepare("recording:r1", "one")).durationMs).toBe(100);
    await expect(prepare("sound:welcome", "other")).rejects.toMatchObject({ code: "PROMPT_UNKNOWN" });
    await expect(prepare("sound:welcome")).rejects.toMatchObject({ code: "PROMPT_UNKNOWN" });
    expect(asked).toEqual(["sound one welcome", "recording one r1", "sound other welcome"]);
  });

  test("is examined before it is anybody's, and then is ready", async () => {
    await using shelf = await openShelf();
    const library = await shelf.open();
    const path = join(shelf.directory, "a.wav");
    await writeFile(path, wav(1));
    expect(await library.examine(path)).toEqual({ what: "WAV, 16-bit PCM", contentType: "audio/wav", durationMs: 100 });
    const [master] = await readdir(join(shelf.directory, "cache"));
    await library.prepare({ kind: "audio", uri: path }, "linear/16000");
    expect(await readdir(join(shelf.directory, "cache"))).toEqual([master]);
    await writeFile(path, "fLaC");
    await expect(library.examine(path)).rejects.toMatchObject({ code: "PROMPT_UNREADABLE", details: { reason: "a FLAC file" } });
  });
});

describe("URLs", () => {
  test("are asked again after a minute, by their ETag; a changed one is played, an absent server is not missed", async () => {
    await using shelf = await openShelf();
    const library = await shelf.open();
    const asked: (string | undefined)[] = [];
    let version = 1;
    let isDown = false;
    await using server = await serve((request, response) => {
      asked.push(request.headers["if-none-match"]);
      if (isDown) response.writeHead(503).end();
      else if (request.headers["if-none-match"] === `"${version}"`) response.writeHead(304).end();
      else response.writeHead(200, { etag: `"${version}"` }).end(wav(version * 4000));
    });
    const item = { kind: "audio", uri: server.url } as const;
    const first = await library.prepare(item, "PCMU");
    await library.prepare(item, "PCMU");
    expect(asked).toEqual([undefined]);
    shelf.clock.advance(61_000);
    expect(await library.prepare(item, "PCMU")).toEqual(first);
    version = 2;
    shelf.clock.advance(61_000);
    const second = await library.prepare(item, "PCMU");
    expect(await middleSample(second.path)).toBeGreaterThan(7000);
    expect(await middleSample(first.path)).toBeLessThan(5000);
    const later = await shelf.open();
    expect(await later.prepare(item, "PCMU")).toEqual(second);
    expect(asked.splice(3)).toEqual(['"2"']);
    isDown = true;
    shelf.clock.advance(61_000);
    expect(await library.prepare(item, "PCMU")).toEqual(second);
    expect(asked).toEqual([undefined, '"1"', '"1"', '"2"']);
  });

  test("redirects are followed, not for ever", async () => {
    await using shelf = await openShelf();
    const library = await shelf.open();
    await using server = await serve((request, response) => {
      if (request.url === "/a.wav") response.writeHead(302, { location: "/b.wav" }).end();
      else if (request.url === "/b.wav") response.end(wav(1));
      else response.writeHead(302, { location: "/loop" }).end();
    });
    expect((await library.prepare({ kind: "audio", uri: server.url }, "PCMU")).durationMs).toBe(100);
    await expect(library.prepare({ kind: "audio", uri: server.url.replace("a.wav", "loop") }, "PCMU")).rejects.toMatchObject({
      code: "PROMPT_UNREACHABLE",
    });
  });

  test.each([
    ["too much", "PROMPT_TOO_LARGE", { fetchLimits: { ...limits, maxBytes: 1000 } }],
    ["a private address", "PROMPT_UNREACHABLE", { allowPrivateUrls: false }],
    ["no answer in time", "PROMPT_UNREACHABLE", {}],
  ])("%s is refused with %s", async (name, code, changes) => {
    await using shelf = await openShelf();
    const library = await shelf.open(changes);
    await using server = await serve((_request, response) => {
      if (name === "no answer in time") shelf.clock.advance(limits.timeoutMs);
      else response.end(wav(1));
    });
    await expect(library.prepare({ kind: "audio", uri: server.url }, "PCMU")).rejects.toMatchObject({ code });
    await expect(library.prepare({ kind: "audio", uri: server.url.replace("127.0.0.1", "localhost") }, "PCMU")).rejects.toMatchObject({
      code,
    });
  });

  test("a fetch under way ends when the library is closed", async () => {
    await using shelf = await openShelf();
    const library = await shelf.open();
    await using server = await serve(() => void library.close());
    await expect(library.prepare({ kind: "audio", uri: server.url }, "PCMU")).rejects.toMatchObject({ code: "PROMPT_UNREACHABLE" });
  });
});
