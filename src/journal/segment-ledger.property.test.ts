import * as fc from "fast-check";
import { expect, test } from "vitest";
import { SegmentLedger } from "./segment-ledger.ts";

type Entry =
  | { readonly position: number; readonly callIds: readonly string[]; readonly ended: readonly string[] }
  | { readonly note: readonly string[] };

/** A journal on an imagined disk: segments with their entries, and the ledger that says which may go. */
class ImaginedJournal {
  readonly ledger = new SegmentLedger();
  readonly segments = new Map<number, Entry[]>();
  readonly live = new Set<string>();
  position = 0;

  append(callIds: readonly string[], ended: readonly string[], roll: boolean): void {
    const position = ++this.position;
    if (roll || this.segments.size === 0) {
      this.segments.set(position, []);
      this.ledger.begin(position);
    }
    [...this.segments.values()].at(-1)?.push({ position, callIds, ended });
    this.ledger.record(position, callIds, ended);
    for (const callId of callIds) this.live.add(callId);
    for (const callId of ended) this.live.delete(callId);
  }

  ship(position: number): void {
    const { remove, note } = this.ledger.shipped(position);
    if (note.length > 0) [...this.segments.values()].at(-1)?.push({ note });
    for (const first of remove) this.segments.delete(first);
  }

  reopened(): SegmentLedger {
    const ledger = new SegmentLedger();
    for (const [first, entries] of this.segments) {
      ledger.begin(first);
      for (const entry of entries) {
        if ("note" in entry) ledger.endNote(entry.note);
        else ledger.record(entry.position, entry.callIds, entry.ended);
      }
    }
    return ledger;
  }
}

const callNames = ["a", "b", "c", "d", "e"];

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      calls: fc.uniqueArray(fc.constantFrom(...callNames), { minLength: 1, maxLength: 2 }),
      ends: fc.boolean(),
      roll: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("ship" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }) },
);

test("whatever is shipped and removed: what is left shows exactly the live calls, and every record not shipped", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const journal = new ImaginedJournal();
      const generation = new Map(callNames.map((name) => [name, 0]));
      let shipped = 0;
      for (const action of steps) {
        if (action.kind === "append") {
          // An id is used by one call only: a name that has ended comes back as the next generation.
          const callIds = action.calls.map((name) => `${name}${generation.get(name)}`);
          const ended = action.ends ? callIds.slice(0, 1) : [];
          if (action.ends) for (const name of action.calls.slice(0, 1)) generation.set(name, (generation.get(name) ?? 0) + 1);
          journal.append(callIds, ended, action.roll);
        } else if (journal.position > 0) {
          shipped = Math.max(shipped, Math.floor(action.share * journal.position));
          journal.ship(shipped);
        }
        const reopened = journal.reopened();
        const seen = new Set([...journal.segments.values()].flat().flatMap((entry) => ("note" in entry ? [] : entry.callIds)));
        expect([...seen].filter((callId) => reopened.isLive(callId)).toSorted()).toEqual([...journal.live].toSorted());
        const positions = [...journal.segments.values()].flat().flatMap((entry) => ("note" in entry ? [] : [entry.position]));
        for (let position = shipped + 1; position <= journal.position; position++) expect(positions).toContain(position);
      }
    }),
    { numRuns: 2000 },
  );
});

test("when every call has ended and is shipped, one segment is left", () => {
  const journal = new ImaginedJournal();
  for (let round = 0; round < 20; round++) journal.append([`${round}`, `${round + 1}`], [`${round}`], true);
  journal.append(["20"], ["20"], true);
  journal.ship(journal.position);
  expect([...journal.segments.keys()]).toEqual([21]);
});
