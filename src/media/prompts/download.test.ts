import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { createHttpClient } from "../../http-client/index.ts";
import { download, type Validators } from "./download.ts";

const limits = { maxBytes: 100_000, timeoutMs: 5000 };
const sound = Uint8Array.from({ length: 5000 }, (_, index) => index * 7);

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function fetching(answer: (request: IncomingMessage, response: ServerResponse, tries: number) => void, validators: Validators = {}) {
  const asked: Record<string, string | undefined>[] = [];
  const clock = new VirtualClock();
  const server = createServer((request, response) => {
    const { range, "if-range": ifRange, "if-none-match": known, "if-modified-since": since } = request.headers;
    asked.push({ range, ifRange: ifRange?.toString(), known, since });
    answer(request, response, asked.length);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = createHttpClient({ clock, allowPrivateUrls: true });
  const directory = temporaryDirectory();
  closing.push(
    () => directory[Symbol.dispose](),
    () => server.close(),
    () => server.closeAllConnections(),
    () => client.close(),
  );
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/a.wav`;
  const path = join(directory.path, "a");
  const { signal } = new AbortController();
  return { asked, clock, path, fetched: download({ client, clock, signal }, url, path, validators, limits) };
}

/** Sends [from, to) of the sound, then breaks the connection if that is not all. */
function send(response: ServerResponse, from: number, to: number, headers: Record<string, string> = { etag: '"1"' }): void {
  const range = from === 0 ? {} : { "content-range": `bytes ${from}-${sound.length - 1}/${sound.length}` };
  response.writeHead(from === 0 ? 200 : 206, { ...headers, ...range, "content-length": String(sound.length - from) });
  if (to === sound.length) response.end(sound.subarray(from));
  else response.write(sound.subarray(from, to), () => setImmediate(() => response.destroy()));
}

test("bytes come with what tells a changed file", async () => {
  const { asked, path, fetched } = await fetching((_request, response) => send(response, 0, 5000, { etag: '"1"', "last-modified": "Mon" }));
  expect(await fetched).toEqual({ kind: "fetched", sizeBytes: 5000, etag: '"1"', lastModified: "Mon" });
  expect(Uint8Array.from(await readFile(path))).toEqual(sound);
  expect(asked).toEqual([{}]);
});

test("what was said before is asked with", async () => {
  const { asked, fetched } = await fetching((_request, response) => response.writeHead(304).end(), { etag: '"1"', lastModified: "Mon" });
  expect(await fetched).toEqual({ kind: "unchanged" });
  expect(asked).toEqual([{ known: '"1"', since: "Mon" }]);
});

test("a connection that breaks is taken up where it broke", async () => {
  const parts = [0, 1000, 3000, 5000];
  const { asked, path, fetched } = await fetching((_request, response, tries) => send(response, parts[tries - 1] ?? 0, parts[tries] ?? 0));
  expect(await fetched).toMatchObject({ kind: "fetched", sizeBytes: 5000 });
  expect(Uint8Array.from(await readFile(path))).toEqual(sound);
  expect(asked).toEqual([{}, { range: "bytes=1000-", ifRange: '"1"' }, { range: "bytes=3000-", ifRange: '"1"' }]);
});

test.each([
  ["a weak validator", { etag: 'W/"1"' }],
  ["none", {}],
])("with %s it begins anew", async (_what, headers) => {
  const { asked, path, fetched } = await fetching((_request, response, tries) => send(response, 0, tries === 1 ? 1000 : 5000, headers));
  await fetched;
  expect(Uint8Array.from(await readFile(path))).toEqual(sound);
  expect(asked).toEqual([{}, {}]);
});

test("a file that changed meanwhile is taken whole", async () => {
  const { path, fetched } = await fetching((_request, response, tries) => {
    if (tries === 1) send(response, 0, 3000);
    else response.writeHead(200, { etag: '"2"' }).end("short");
  });
  expect(await fetched).toMatchObject({ sizeBytes: 5, etag: '"2"' });
  expect(await readFile(path, "utf8")).toBe("short");
});

test("a part that was not asked for is not taken", async () => {
  const { asked, path, fetched } = await fetching((_request, response, tries) => {
    if (tries === 1) send(response, 0, 1000);
    else if (tries === 2) send(response, 2000, 5000);
    else send(response, 0, 5000);
  });
  await fetched;
  expect(Uint8Array.from(await readFile(path))).toEqual(sound);
  expect(asked).toHaveLength(3);
});

test("a connection that always breaks is given up", async () => {
  const { asked, fetched } = await fetching((_request, response, tries) => send(response, (tries - 1) * 10, tries * 10));
  await expect(fetched).rejects.toMatchObject({ code: "PROMPT_UNREACHABLE" });
  expect(asked).toHaveLength(4);
});

test("a sound without an end is too large, said or not", async () => {
  const endless = await fetching((_request, response) => {
    const more = () => response.write(sound, (error) => error == null && more());
    more();
  });
  await expect(endless.fetched).rejects.toMatchObject({ code: "PROMPT_TOO_LARGE", details: { maxBytes: 100_000 } });
  expect((await readFile(endless.path)).length).toBeLessThanOrEqual(100_000);
  const declared = await fetching((_request, response) => response.writeHead(200, { "content-length": "100001" }).write("x"));
  await expect(declared.fetched).rejects.toMatchObject({ code: "PROMPT_TOO_LARGE" });
});

test("a sound that comes too slowly is unreachable after the time for all tries", async () => {
  const slow = await fetching((_request, response, tries) => {
    if (tries === 1) send(response, 0, 1000);
    slow.clock.advance(tries === 1 ? 4000 : 1000);
  });
  await expect(slow.fetched).rejects.toMatchObject({ code: "PROMPT_UNREACHABLE", details: { reason: expect.stringContaining("timeout") } });
  expect(slow.asked).toHaveLength(2);
});

test.each([
  ["404", 404],
  ["304 to a question without validators", 304],
  ["a part that nobody asked for", 206],
])("%s is a refusal", async (_what, status) => {
  const { fetched } = await fetching((_request, response) => response.writeHead(status).end());
  await expect(fetched).rejects.toMatchObject({ code: "PROMPT_UNREACHABLE" });
});
