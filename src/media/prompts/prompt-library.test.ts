import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatWav } from "../../../test/support/audio/wav.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { createHttpClient } from "../../http-client/index.ts";
import { silentLogger } from "../../kernel/index.ts";
import { codecByName } from "../codec/codec.ts";
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
  return codecByName.PCMU.toLinear[bytes[bytes.length >> 1] ?? 0] ?? 0;
}

describe("speech", () => {
  test("is made once for all who ask, resampled, in both codecs, and found again after a restart", async () => {
    await using shelf = await openShelf();
    const library = await shelf.open();
    const item = { kind: "speech", text: "hi" } as const;
    const [one, two] = await Promise.all([library.prepare(item), library.prepare(item)]);
    expect(one).toEqual(two);
    expect(one.durationMs).toBe(100);
    expect(await library.prepare(item)).toEqual(one);
    expect(Math.abs((await middleSample(one.files.PCMU)) - 2000)).toBeLessThan(70);
    expect((await readFile(one.files.PCMA)).length).toBe(800);
    const later = await shelf.open();
    expect(await later.prepare(item)).toEqual(one);
    expect(shelf.spoken).toEqual(["hi"]);
  });

  test("its refusals are passed on", async () => {
    await using shelf = await openShelf();
    const library = await shelf.open({ synthesizer: { speak: () => Promise.reject(new Error("no voice")) } });
    await expect(library.prepare({ kind: "speech", text: "hi" })).rejects.toThrow("no voice");
  });
});

describe("files", () => {
  test("a changed file is noticed", async () => {
    await using shelf = await openShelf();
    const library = await shelf.open();
    const path = join(shelf.directory, "a.wav");
    await writeFile(path, wav(1000));
    const first = await library.prepare({ kind: "audio", uri: path });
    await writeFile(path, wav(9000));
    await utimes(path, 1, 1);
    shelf.clock.advance(2000);
    const second = await library.prepare({ kind: "audio", uri: `file://${path}` });
    const third = await library.prepare({ kind: "audio", uri: path });
    expect(await middleSample(first.files.PCMU)).toBeLessThan(2000);
    for (const { files } of [second, third]) expect(await middleSample(files.PCMU)).toBeGreaterThan(8000);
  });

  test.each(["relative.wav", "/nowhere/a.wav", "ftp://host/a.wav", "file://%00"])("%s is unreadable", async (uri) => {
    await using shelf = await openShelf();
    await expect((await shelf.open()).prepare({ kind: "audio", uri })).rejects.toMatchObject({ code: "PROMPT_UNREADABLE" });
  });

  test("what is no WAV file is unreadable", async () => {
    await using shelf = await openShelf();
    const path = join(shelf.directory, "a.wav");
    await writeFile(path, "hello");
    await expect((await shelf.open()).prepare({ kind: "audio", uri: path })).rejects.toMatchObject({ code: "PROMPT_UNREADABLE" });
  });

  test("the sound used longest ago makes room", async () => {
    await using shelf = await openShelf();
    const library = await shelf.open({ maxCacheBytes: 3 * 1600 });
    for (const text of ["a", "bb", "ccc", "a", "dddd"]) await library.prepare({ kind: "speech", text });
    expect(await readdir(join(shelf.directory, "cache"))).toHaveLength(6);
    for (const text of ["a", "ccc", "dddd", "bb"]) await library.prepare({ kind: "speech", text });
    expect(shelf.spoken).toEqual(["a", "bb", "ccc", "dddd", "bb"]);
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
    const first = await library.prepare(item);
    await library.prepare(item);
    expect(asked).toEqual([undefined]);
    shelf.clock.advance(61_000);
    expect(await library.prepare(item)).toEqual(first);
    version = 2;
    shelf.clock.advance(61_000);
    const second = await library.prepare(item);
    expect(await middleSample(second.files.PCMU)).toBeGreaterThan(7000);
    expect(await middleSample(first.files.PCMU)).toBeLessThan(5000);
    isDown = true;
    shelf.clock.advance(61_000);
    expect(await library.prepare(item)).toEqual(second);
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
    expect((await library.prepare({ kind: "audio", uri: server.url })).durationMs).toBe(100);
    await expect(library.prepare({ kind: "audio", uri: server.url.replace("a.wav", "loop") })).rejects.toMatchObject({
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
    await expect(library.prepare({ kind: "audio", uri: server.url })).rejects.toMatchObject({ code });
    await expect(library.prepare({ kind: "audio", uri: server.url.replace("127.0.0.1", "localhost") })).rejects.toMatchObject({ code });
  });

  test("a fetch under way ends when the library is closed", async () => {
    await using shelf = await openShelf();
    const library = await shelf.open();
    await using server = await serve(() => void library.close());
    await expect(library.prepare({ kind: "audio", uri: server.url })).rejects.toMatchObject({ code: "PROMPT_UNREACHABLE" });
  });
});
