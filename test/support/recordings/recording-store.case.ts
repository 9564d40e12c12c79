/** What every RecordingStore does. */
import { expect, test } from "vitest";
import type { Finish, RecordingStore, StoredRecording } from "../../../src/recordings/index.ts";
import { recordingOf } from "./memory-recordings.ts";

/** `add` puts recordings in whose state is recording, paused or finishing. Each test uses an empty store. */
export type RecordingStoreUnderTest = {
  readonly store: RecordingStore;
  readonly add: (...recordings: readonly StoredRecording[]) => Promise<void>;
};

const idOf = (number: number) => number.toString(16).padStart(24, "0");
const ended = (id: string, changes: Partial<StoredRecording> = {}) =>
  recordingOf(id, { state: "finishing", endedAt: 5000, endReason: "stopped", durationMs: 4000, ...changes });
const finish: Finish = {
  state: "ready",
  channels: 2,
  durationMs: 3980,
  sampleRateHz: 8000,
  sizeBytes: 63_724,
  sha256: "ab",
  isEncrypted: true,
  file: "acme/000000/x.wav",
  expiresAt: null,
};
const namesOf = (rows: readonly StoredRecording[]) => rows.map(({ id }) => Number.parseInt(id, 16));

export function recordingStoreCase(open: () => Promise<RecordingStoreUnderTest>): void {
  test("a recording is found by its account, as it is", async () => {
    const { store, add } = await open();
    const recording = recordingOf(idOf(1), { startedBy: "ann", format: "mp3", channels: 2, hears: "both", state: "paused" });
    await add(recording);
    expect(await store.get("acme", idOf(1), 0)).toEqual(recording);
    expect(await store.get("other", idOf(1), 0)).toBeUndefined();
    expect(await store.get("acme", idOf(2), 0)).toBeUndefined();
  });

  test("lists are newest first, in pages that bear removals, by call and time", async () => {
    const { store, add } = await open();
    await add(
      ...[1, 2, 3, 4, 5].map((number) => ended(idOf(number), { startedAt: 1000 * Math.ceil(number / 2), callId: `call${number % 2}` })),
    );
    await add(ended(idOf(9), { accountId: "other" }));
    const list = async (filter: object, page: object = {}) => {
      const { items, more } = await store.list("acme", filter, { limit: 2, ...page }, 0);
      return [namesOf(items), more];
    };
    expect(await list({})).toEqual([[5, 4], true]);
    await store.remove(idOf(4));
    expect(await list({}, { before: { startedAt: 2000, id: idOf(4) } })).toEqual([[3, 2], true]);
    expect(await list({}, { before: { startedAt: 1000, id: idOf(2) } })).toEqual([[1], false]);
    expect(await list({ callId: "call1" }, { limit: 9 })).toEqual([[5, 3, 1], false]);
    expect(await list({ startedFrom: 2000, startedBefore: 3000 }, { limit: 9 })).toEqual([[3], false]);
    expect(await list({ userId: "ann", liveCallIds: ["call0"] }, { limit: 9 })).toEqual([[2], false]);
    expect(await list({ userId: "ann" }, { limit: 9 })).toEqual([[], false]);
  });

  test("what has ended is to be finished, then to be cleared, then done", async () => {
    const { store, add } = await open();
    await add(ended(idOf(1)), ended(idOf(2)), recordingOf(idOf(3)));
    expect(namesOf(await store.unfinished(0, 9, []))).toEqual([1, 2]);
    expect(namesOf(await store.unfinished(0, 1, []))).toEqual([1]);
    expect(namesOf(await store.unfinished(0, 9, [idOf(1)]))).toEqual([2]);
    await store.finished(idOf(1), finish);
    expect(await store.get("acme", idOf(1), 0)).toEqual({ ...ended(idOf(1)), ...finish });
    expect(await store.unfinished(0, 1, [])).toMatchObject([{ id: idOf(1), state: "ready", file: finish.file }]);
    await store.cleared(idOf(1));
    expect(namesOf(await store.unfinished(0, 9, []))).toEqual([2]);
  });

  test("an attempt that failed is counted, and it comes back when it is due", async () => {
    const { store, add } = await open();
    await add(ended(idOf(1)));
    await store.postpone(idOf(1), 700);
    await store.postpone(idOf(1), 900);
    expect(await store.unfinished(899, 9, [])).toEqual([]);
    expect(await store.unfinished(900, 9, [])).toMatchObject([{ id: idOf(1), attempts: 2 }]);
  });

  test("only what is finished expires; it is not there any more, and is removed later", async () => {
    const { store, add } = await open();
    await add(ended(idOf(1)), ended(idOf(2)));
    await store.finished(idOf(1), finish);
    await store.finished(idOf(2), { ...finish, expiresAt: 2000 });
    await add(ended(idOf(3)));
    expect(await store.expire("acme", idOf(3), 1000)).toBe(false);
    expect(await store.expire("other", idOf(1), 1000)).toBe(false);
    expect(await store.expire("acme", idOf(1), 1000)).toBe(true);
    expect(await store.get("acme", idOf(1), 1000)).toBeUndefined();
    expect(namesOf((await store.list("acme", {}, { limit: 9 }, 1999)).items)).toEqual([3, 2]);
    expect(namesOf((await store.list("acme", {}, { limit: 9 }, 2000)).items)).toEqual([3]);
    expect(namesOf(await store.expired(1999, 9))).toEqual([1]);
    expect(namesOf(await store.expired(2000, 9))).toEqual([1, 2]);
    await store.remove(idOf(1));
    expect(namesOf(await store.expired(2000, 9))).toEqual([2]);
  });

  test("what is open can be abandoned; what has ended meanwhile is not", async () => {
    const { store, add } = await open();
    await add(recordingOf(idOf(1)), recordingOf(idOf(2), { state: "paused" }), recordingOf(idOf(3)), ended(idOf(4)));
    expect((await store.open()).toSorted()).toEqual([1, 2, 3].map(idOf));
    await store.abandon([idOf(1), idOf(2), idOf(4)], 7000);
    expect(await store.open()).toEqual([idOf(3)]);
    expect(await store.get("acme", idOf(2), 0)).toMatchObject({ state: "finishing", endedAt: 7000, endReason: "lost" });
    expect(await store.get("acme", idOf(4), 0)).toMatchObject({ endReason: "stopped" });
    expect(namesOf(await store.unfinished(0, 9, []))).toEqual([1, 2, 4]);
  });
}
