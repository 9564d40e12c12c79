import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { nativeApi, type NativeApi } from "../../../../test/support/fakes/native.ts";
import { recordingOf } from "../../../../test/support/recordings/memory-recordings.ts";
import { temporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import type { Call } from "../../../calls/index.ts";
import type { StoredRecording } from "../../../recordings/index.ts";

const directory = temporaryDirectory();
const bytes = randomBytes(5000);
const sha256 = createHash("sha256").update(bytes).digest("hex");
let api: NativeApi;
let call: Call;
beforeAll(async () => {
  api = await nativeApi({ recordingsDirectory: directory.path });
});
afterAll(async () => {
  await api.server.close();
  directory[Symbol.dispose]();
});
beforeEach(async () => {
  api.recordings.rows = [];
  const order = { by: api.users.manager.id, to: "+12025550100", callerId: api.number, flowId: api.flowId };
  call = await api.calls.originate(api.accountId, order);
  api.calls.answer(call.id);
});

const start = (body: object = {}, headers = {}) => api.ask("manager", "POST", `/v1/calls/${call.id}/recordings`, body, headers);
const change = (recordingId: string, what: string) => api.ask("manager", "POST", `/v1/calls/${call.id}/recordings/${recordingId}/${what}`);

const list = async (query: string) => (await api.ask("manager", "GET", `/v1/recordings?${query}`)).body;

/** A finished one, with these bytes. */
function store(changes: Partial<StoredRecording> = {}): StoredRecording {
  const id = changes.id ?? "7".repeat(24);
  const file = `acme/777777/${id}.mp3`;
  mkdirSync(dirname(join(directory.path, file)), { recursive: true });
  writeFileSync(join(directory.path, file), bytes);
  const end = {
    endedAt: 9000,
    endReason: "stopped",
    durationMs: 8000,
    sampleRateHz: 8000,
    sizeBytes: bytes.length,
    sha256,
    isEncrypted: true,
  };
  const recording = recordingOf(id, { accountId: api.accountId, callId: call.id, state: "ready", format: "mp3", file, ...end, ...changes });
  api.recordings.add(recording);
  return recording;
}

describe("a call that goes on", () => {
  test("is recorded on two channels when nothing else is said, paused, gone on with and stopped", async () => {
    const begun = await start();
    expect(begun.status).toBe(201);
    const { id } = begun.body;
    const shown = { id, callId: call.id, partyId: Object.keys(call.parties)[0], format: "wav", channels: 2, hears: "both" };
    expect(begun.body).toMatchObject({ ...shown, state: "recording", startedBy: api.users.manager.id, endedAt: null, sha256: null });
    expect(begun.headers["location"]).toBe(`/v1/recordings/${id}`);
    expect((await change(id, "pause")).body).toMatchObject({ ...shown, state: "paused" });
    expect((await change(id, "resume")).body).toMatchObject({ ...shown, state: "recording" });
    expect((await change(id, "stop")).body).toMatchObject({ ...shown, state: "finishing", endReason: "stopped" });
    const again = await change(id, "stop");
    expect([again.status, again.body.code]).toEqual([404, "CALL_RECORDING_UNKNOWN"]);
  });

  test.each([
    [{ hears: "peer" }, { hears: "peer", channels: 1 }],
    [
      { channels: 1, format: "mp3", beep: true, maxMs: 1000 },
      { hears: "both", channels: 1, format: "mp3" },
    ],
  ])("is recorded as %j says", async (body, expected) => {
    expect((await start(body)).body).toMatchObject(expected);
  });

  test.each([
    [{ hears: "peer", channels: 2 }, "channels"],
    [{ channels: 3 }, "channels"],
    [{ format: "ogg" }, "format"],
    [{ maxMs: 999 }, "maxMs"],
  ])("is not recorded as %j says", async (body, path) => {
    const answer = await start(body);
    expect([answer.status, answer.body.code, answer.body.errors?.[0]?.path]).toEqual([400, "API_MEMBER_INVALID", path]);
  });

  test("is recorded once for one key", async () => {
    const key = { "idempotency-key": "k1" };
    const [one, other, third] = [await start({}, key), await start({}, key), await start({}, { "idempotency-key": "k2" })];
    expect([other.status, other.body.id]).toEqual([201, one.body.id]);
    expect(third.body.id).not.toBe(one.body.id);
    expect(one.body.id).toMatch(/^[0-9a-f]{24}$/);
  });

  test("of others is not there for a user", async () => {
    const answer = await api.ask("user", "POST", `/v1/calls/${call.id}/recordings`, {});
    expect([answer.status, answer.body.code]).toEqual([404, "CALL_NOT_FOUND"]);
  });
});

describe("what is stored", () => {
  test("is shown without its file", async () => {
    const { id } = store({ expiresAt: Date.UTC(2030, 0, 1) });
    const { body } = await api.ask("manager", "GET", `/v1/recordings/${id}`);
    expect(body).toMatchObject({ id, state: "ready", encrypted: true, sha256, durationMs: 8000, expiresAt: "2030-01-01T00:00:00.000Z" });
    expect(Object.keys(body)).not.toContain("file");
    expect(Object.keys(body)).not.toContain("accountId");
  });

  test("is listed newest first, in pages, by call and time", async () => {
    const ids = [1, 2, 3].map((number) => String(number).repeat(24));
    for (const [index, id] of ids.entries())
      store({ id, startedAt: Date.UTC(2026, 0, index + 1), callId: index === 0 ? "other" : call.id });
    const first = await list("limit=2");
    expect(first.items.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
    const second = await list(`limit=2&cursor=${first.nextCursor}`);
    expect([second.items.map(({ id }) => id), second.nextCursor]).toEqual([[ids[0]], null]);
    expect((await list(`callId=${call.id}`)).items).toHaveLength(2);
    const between = "startedFrom=2026-01-02T00:00:00Z&startedBefore=2026-01-03T00:00:00Z";
    expect((await list(between)).items.map(({ id }) => id)).toEqual([ids[1]]);
  });

  test("is heard whole and in ranges, under its digest", async () => {
    const { id } = store();
    const url = `/v1/recordings/${id}/audio`;
    const whole = await api.server.fastify.inject({ url, headers: { authorization: basic("manager") } });
    expect(whole.rawPayload).toEqual(bytes);
    expect(whole.headers).toMatchObject({ "content-type": "audio/mpeg", etag: `"${sha256}"`, "accept-ranges": "bytes" });
    expect(whole.headers["content-disposition"]).toContain(`${id}.mp3`);
    const part = await api.server.fastify.inject({ url, headers: { authorization: basic("manager"), range: "bytes=1000-1999" } });
    expect([part.statusCode, part.headers["content-range"]]).toEqual([206, "bytes 1000-1999/5000"]);
    expect(part.rawPayload).toEqual(bytes.subarray(1000, 2000));
    const known = await api.server.fastify.inject({ url, headers: { authorization: basic("manager"), "if-none-match": `"${sha256}"` } });
    expect(known.statusCode).toBe(304);
    const head = await api.server.fastify.inject({ method: "HEAD", url, headers: { authorization: basic("manager") } });
    expect([head.statusCode, head.headers["content-length"], head.rawPayload.length]).toEqual([200, "5000", 0]);
  });

  test("without sound says so; what is not there is not there", async () => {
    const { id } = store({ state: "failed", file: null });
    const silent = await api.ask("manager", "GET", `/v1/recordings/${id}/audio`);
    expect([silent.status, silent.body.code]).toEqual([404, "RECORDING_SILENT"]);
    for (const path of ["", "/audio"]) {
      const answer = await api.ask("manager", "GET", `/v1/recordings/${"8".repeat(24)}${path}`);
      expect([answer.status, answer.body.code]).toEqual([404, "RECORDING_NOT_FOUND"]);
    }
  });

  test("is deleted when it is finished, and gone", async () => {
    const { id } = store();
    store({ id: "8".repeat(24), state: "paused" });
    const early = await api.ask("administrator", "DELETE", `/v1/recordings/${"8".repeat(24)}`);
    expect([early.status, early.body.code]).toEqual([409, "RECORDING_UNDER_WAY"]);
    expect((await api.ask("administrator", "DELETE", `/v1/recordings/${id}`)).status).toBe(204);
    expect((await api.ask("administrator", "GET", `/v1/recordings/${id}`)).status).toBe(404);
  });

  test("belongs, for a user, to the user's own calls only", async () => {
    const own = await api.calls.originate(api.accountId, {
      by: api.users.user.id,
      to: "+12025550100",
      callerId: api.number,
      flowId: api.flowId,
    });
    const mine = store({ id: "1".repeat(24), callId: own.id });
    const other = store({ id: "2".repeat(24) });
    const { body } = await api.ask("user", "GET", "/v1/recordings");
    expect(body.items.map(({ id }) => id)).toEqual([mine.id]);
    expect((await api.ask("user", "GET", `/v1/recordings/${mine.id}/audio`)).status).toBe(200);
    for (const path of ["", "/audio"]) {
      const answer = await api.ask("user", "GET", `/v1/recordings/${other.id}${path}`);
      expect([answer.status, answer.body.code]).toEqual([404, "RECORDING_NOT_FOUND"]);
    }
  });

  test("of another account is not there for anybody", async () => {
    const { id } = store({ accountId: "another" });
    expect((await api.ask("administrator", "GET", `/v1/recordings/${id}/audio`)).status).toBe(404);
    expect((await api.ask("administrator", "DELETE", `/v1/recordings/${id}`)).status).toBe(404);
  });
});

function basic(role: string): string {
  return `Basic ${Buffer.from(`${role}@example.com:correct horse`).toString("base64")}`;
}
