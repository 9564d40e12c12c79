import { createHash } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { basicOf } from "../../../../test/support/fakes/http.ts";
import { nativeApi, type NativeApi } from "../../../../test/support/fakes/native.ts";

let api: NativeApi;
beforeEach(async () => {
  api = await nativeApi();
});
afterEach(() => api.server.close());

const wav = Buffer.from("RIFF of a second");
const hash = createHash("sha256").update(wav).digest("hex");

function upload(name: string, content: Buffer = wav, type = "audio/wav") {
  return api.ask("manager", "POST", `/v1/sounds?name=${name}`, content, { "content-type": type });
}

test("a sound is uploaded, shown, listed, renamed and removed", async () => {
  const { status, body, headers } = await upload("welcome", wav, "application/octet-stream");
  expect(status).toBe(201);
  expect(body).toEqual({
    id: body.id,
    createdAt: "2026-01-01T00:00:00.000Z",
    updatedAt: "2026-01-01T00:00:00.000Z",
    name: "welcome",
    contentType: "audio/wav",
    sizeBytes: wav.length,
    durationMs: 1000,
    sha256: hash,
  });
  expect(headers["location"]).toBe(`/v1/sounds/${body.id}`);
  const url = `/v1/sounds/${body.id}`;
  expect((await api.ask("manager", "GET", url)).body).toEqual(body);
  api.clock.advance(1);
  const other = (await upload("bye")).body;
  const first = await api.ask("manager", "GET", "/v1/sounds?limit=1");
  expect(first.body.items).toEqual([body]);
  expect((await api.ask("manager", "GET", `/v1/sounds?cursor=${first.body.nextCursor}`)).body.items).toEqual([other]);
  expect((await api.ask("manager", "PATCH", url, { name: "hello" })).body).toMatchObject({ name: "hello", sha256: hash });
  expect((await api.ask("manager", "DELETE", url)).status).toBe(204);
  expect((await api.ask("manager", "GET", url)).status).toBe(404);
  expect(await readdir(api.sounds.directory)).toEqual([other.id]);
});

test("its bytes come whole or in part, and not at all when they are known", async () => {
  const { id } = (await upload("welcome")).body;
  const url = `/v1/sounds/${id}/audio`;
  const whole = await api.ask("manager", "GET", url);
  expect([whole.status, whole.text]).toEqual([200, wav.toString()]);
  expect(whole.headers).toMatchObject({ "content-type": "audio/wav", etag: `"${hash}"`, "accept-ranges": "bytes" });
  const part = await api.ask("manager", "GET", url, undefined, { range: "bytes=5-6" });
  expect([part.status, part.text, part.headers["content-range"]]).toEqual([206, "of", `bytes 5-6/${wav.length}`]);
  const behind = await api.ask("manager", "GET", url, undefined, { range: "bytes=100-" });
  expect([behind.status, behind.body.code, behind.headers["content-range"]]).toEqual([
    416,
    "API_RANGE_UNSATISFIABLE",
    `bytes */${wav.length}`,
  ]);
  expect((await api.ask("manager", "GET", url, undefined, { "if-none-match": `"${hash}"` })).status).toBe(304);
  const head = await api.ask("manager", "HEAD", url);
  expect([head.status, head.text, head.headers["content-length"]]).toEqual([200, "", String(wav.length)]);
  await rm(api.sounds.pathOf(id));
  expect((await api.ask("manager", "GET", url)).status).toBe(404);
});

test("a name is unique in its account, also when a sound is renamed", async () => {
  await upload("welcome");
  const taken = await upload("welcome");
  expect([taken.status, taken.body.code, taken.body.errors?.[0]?.path]).toEqual([409, "DIRECTORY_DUPLICATE", "name"]);
  const { id } = (await upload("bye")).body;
  expect((await api.ask("manager", "PATCH", `/v1/sounds/${id}`, { name: "welcome" })).status).toBe(409);
  expect(await readdir(api.sounds.directory)).toHaveLength(2);
});

test("another account's sound is not there", async () => {
  const { id } = (await upload("welcome")).body;
  const row = api.directory.sounds.get(api.accountId, id);
  if (row === undefined) throw new Error("no row");
  await api.directory.sounds.remove(api.accountId, id);
  await api.directory.sounds.insert({ ...row, accountId: "other" });
  for (const path of ["", "/audio"]) expect((await api.ask("manager", "GET", `/v1/sounds/${id}${path}`)).status).toBe(404);
  expect((await api.ask("manager", "PATCH", `/v1/sounds/${id}`, { name: "mine" })).status).toBe(404);
  expect((await api.ask("manager", "DELETE", `/v1/sounds/${id}`)).status).toBe(404);
  expect((await api.ask("manager", "GET", "/v1/sounds")).body.items).toEqual([]);
  expect((await upload("welcome")).status).toBe(201);
});

describe("nothing is left of an upload", () => {
  afterEach(async () => {
    expect(await readdir(api.sounds.directory)).toEqual([]);
    expect(api.directory.sounds.list(api.accountId)).toEqual([]);
  });

  test.each<[string, string, Buffer, string, number, string]>([
    ["that cannot be played", "a", Buffer.from("fLaC"), "audio/flac", 422, "PROMPT_UNREADABLE"],
    ["that is too large", "a", Buffer.alloc(10_001), "audio/wav", 413, "PROMPT_TOO_LARGE"],
    ["with a name that flows could not write", "a%20b", wav, "audio/wav", 400, "API_MEMBER_INVALID"],
    ["of JSON", "a", Buffer.from("{}"), "application/json", 415, "API_MEDIA_TYPE_UNSUPPORTED"],
    ["of a form", "a", Buffer.from("a=b"), "application/x-www-form-urlencoded", 415, "API_MEDIA_TYPE_UNSUPPORTED"],
  ])("%s", async (_what, name, content, type, status, code) => {
    const answer = await upload(name, content, type);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    if (code === "PROMPT_UNREADABLE") expect(answer.body.detail).toContain("(a FLAC file)");
  });

  test("without a body", async () => {
    expect((await api.ask("manager", "POST", "/v1/sounds?name=a")).status).toBe(415);
  });

  test("whose row could not be written", async () => {
    api.directory.isAway = true;
    expect((await upload("a")).status).toBe(503);
    api.directory.isAway = false;
  });
});

test("a refusal reaches who is still sending", async () => {
  const { port } = await api.server.listen("127.0.0.1", 0);
  const headers = { authorization: basicOf("manager"), "content-type": "audio/wav" };
  const sent = request({ host: "127.0.0.1", port, method: "POST", path: "/v1/sounds?name=a", headers });
  sent.write(Buffer.alloc(20_000));
  const answer = await new Promise<IncomingMessage>((resolve, reject) => sent.on("response", resolve).on("error", reject));
  sent.destroy();
  expect([answer.statusCode, answer.headers.connection]).toEqual([413, "close"]);
});

test("nothing but an upload takes bytes", async () => {
  const answer = await api.ask("manager", "POST", "/v1/flows", wav, { "content-type": "audio/wav" });
  expect([answer.status, answer.body.code]).toEqual([415, "API_MEDIA_TYPE_UNSUPPORTED"]);
});
