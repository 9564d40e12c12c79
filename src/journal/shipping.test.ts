import * as fc from "fast-check";
import { expect, test } from "vitest";
import { exampleAccount, stepOf } from "../../test/support/journal/example-records.ts";
import { writerHere } from "../../test/support/journal/writer-here.ts";
import { endedCall } from "../../test/support/store/example-calls.ts";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { eventually } from "../../test/support/waiting.ts";
import type { Call, CallArchive, CallEvent, ShippedRecord, ShippingBatch } from "../calls/index.ts";
import { silentLogger } from "../kernel/index.ts";
import { type OpenJournal, openJournal } from "./journal.ts";
import { createShipper, type Shipper } from "./shipping.ts";

/** A store that takes batches as the real one does: rows and cursor together, and nothing twice. It may be away, or lose the answer of a commit. */
class ImaginedStore implements CallArchive {
  position = 0;
  readonly batches: ShippingBatch[] = [];
  /** What happens to the next attempts. */
  readonly troubles: ("away" | "answer lost")[] = [];
  isAway = false;

  async cursor(): Promise<number> {
    if (this.isAway) throw new Error("away");
    return this.position;
  }

  async ship(batch: ShippingBatch): Promise<void> {
    const trouble = this.isAway ? "away" : this.troubles.shift();
    if (trouble === "away") throw new Error("away");
    if (batch.cursor > this.position) {
      const known = new Set(this.calls.map(({ id }) => id));
      const records = batch.records.filter(({ position }) => position > this.position);
      this.batches.push({ ...batch, records, calls: batch.calls.filter(({ id }) => !known.has(id)) });
      this.position = batch.cursor;
    }
    if (trouble === "answer lost") throw new Error("the connection broke");
  }

  get events(): string[] {
    return this.#records.flatMap(({ position, streams }) =>
      streams.flatMap(({ callId, events }) => events.map((_event, index) => `${position}.${index} ${callId}`)),
    );
  }

  get owed(): string[] {
    return this.#records.flatMap(({ position, outbox = [] }) => outbox.map((item) => `${position} ${item.id}`));
  }

  get #records(): ShippedRecord[] {
    return this.batches.flatMap(({ records }) => records);
  }

  get calls(): Call[] {
    return this.batches.flatMap(({ calls }) => calls);
  }
}

/** A call's state is the list of values its events set. */
const evolve = (call: Call | undefined, event: CallEvent): Call => {
  const value = event.kind === "data.changed" ? String(event.set["value"]) : "";
  const before = call ?? endedCall("", exampleAccount, { id: value.split(" ")[0] ?? "", data: { value: "" } });
  return { ...before, data: { value: `${before.data["value"]}${value};` } };
};

type Settings = Partial<Parameters<typeof createShipper>[0]>;

/** A process: a journal, its calls in memory, and a shipper. */
class ImaginedProcess {
  readonly journal: OpenJournal;
  readonly shipper: Shipper;
  readonly memory = new Map<string, Call>();
  readonly freed: string[] = [];

  constructor(journal: OpenJournal, memory: Map<string, Call>, archive: CallArchive, clock: VirtualClock, settings: Settings) {
    this.journal = journal;
    this.memory = memory;
    this.shipper = createShipper({
      journal,
      archive,
      clock,
      logger: silentLogger,
      stateOf: (_, callId) => memory.get(callId),
      evolve,
      shipped: (calls) => {
        for (const { callId } of calls) {
          memory.delete(callId);
          this.freed.push(callId);
        }
      },
      ...settings,
    });
  }

  static async start(directory: string, archive: CallArchive, clock: VirtualClock, settings: Settings = {}): Promise<ImaginedProcess> {
    const journal = await openJournal({
      directory,
      clock,
      logger: silentLogger,
      reserveBytes: 0,
      segmentBytes: 2000,
      startWriter: writerHere(clock),
    });
    const memory = new Map<string, Call>();
    for await (const record of journal.recover()) {
      for (const { callId, events } of record.streams) for (const event of events) memory.set(callId, evolve(memory.get(callId), event));
    }
    return new ImaginedProcess(journal, memory, archive, clock, settings);
  }

  /** Appends a step and offers it, as the call layer does; `isOffered: false` stands for memory that was lost. */
  step(callId: string, seq: number, isLast = false, isOffered = true, owes = false): void {
    const outbox = owes
      ? [{ id: `${callId} ${seq}`, accountId: exampleAccount, key: callId, url: "http://a.example/", body: { seq } }]
      : undefined;
    const draft = stepOf(callId, seq, { isLast, ...(outbox && { outbox }) });
    const position = this.journal.append(draft);
    for (const { events } of draft.streams) for (const event of events) this.memory.set(callId, evolve(this.memory.get(callId), event));
    const call = this.memory.get(callId);
    if (isOffered) this.shipper.offer({ ...draft, position, epoch: this.journal.epoch }, isLast && call !== undefined ? [call] : []);
  }

