import { expect, test } from "vitest";
import { silentLogger } from "../kernel/index.ts";
import { decide, decideCreation } from "./decide/decide.ts";
import { fakeSurroundings, originateInput } from "./decide/fixture.ts";
import type { CallEvent } from "./events.ts";
import type { Journal, JournalRecord } from "./journal-port.ts";
import { replay } from "./recovery.ts";

const around = fakeSurroundings();
const created = decideCreation(originateInput, around);
const written = decide(created.call, { kind: "set-data", by: "u", set: { note: "1" } }, around);
const hungUp = decide(written.call, { kind: "hang-up", by: "u" }, around);

function journalOf(...records: readonly JournalRecord[]): Journal {
  return {
    async *recover() {
      yield* records;
    },
  } as Partial<Journal> as Journal;
}

let position = 0;

function record(callId: string, seq: number, events: readonly CallEvent[], commandId?: string): JournalRecord {
  const named = events.map((event) => (event.kind === "call.created" ? { ...event, callId } : event));
  const streams = [{ accountId: "a", callId, seq, events: named }];
  return { position: ++position, epoch: 1, at: 1, streams, ...(commandId !== undefined && { commandId }) };
}

function wholeLife(callId: string) {
  return [
    record(callId, 1, created.events, "create"),
    record(callId, created.call.seq + 1, written.events, "write"),
    record(callId, written.call.seq + 1, hungUp.events),
  ] as const;
}

test("a call is as it was, with its commands and who made it", async () => {
  const [first, second] = wholeLife("c1");
  const [recovered, ...more] = await replay(journalOf(first, second), silentLogger);
  expect(more).toEqual([]);
  expect(recovered).toEqual({
    call: { ...written.call, id: "c1" },
    position: second.position,
    commandIds: ["create", "write"],
    createdBy: "create",
  });
});

test("a call that ended but still owes its far end a CANCEL comes back; one that owes nothing does not", async () => {
  const [owing] = await replay(journalOf(...wholeLife("c1")), silentLogger);
  expect(owing?.call.endedAt).toBeDefined();
  const released: CallEvent[] = Object.keys(hungUp.call.legs).map((legId) => ({ kind: "leg.released", legId }));
  const records = [...wholeLife("c2"), record("c2", hungUp.call.seq + 1, released)];
  expect(await replay(journalOf(...records), silentLogger)).toEqual([]);
});

test.each([
  ["a gap in the stream", (events: readonly CallEvent[]) => record("bad", created.call.seq + 2, events)],
  ["an event nobody knows", () => record("bad", created.call.seq + 1, [{ kind: "unheard-of" } as never])],
  ["a stream twice created", (events: readonly CallEvent[]) => record("bad", 1, events)],
])("%s sets that call aside for good, and no other", async (_name, next) => {
  const [first] = wholeLife("bad");
  const [good, more] = wholeLife("good");
  const after = record("bad", created.call.seq + 1, written.events);
  const recovered = await replay(journalOf(first, good, next(written.events), more, after), silentLogger);
  expect(recovered.map(({ call }) => call.id)).toEqual(["good"]);
});

test("records of several calls keep the order in which the calls began", async () => {
  const [a, a2] = wholeLife("c1");
  const [b, b2] = wholeLife("c2");
  const recovered = await replay(journalOf(a, b, b2, a2), silentLogger);
  expect(recovered.map(({ call, position: at }) => [call.id, at])).toEqual([
    ["c1", a2.position],
    ["c2", b2.position],
  ]);
});
