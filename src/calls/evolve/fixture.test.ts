/** Events that released versions wrote lead to the states they led to then, for ever. test/scenario/fixture-journal.test.ts writes a new version. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { JournalRecord } from "../journal-port.ts";
import type { Call } from "../model.ts";
import { isOver } from "../parts.ts";
import { evolve } from "./evolve.ts";

const fixtures = join(import.meta.dirname, "../../../test/fixtures/journal");

function read<T>(version: string, name: string): readonly T[] {
  return JSON.parse(readFileSync(join(fixtures, version, name), "utf8")) as readonly T[];
}

function replayed(records: readonly JournalRecord[]): ReadonlyMap<string, Call> {
  const calls = new Map<string, Call>();
  for (const { streams } of records) {
    for (const { callId, seq, events } of streams) {
      expect(calls.get(callId)?.seq ?? 0).toBe(seq - 1);
      for (const event of events) calls.set(callId, evolve(calls.get(callId), event));
    }
  }
  return calls;
}

describe.each(readdirSync(fixtures))("version %s", (version) => {
  const records = read<JournalRecord>(version, "every-event.json");

  test("its calls end as they ended then", () => {
    const calls = replayed(records);
    const expected = read<Call>(version, "every-event.calls.json");
    expect(expected).not.toEqual([]);
    for (const call of expected) {
      // Later releases may know more of a call, never something else.
      expect(JSON.parse(JSON.stringify(calls.get(call.id)))).toMatchObject(call);
      expect(isOver(call)).toBe(true);
    }
  });

  test("seats' times add up to the time each party was there", () => {
    for (const call of replayed(records).values()) {
      const seats = Object.values(call.bridges).flatMap((bridge) => Object.values(bridge.seats));
      for (const { partyId, waitedMs, activeMs, heldMs } of seats) {
        const { joinedAt = 0, leftAt = 0 } = call.parties[partyId] ?? {};
        expect(waitedMs + activeMs + heldMs).toBe(leftAt - joinedAt);
      }
    }
  });
});