  async stop(): Promise<void> {
    await this.shipper.close();
    await this.journal.close();
  }
}

/** File reads of the journal are real, so the virtual clock is moved until something is so. */
async function until(clock: VirtualClock, isSo: () => boolean): Promise<void> {
  await eventually("shipped", async () => {
    await clock.advanceAsync(200);
    return isSo();
  });
}

test("durable records reach the store in order, with the state of the calls that ended, and memory is freed then", async () => {
  using directory = temporaryDirectory();
  const clock = new VirtualClock();
  const store = new ImaginedStore();
  const process = await ImaginedProcess.start(directory.path, store, clock);
  process.step("a", 1);
  process.step("b", 1);
  process.step("a", 2, true);
  await until(clock, () => store.position === 3);
  expect(store.events).toEqual(["1.0 a", "2.0 b", "3.0 a"]);
  expect(store.calls.map(({ id, data }) => [id, data["value"]])).toEqual([["a", "a 1;a 2;"]]);
  expect(process.freed).toEqual(["a"]);
  await process.stop();
  expect(clock.armed).toBe(0);
});

test("many records do not wait for the interval", async () => {
  using directory = temporaryDirectory();
  const clock = new VirtualClock();
  const store = new ImaginedStore();
  const process = await ImaginedProcess.start(directory.path, store, clock, { intervalMs: 3_600_000, batchRecords: 10 });
  await clock.advanceAsync(0);
  for (let seq = 1; seq <= 25; seq++) {
    process.step("a", seq);
    await clock.advanceAsync(10);
  }
  expect(store.batches.map(({ cursor }) => cursor)).toEqual([10, 20]);
  await process.stop();
  expect(store.position).toBe(25);
});

test("a record that owes somebody something is shipped at once, also when it comes while another is on its way", async () => {
  using directory = temporaryDirectory();
  const clock = new VirtualClock();
  const store = new ImaginedStore();
  const filled: number[] = [];
  const settings = { intervalMs: 3_600_000, filled: () => void filled.push(store.position) };
  const process = await ImaginedProcess.start(directory.path, store, clock, settings);
  await clock.advanceAsync(0);
  process.step("a", 1);
  await clock.advanceAsync(100);
  expect(store.position).toBe(0);
  process.step("a", 2, false, true, true);
  await clock.advanceAsync(10);
  const ship = store.ship.bind(store);
  store.ship = async (batch) => {
    store.ship = ship;
    process.step("a", 4, false, true, true);
    await clock.advanceAsync(10);
    await ship(batch);
  };
  process.step("a", 3, false, true, true);
  await clock.advanceAsync(100);
  expect([store.owed, filled]).toEqual([
    ["2 a 2", "3 a 3", "4 a 4"],
    [2, 3, 4],
  ]);
  await process.stop();
});

test("what happened to a recording is shipped at once", async () => {
  using directory = temporaryDirectory();
  const clock = new VirtualClock();
  const store = new ImaginedStore();
  let filled = 0;
  const process = await ImaginedProcess.start(directory.path, store, clock, { intervalMs: 3_600_000, filled: () => void (filled += 1) });
  await clock.advanceAsync(0);
  const paused = { kind: "recording.paused", at: 1, partyId: "p", recordingId: "r", by: "u" } as const;
  const draft = { at: 1, streams: [{ accountId: exampleAccount, callId: "a", seq: 1, events: [paused] }] };
  const position = process.journal.append(draft);
  process.shipper.offer({ ...draft, position, epoch: process.journal.epoch }, []);
  await clock.advanceAsync(100);
  expect([store.position, filled]).toEqual([position, 1]);
  await process.stop();
});

test("a store that is away is not asked more often because somebody is owed something", async () => {
  using directory = temporaryDirectory();
  const clock = new VirtualClock();
  const store = new ImaginedStore();
  const process = await ImaginedProcess.start(directory.path, store, clock);
  await clock.advanceAsync(0);
  let attempts = 0;
  store.ship = () => {
    attempts += 1;
    return Promise.reject(new Error("away"));
  };
  for (let seq = 1; seq <= 100; seq++) {
    process.step("a", seq, false, true, true);
    await clock.advanceAsync(10);
  }
  expect(attempts).toBeLessThan(5);
  await process.stop();
});

