import * as fc from "fast-check";
import { expect, test } from "vitest";
import { CallwrightError } from "../../kernel/index.ts";
import { noMedia } from "../../media/index.ts";
import type { CallEvent } from "../events.ts";
import { evolve } from "../evolve/evolve.ts";
import type { Call } from "../model.ts";
import { isOver, liveLegsOf, partiesPresent } from "../parts.ts";
import { deadlines } from "../plans/deadlines.ts";
import { mediaPlan } from "../plans/media-plan.ts";
import { decide, decideCreation } from "./decide.ts";
import type { Input } from "./inputs.ts";
import { callOf, clockStart, dialogOf, fakeSurroundings, mediaSettings, negotiatedOf, originateInput } from "./fixture.ts";

/** What may happen next, chosen by number among the things that make sense for some leg or party, and some that do not. */
type Choice = { readonly what: number; readonly which: number; readonly waitMs: number };

const choices = fc.array(fc.record({ what: fc.nat(21), which: fc.nat(7), waitMs: fc.nat(40_000) }), { maxLength: 60 });

function inputOf(call: Call, { what, which }: Choice): Input {
  const legs = Object.values(call.legs);
  const leg = legs[which % Math.max(1, legs.length)];
  const legId = leg?.id ?? "none";
  const parties = Object.values(call.parties);
  const party = parties[which % Math.max(1, parties.length)];
  const due = deadlines(call)[which % Math.max(1, deadlines(call).length)];
  const inputs: readonly Input[] = [
    { kind: "leg-rang", legId, status: 180 },
    { kind: "leg-answered", legId, dialog: dialogOf(legId), media: negotiatedOf() },
    { kind: "leg-unusable", legId, dialog: dialogOf(legId) },
    { kind: "leg-failed", legId, cause: "response", status: 486, reason: "Busy Here" },
    { kind: "leg-failed", legId, cause: "timeout", status: 408, reason: "" },
    { kind: "leg-challenged", legId, header: "WWW-Authenticate", values: ["Digest realm=x"] },
    { kind: "leg-acknowledged", legId },
    { kind: "leg-cancelled", legId },
    { kind: "leg-hung-up", legId },
    { kind: "leg-gone", legId, reason: "SIP 481", owes: true },
    { kind: "leg-offered", legId, media: negotiatedOf({ direction: "recvonly" }), version: 2 },
    { kind: "leg-agreed", legId, media: negotiatedOf({ direction: "sendonly", stated: "sendonly" }), version: 2 },
    { kind: "leg-released", legId },
    { kind: "media", legId, event: { kind: "digit", digit: "5", durationMs: 100 } },
    { kind: "media", legId, event: { kind: "prompt-ended", promptId: party?.prompt?.promptId ?? "?", reason: "finished", playedMs: 10 } },
    { kind: "media", legId, event: { kind: "port-taken", localPort: leg?.localPort ?? 0 } },
    { kind: "hold", by: "user" },
    { kind: "retrieve", by: "user" },
    { kind: "set-data", by: "user", set: { note: String(which) } },
    { kind: "hang-up", by: "user" },
    due === undefined ? { kind: "recovered", gapMs: 500 } : { kind: "deadline", name: due.name, at: due.at },
    { kind: "recovered", gapMs: 1000 },
  ];
  return inputs[what] ?? { kind: "hang-up", by: "user" };
}

type Life = { readonly call: Call; readonly steps: readonly (readonly CallEvent[])[]; readonly states: readonly Call[] };

function live(sequence: readonly Choice[]): Life {
  const around = fakeSurroundings();
  const first = decideCreation(originateInput, around);
  const steps = [first.events];
  const states = [first.call];
  let { call } = first;
  for (const choice of sequence) {
    around.now += choice.waitMs;
    try {
      const decision = decide(call, inputOf(call, choice), around);
      steps.push(decision.events);
      call = decision.call;
      states.push(call);
    } catch (error) {
      if (!(error instanceof CallwrightError)) throw error;
    }
  }
  return { call, steps, states };
}

test("replaying any prefix of the steps gives the state that was lived", () => {
  fc.assert(
    fc.property(choices, (sequence) => {
      const { steps, states } = live(sequence);
      let call: Call | undefined;
      steps.forEach((events, index) => {
        for (const event of JSON.parse(JSON.stringify(events)) as CallEvent[]) call = evolve(call, event);
        expect(call).toEqual(JSON.parse(JSON.stringify(states[index])));
      });
    }),
  );
});

