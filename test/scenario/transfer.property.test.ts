/** Whatever phones do with REFER and Replaces, over a bad network and through deaths of the process: every leg ends, in one call, and all ports are free. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { silentLogger } from "../../src/kernel/index.ts";
import { replay } from "../../src/calls/index.ts";
import type { InviteUsage } from "../../src/sip/index.ts";
import { accountId } from "../support/call-house.ts";
import { type Colleague, type Office, office, userOf } from "./agents.ts";
import { refer, replacesOf, replacing, toExtension } from "./referring.ts";
import { caller, crash, signedAs } from "./scene.ts";

const people = ["ann", "ben", "cleo"] as const;
const person = fc.constantFrom(...people);
const actions = ["dial", "blind", "blind", "attended", "attended", "replace", "bye", "hold", "hang-up", "crash"] as const;
const life = fc.record({
  seed: fc.nat(1_000_000),
  loss: fc.constantFrom(0, 0, 0.15),
  answersAfterMs: fc.constantFrom(0, 100, 2000),
  sequence: fc.array(
    fc.record({ what: fc.constantFrom(...actions), who: person, other: person, afterMs: fc.oneof(fc.nat(5), fc.nat(3000)) }),
    {
      maxLength: 10,
    },
  ),
});

const numbers: Readonly<Record<Colleague, string>> = { ann: "5001", ben: "5002", cleo: "5003" };

/** Every dialog that each phone was ever in, oldest first. */
function usagesOf(at: Office): Readonly<Record<Colleague, InviteUsage[]>> {
  const all: Record<Colleague, InviteUsage[]> = { ann: [], ben: [], cleo: [] };
  for (const name of people) {
    const { stack } = at.phones[name].agent;
    const accept = stack.acceptInvite.bind(stack);
    stack.acceptInvite = (...args) => {
      const usage = accept(...args);
      all[name].push(usage);
      return usage;
    };
  }
  return all;
}

async function act(
  at: Office & { callers: number },
  usages: ReturnType<typeof usagesOf>,
  { what, who, other, afterMs }: { what: (typeof actions)[number]; who: Colleague; other: Colleague; afterMs: number },
): Promise<void> {
  await at.clock.advanceAsync(afterMs);
  const confirmed = usages[who].filter(({ phase }) => phase === "confirmed");
  const [own, another] = [confirmed[0], confirmed.at(-1)];
  const { items } = await at.house.views.list(accountId, { live: true }, { limit: 1 });
  const send = (kind: "hold" | "hang-up") =>
    void at.house.calls.send(accountId, items[0]?.id ?? "", { kind, by: userOf(who) }).catch(() => undefined);
  switch (what) {
    case "dial":
      return void at.house.calls.dial(accountId, { by: userOf(who), to: numbers[other] }).catch(() => undefined);
    case "blind":
      return own && void refer(own, toExtension(numbers[other]));
    case "attended":
      return own && another && void refer(own, replacing(another, numbers[other]));
    case "replace":
      return (
        own &&
        void caller(at, `192.0.2.${at.callers++}`, {
          to: "5001",
          from: other,
          headers: [["Replaces", replacesOf(own)]],
          authorization: signedAs(other),
        })
      );
    case "bye":
      return own?.bye();
    case "hold":
    case "hang-up":
      return send(what);
    case "crash":
      at.journal.flush();
      return crash(at, 100 + afterMs);
  }
}

test("transfers in any order come to their end", async () => {
  await fc.assert(
    fc.asyncProperty(life, async ({ seed, loss, answersAfterMs, sequence }) => {
      const behaviour = { answersAfterMs };
      const opened = await office(
        { ann: { answersAfterMs: 0 }, ben: behaviour, cleo: behaviour },
        { weather: { seed, loss, minDelayMs: 1, maxDelayMs: 10 } },
      );
      const at = Object.assign(opened, { callers: 150 });
      const usages = usagesOf(at);
      for (const to of ["5002", "5003"]) void at.house.calls.dial(accountId, { by: "user-ann", to });
      await at.clock.advanceAsync(3000);
      for (const action of sequence) await act(at, usages, action);
      await at.clock.advanceAsync(40_000);
      // One holder a leg, one talking seat a party, and the journal leads to what is lived.
      const { items } = await at.house.views.list(accountId, { live: true }, { limit: 50 });
      const legs = items.flatMap((call) => Object.keys(call.legs));
      expect(new Set(legs).size).toBe(legs.length);
      for (const call of items) {
        for (const { endpointId } of at.house.media.plans.get(call.id)?.endpoints ?? [])
          expect(call.legs[endpointId]?.state).toBe("answered");
      }
      at.journal.flush();
      const replayed = await replay(at.journal, silentLogger);
      for (const call of items) {
        const known = replayed.find(({ call: { id } }) => id === call.id)?.call;
        expect(JSON.parse(JSON.stringify(known?.parties))).toEqual(JSON.parse(JSON.stringify(call.parties)));
      }
      const over = at.house.calls.shutDown("the end");
      await at.clock.advanceAsync(200_000);
      await over;
      expect([at.house.calls.unfinished, at.house.ports.free]).toEqual([0, 200]);
    }),
    { numRuns: 60 },
  );
}, 60_000);