test("what is owed is shipped from the disk too", async () => {
  using directory = temporaryDirectory();
  const clock = new VirtualClock();
  const store = new ImaginedStore();
  store.isAway = true;
  const first = await ImaginedProcess.start(directory.path, store, clock);
  first.step("a", 1, false, true, true);
  first.step("a", 2, false, false, true);
  await first.stop();
  store.isAway = false;
  const second = await ImaginedProcess.start(directory.path, store, clock);
  await until(clock, () => store.position === 2);
  expect(store.owed).toEqual(["1 a 1", "2 a 2"]);
  await second.stop();
});

test("a store that is away for a minute, more records than memory may hold: everything arrives once, in order", async () => {
  using directory = temporaryDirectory();
  const clock = new VirtualClock();
  const store = new ImaginedStore();
  store.isAway = true;
  const process = await ImaginedProcess.start(directory.path, store, clock, { backlogRecords: 50, batchRecords: 40 });
  for (let index = 0; index < 300; index++) {
    process.step(`c${Math.floor(index / 3)}`, (index % 3) + 1, index % 3 === 2);
    await clock.advanceAsync(200);
  }
  expect(store.position).toBe(0);
  store.isAway = false;
  await until(clock, () => store.position === 300);
  expect(store.events).toEqual(Array.from({ length: 300 }, (_, index) => `${index + 1}.0 c${Math.floor(index / 3)}`));
  expect(store.calls.map(({ id, data }) => `${id}: ${data["value"]}`)).toEqual(
    Array.from({ length: 100 }, (_, index) => `c${index}: c${index} 1;c${index} 2;c${index} 3;`),
  );
  expect(process.memory.size).toBe(0);
  await process.stop();
});

test("after a crash it goes on from the cursor, also for calls that ended before and are in nobody's memory", async () => {
  using directory = temporaryDirectory();
  const clock = new VirtualClock();
  const store = new ImaginedStore();
  const first = await ImaginedProcess.start(directory.path, store, clock);
  first.step("gone", 1);
  first.step("live", 1);
  await until(clock, () => store.position === 2);
  store.isAway = true;
  first.step("gone", 2);
  first.step("gone", 3, true);
  await first.stop();
  store.isAway = false;

  const second = await ImaginedProcess.start(directory.path, store, clock);
  second.step("live", 2, true);
  await until(clock, () => store.position === 5);
  expect(store.events).toEqual(["1.0 gone", "2.0 live", "3.0 gone", "4.0 gone", "5.0 live"]);
  expect(store.calls.map(({ id, data }) => [id, data["value"]])).toEqual([
    ["gone", "gone 1;gone 2;gone 3;"],
    ["live", "live 1;live 2;"],
  ]);
  expect(second.freed).toEqual(["gone", "live"]);
  await second.stop();
});

test("whatever is lost, refused or repeated: each record arrives once and in order, and ended calls as they ended", async () => {
  const action = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant("step" as const), call: fc.nat(3), isLast: fc.boolean(), isOffered: fc.boolean() }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("trouble" as const), trouble: fc.constantFrom("away" as const, "answer lost" as const) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
      using directory = temporaryDirectory();
      const clock = new VirtualClock();
      const store = new ImaginedStore();
      const settings = { backlogRecords: 4, batchRecords: 3 };
      let process = await ImaginedProcess.start(directory.path, store, clock, settings);
      const seqs = [0, 0, 0, 0];
      const generations = [0, 0, 0, 0];
      const events: string[] = [];
      const ended: string[] = [];
      for (const next of actions) {
        if (next.kind === "trouble") store.troubles.push(next.trouble);
        else if (next.kind === "wait") await clock.advanceAsync(1000);
        else if (next.kind === "restart") {
          await process.stop();
          process = await ImaginedProcess.start(directory.path, store, clock, settings);
        } else {
          const callId = `c${next.call}-${generations[next.call]}`;
          const seq = (seqs[next.call] ?? 0) + 1;
          seqs[next.call] = next.isLast ? 0 : seq;
          if (next.isLast) generations[next.call] = (generations[next.call] ?? 0) + 1;
          process.step(callId, seq, next.isLast, next.isOffered);
          events.push(`${events.length + 1}.0 ${callId}`);
          if (next.isLast) ended.push(`${callId}: ${Array.from({ length: seq }, (_, index) => `${callId} ${index + 1};`).join("")}`);
        }
      }
      await until(clock, () => store.position === events.length);
      expect(store.events).toEqual(events);
      expect(store.calls.map(({ id, data }) => `${id}: ${data["value"]}`)).toEqual(ended);
      await process.stop();
    }),
    { numRuns: 30 },
  );
});