test("a leg has one party, and a party talks in at most one seat through at most one leg", () => {
  fc.assert(
    fc.property(choices, (sequence) => {
      for (const call of live(sequence).states) {
        for (const leg of Object.values(call.legs)) expect(call.parties[leg.partyId]).toBeDefined();
        for (const party of Object.values(call.parties)) {
          const seats = Object.values(call.bridges).flatMap(({ seats: all }) => all[party.id] ?? []);
          expect(seats.filter(({ state }) => state === "active").length).toBeLessThanOrEqual(1);
          expect(Object.values(call.legs).filter((leg) => leg.partyId === party.id && leg.state === "answered").length).toBeLessThanOrEqual(
            1,
          );
          if (party.leftAt !== undefined) expect(liveLegsOf(call, party.id)).toEqual([]);
        }
      }
    }),
  );
});

test("the times of a seat add up to the time since its party joined", () => {
  fc.assert(
    fc.property(choices, (sequence) => {
      for (const call of live(sequence).states) {
        for (const bridge of Object.values(call.bridges)) {
          for (const seat of Object.values(bridge.seats)) {
            const joinedAt = call.parties[seat.partyId]?.joinedAt ?? Number.NaN;
            expect(seat.waitedMs + seat.activeMs + seat.heldMs).toBe(seat.since - joinedAt);
          }
        }
      }
    }),
  );
});

test("a call that is left alone after a hang-up is over once its far ends know, and every leg has ended", () => {
  fc.assert(
    fc.property(choices, (sequence) => {
      const around = fakeSurroundings();
      let { call } = live(sequence);
      if (call.endedAt === undefined) ({ call } = decide(call, { kind: "hang-up", by: "user" }, around));
      for (const leg of Object.values(call.legs)) {
        expect(leg.state).toBe("ended");
        ({ call } = decide(call, { kind: "leg-released", legId: leg.id }, around));
      }
      expect(partiesPresent(call)).toEqual([]);
      expect(call.outcome).toBeDefined();
      expect(isOver(call)).toBe(true);
      expect(deadlines(call)).toEqual([]);
      expect(mediaPlan(call, mediaSettings)).toEqual(noMedia);
    }),
  );
});

test("every call that lives has something that will end it", () => {
  fc.assert(
    fc.property(choices, (sequence) => {
      for (const call of live(sequence).states) {
        if (call.endedAt === undefined) expect(deadlines(call).length).toBeGreaterThan(0);
      }
    }),
  );
});

test("the same input a second time changes nothing that it had settled", () => {
  fc.assert(
    fc.property(choices, fc.nat(12), (sequence, what) => {
      const { call } = live(sequence);
      const input = inputOf(call, { what, which: 0, waitMs: 0 });
      const around = fakeSurroundings();
      const once = decide(call, input, around).call;
      const legEnded = Object.values(once.legs)[0]?.state === "ended";
      if (legEnded) expect(Object.values(decide(once, input, around).call.legs)[0]?.state).toBe("ended");
      expect(callOf(once)).toBe(callOf(call));
    }),
  );
});

test("a plain answered call is at most 8 events and 2 kB", () => {
  const around = fakeSurroundings({ script: () => undefined });
  const first = decideCreation(originateInput, around);
  let { call } = first;
  const events = [...first.events];
  const legId = Object.keys(call.legs)[0] ?? "";
  const inputs: readonly Input[] = [
    { kind: "leg-rang", legId, status: 180 },
    { kind: "leg-answered", legId, dialog: dialogOf(legId), media: negotiatedOf() },
    { kind: "leg-hung-up", legId },
  ];
  for (const input of inputs) {
    around.now = clockStart + 5000;
    const decision = decide(call, input, around);
    events.push(...decision.events);
    call = decision.call;
  }
  expect(isOver(call)).toBe(true);
  // script.started is the flow's, not the call's.
  const plain = events.filter(({ kind }) => !kind.startsWith("script."));
  expect(plain.map(({ kind }) => kind)).toEqual([
    "call.created",
    "party.joined",
    "leg.created",
    "leg.rang",
    "leg.answered",
    "leg.ended",
    "party.left",
    "call.ended",
  ]);
  expect(JSON.stringify(plain).length).toBeLessThan(2560);
});
