import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { recordingOf } from "../../test/support/recordings/memory-recordings.ts";
import { recordingStoreCase } from "../../test/support/recordings/recording-store.case.ts";
import { openTestStore, type TestStore } from "../../test/support/store/open-test-store.ts";
import type { CallEvent } from "../calls/index.ts";
import type { StoredRecording } from "../recordings/index.ts";
import type { Database } from "./database.ts";

let opened: TestStore;
let db: Database;
let cursor = 0;
beforeAll(async () => {
  opened = await openTestStore();
  db = opened.connect();
});
afterAll(async () => {
  await opened[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await db.deleteFrom("recordings").execute();
});

/** Each list is one record of the call, all of them one batch. */
async function ship(...records: readonly (readonly CallEvent[])[]): Promise<void> {
  const shipped = records.map((events) => {
    cursor += 1;
    return { position: cursor, at: 0, streams: [{ accountId: "acme", callId: "call", events }] };
  });
  await opened.store.archive.ship({ cursor, records: shipped as never, calls: [] });
}

const id = "1".repeat(24);
const about = { at: 2000, partyId: "party", recordingId: id };
const begun = (changes: object = {}) =>
  ({ kind: "recording.begun", ...about, at: 1000, part: 1, maxMs: 1, silenceMs: 0, finishOn: "", hears: "peer", ...changes }) as CallEvent;
const paused: CallEvent = { kind: "recording.paused", ...about, by: "ann" };
const resumed: CallEvent = { kind: "recording.resumed", ...about, by: "ann" };
const ended: CallEvent = { kind: "recording.ended", ...about, reason: "stopped", durationMs: 900 };

/** As events of a call make it. */
async function add(...recordings: readonly StoredRecording[]): Promise<void> {
  for (const { id: recordingId, accountId, callId, startedBy, format, channels, hears, startedAt: at, state, ...end } of recordings) {
    const more = { ...(startedBy !== null && { by: startedBy }), ...(format === "mp3" && { format }), ...(channels === 2 && { channels }) };
    const events = [begun({ recordingId, at, hears, ...more })];
    if (state === "paused") events.push({ ...paused, recordingId } as CallEvent);
    const { endedAt, endReason, durationMs } = end;
    if (state === "finishing")
      events.push({ ...ended, recordingId, at: endedAt ?? 0, reason: endReason ?? "", durationMs: durationMs ?? 0 } as CallEvent);
    cursor += 1;
    const record = { position: cursor, at: 0, streams: [{ accountId, callId, events }] };
    await opened.store.archive.ship({ cursor, records: [record as never], calls: [] });
  }
}

describe("as every store of recordings", () => {
  recordingStoreCase(async () => ({ store: opened.store.recordings, add }));
});

const stateNow = async () => (await opened.store.recordings.get("acme", id, 0))?.state;

test("rows follow the events, in one batch or in several", async () => {
  await ship([begun()]);
  expect(await opened.store.recordings.get("acme", id, 0)).toEqual(recordingOf(id));
  await ship([paused]);
  expect(await stateNow()).toBe("paused");
  await ship([resumed], [paused], [resumed]);
  expect(await stateNow()).toBe("recording");
  await ship([paused], [ended]);
  const end = { state: "finishing", endedAt: 2000, endReason: "stopped", durationMs: 900 };
  expect(await opened.store.recordings.get("acme", id, 0)).toMatchObject(end);
  const other = "2".repeat(24);
  const to = (event: CallEvent) => ({ ...event, recordingId: other }) as CallEvent;
  await ship([to(begun({ hears: "both", channels: 2 })), to(paused)], [to(resumed)], [to(ended)]);
  expect(await opened.store.recordings.get("acme", other, 0)).toMatchObject({ ...end, channels: 2 });
  expect((await opened.store.recordings.unfinished(0, 9, [])).map((row) => row.id).toSorted()).toEqual([id, other]);
});

test("what the finisher has said is not undone by events that come late, nor by a batch that comes twice", async () => {
  await ship([begun()], [ended]);
  const { recordings } = opened.store;
  const file = { sampleRateHz: 8000, sizeBytes: 1, sha256: "ab", isEncrypted: false, file: "f" } as const;
  await recordings.finished(id, { state: "ready", channels: 1, durationMs: 880, expiresAt: null, ...file });
  await recordings.cleared(id);
  await ship([begun()], [ended]);
  await ship([ended]);
  expect(await recordings.get("acme", id, 0)).toMatchObject({ state: "ready", durationMs: 880 });
  expect(await recordings.unfinished(0, 9, [])).toEqual([]);
});

test("a name that an earlier release gave is no id, and makes no row", async () => {
  await ship([begun({ recordingId: "recording-3" })], [{ ...ended, recordingId: "recording-3" }]);
  expect(await opened.store.recordings.get("acme", "recording-3", 0)).toBeUndefined();
});

const found = async (userId: string) => (await opened.store.recordings.list("acme", { userId }, { limit: 9 }, 0)).items.length;

test("a user finds the recordings of calls that have ended with that user in them", async () => {
  await sql`
    insert into calls (id, account_id, created_at, ended_at, direction, from_number, to_number, user_ids, result, state)
    values ('call', 'acme', 0, 0, 'inbound', '', '', ${["ann", "bob"]}::text[], 'completed', '{}')`.execute(db);
  await ship([begun()]);
  expect([await found("ann"), await found("cleo")]).toEqual([1, 0]);
  await db.deleteFrom("calls").execute();
});
