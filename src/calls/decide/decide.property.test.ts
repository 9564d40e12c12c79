import * as fc from "fast-check";
import { expect, test } from "vitest";
import { CallwrightError } from "../../kernel/index.ts";
import { noMedia } from "../../media/index.ts";
import type { CallEvent } from "../events.ts";
import { evolve } from "../evolve/evolve.ts";
import type { Call } from "../model.ts";
import { supervisionModes } from "../seat-values.ts";
import { isOver, membersPresent, liveLegsOf, partiesPresent, seatOf } from "../parts.ts";
import { deadlines } from "../plans/deadlines.ts";
import { mediaPlan } from "../plans/media-plan.ts";
import { type Decision, decide, decideCreation } from "./decide.ts";
import type { Input, OriginateInput } from "./inputs.ts";
import { callOf, clockStart, dialInput, dialogOf, fakeSurroundings, mediaSettings, negotiatedOf, originateInput } from "./fixture.ts";
import type { Surroundings } from "./step.ts";

/** What may happen next, chosen by number among the things that make sense for some leg or party, and some that do not. */
type Choice = { readonly what: number; readonly which: number; readonly waitMs: number };

/** Of `inputOf`'s inputs: those that keep a call going come first. A call that ends at once shows little. */
const [goingOn, inAll] = [42, 54];
const whats = fc.oneof(
  { weight: 12, arbitrary: fc.nat(goingOn - 1) },
  { weight: 1, arbitrary: fc.integer({ min: goingOn, max: inAll - 1 }) },
);

const choices = fc.array(fc.record({ what: whats, which: fc.nat(7), waitMs: fc.nat(40_000) }), { maxLength: 60, size: "max" });

/** A colleague, somebody who is likely in the call already, a number on two devices, one that no trunk takes, and nobody. */
const transferTargets = ["5003", "5002", "+4930123456", "+19005550100", "5999"];

const beginnings = fc.constantFrom(originateInput, dialInput, dialInput);

function inputOf(call: Call, { what, which }: Choice): Input {
  const legs = Object.values(call.legs);
  const leg = legs[which % Math.max(1, legs.length)];
  const legId = leg?.id ?? "none";
  const parties = Object.values(call.parties);
  const party = parties[which % Math.max(1, parties.length)];
  const by = party?.address.kind === "user" ? party.address.userId : "ann";
  const due = deadlines(call)[which % Math.max(1, deadlines(call).length)];
  const dialog = dialogOf(legId);
  const running = party?.recordings?.[0];
  const partyId = party?.id ?? "none";
  const mode = supervisionModes[which % 3] ?? "listen";
  const inputs: readonly Input[] = [
    { kind: "leg-rang", legId, status: 180 },
    { kind: "leg-answered", legId, dialog, media: negotiatedOf() },
    { kind: "leg-answered", legId, dialog, media: negotiatedOf({ codec: "PCMA", payloadType: 8 }) },
    { kind: "leg-acknowledged", legId },
    { kind: "leg-acknowledged", legId, media: negotiatedOf() },
    { kind: "leg-progressed", legId, media: negotiatedOf(), remoteTag: `fork${which}` },
    { kind: "leg-interval-too-small", legId, minSessionS: 2000 + which },
    { kind: "leg-offered", legId, media: negotiatedOf({ direction: "recvonly" }), version: 2 },
    { kind: "leg-agreed", legId, media: negotiatedOf({ direction: "sendonly", stated: "sendonly" }), version: 2 },
    { kind: "media", legId, event: { kind: "digit", digit: "5", durationMs: 100 } },
    { kind: "media", legId, event: { kind: "prompt-ended", promptId: party?.prompt?.promptId ?? "?", reason: "finished", playedMs: 10 } },
    { kind: "media", legId, event: { kind: "digits-sent", digitsId: party?.digitsToSend?.digitsId ?? "?" } },
    { kind: "hold", by: "user" },
    { kind: "retrieve", by: "user" },
    { kind: "set-data", by: "user", set: { note: String(which) } },
    { kind: "answer", by },
    { kind: "hold", by },
    { kind: "retrieve", by },
    { kind: "mute", by },
    { kind: "unmute", by },
    { kind: "send-digits", by, digits: "12#" },
    { kind: "transfer", by, to: transferTargets[which % transferTargets.length] ?? "" },
    { kind: "set-user-data", by, set: { key: which, [`k${which}`]: which % 2 === 0 ? null : [which] } },
    { kind: "set-user-data", by, set: { only: true }, clear: true },
    { kind: "start-recording", by, recordingId: `r${which}`, hears: "both", maxMs: 1000, ...(which % 2 === 0 && { channels: 2 }) },
    { kind: "pause-recording", by, recordingId: running?.recordingId ?? "?" },
    { kind: "resume-recording", by, recordingId: running?.recordingId ?? "?" },
    { kind: "stop-recording", by, recordingId: running?.recordingId ?? "?" },
    { kind: "recovered", gapMs: 1000 },
    { kind: "add-party", by, to: transferTargets[which % transferTargets.length] ?? "" },
    { kind: "supervise", by: "cleo", partyId, mode },
    { kind: "supervise", by, partyId, mode, to: transferTargets[which % transferTargets.length] ?? "" },
    { kind: "set-party", by, partyId, mode },
    { kind: "set-party", by, partyId, muted: which % 2 === 0, deaf: which % 3 === 0, gainDb: which },
    { kind: "play", by, partyId, items: [], repeat: which },
    { kind: "change-playback", by, partyId, isPaused: which % 2 === 0, ...(which > 4 && { positionMs: which * 1000 }) },
    { kind: "announce", by, items: [], ...(which > 3 && { partyId }) },
    { kind: "media", legId, event: { kind: "prompt-paused", promptId: party?.prompt?.promptId ?? "?", playedMs: which } },
    { kind: "media", legId, event: { kind: "prompt-ended", promptId: party?.prompt?.promptId ?? "?", reason: "stopped", playedMs: 7 } },
    { kind: "media", legId, event: { kind: "media-resumed" } },
    { kind: "media", legId, event: { kind: "media-timeout", silentMs: 10_000 } },
    { kind: "end-playback", by, partyId },
    { kind: "leg-challenged", legId, header: "WWW-Authenticate", values: ["Digest realm=x"] },
    { kind: "leg-unusable", legId, dialog },
    { kind: "leg-failed", legId, cause: "response", status: 486, reason: "Busy Here" },
    { kind: "leg-failed", legId, cause: "timeout", status: 408, reason: "" },
    { kind: "leg-cancelled", legId },
    { kind: "leg-hung-up", legId },
    { kind: "leg-gone", legId, reason: "SIP 481", owes: true },
    { kind: "leg-released", legId },
    { kind: "media", legId, event: { kind: "port-taken", localPort: leg?.localPort ?? 0 } },
    { kind: "leave", by },
    { kind: "hang-up", by: "user" },
    due === undefined ? { kind: "recovered", gapMs: 40_000 } : { kind: "deadline", name: due.name, at: due.at },
  ];
  expect(inputs).toHaveLength(inAll);
  return inputs[what] ?? { kind: "hang-up", by: "user" };
}

type Life = { readonly call: Call; readonly steps: readonly (readonly CallEvent[])[]; readonly states: readonly Call[] };

function live(beginning: OriginateInput, sequence: readonly Choice[]): Life {
  const around = fakeSurroundings();
  const first = decideCreation(beginning, around);
  const steps = [first.events];
  const states = [first.call];
  let { call } = first;
  for (const choice of sequence) {
    around.now += choice.waitMs;
    const decision = decided(call, inputOf(call, choice), around);
    if (decision === undefined) continue;
    steps.push(decision.events);
    call = decision.call;
    states.push(call);
  }
  return { call, steps, states };
}

/** Undefined when it is refused. */
function decided(call: Call, input: Input, around: Surroundings): Decision | undefined {
  try {
    return decide(call, input, around);
  } catch (error) {
    if (error instanceof CallwrightError) return undefined;
    throw error;
  }
}

test("replaying any prefix of the steps gives the state that was lived", () => {
  fc.assert(
    fc.property(beginnings, choices, (beginning, sequence) => {
      const { steps, states } = live(beginning, sequence);
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
    fc.property(beginnings, choices, (beginning, sequence) => {
      for (const call of live(beginning, sequence).states) {
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
    fc.property(beginnings, choices, (beginning, sequence) => {
      for (const call of live(beginning, sequence).states) {
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
    fc.property(beginnings, choices, (beginning, sequence) => {
      const around = fakeSurroundings();
      let { call } = live(beginning, sequence);
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

test("nobody stands on a party that has left, nobody is in a call twice, and mute and user data are values of their own", () => {
  fc.assert(
    fc.property(beginnings, choices, (beginning, sequence) => {
      for (const call of live(beginning, sequence).states) {
        const present = partiesPresent(call);
        for (const { by } of present) if (by !== undefined) expect(call.parties[by]?.leftAt).toBeUndefined();
        const users = present.flatMap(({ address }) => (address.kind === "user" ? address.userId : []));
        expect(users).toEqual([...new Set(users)]);
        for (const { endpointId, source } of mediaPlan(call, mediaSettings).endpoints) {
          if (source.kind !== "mix") continue;
          for (const leg of source.endpointIds.map((legId) => call.legs[legId])) {
            const seat = seatOf(call, leg?.partyId ?? "")?.seat;
            expect(seat?.muted === true).toBe(false);
            expect(seat?.supervises?.mode).not.toBe("listen");
            if (seat?.supervises?.mode === "coach") expect(seat.supervises.partyId).toBe(call.legs[endpointId]?.partyId);
            // Or before the answer.
            expect(seat?.state).toBe(leg?.early === undefined ? "active" : "alerting");
          }
        }
        expect(Object.values(call.userData)).not.toContain(null);
      }
    }),
  );
});

test("every call that lives has something that will end it", () => {
  fc.assert(
    fc.property(beginnings, choices, (beginning, sequence) => {
      for (const call of live(beginning, sequence).states) {
        if (call.endedAt === undefined) expect(deadlines(call).length).toBeGreaterThan(0);
        // Who only listens holds no call up.
        if (call.endedAt === undefined) expect(membersPresent(call).length).toBeGreaterThan(0);
      }
    }),
  );
});

test("the same input a second time changes nothing that it had settled", () => {
  fc.assert(
    fc.property(beginnings, choices, whats, (beginning, sequence, what) => {
      const { call } = live(beginning, sequence);
      const input = inputOf(call, { what, which: 0, waitMs: 0 });
      const around = fakeSurroundings();
      const once = decided(call, input, around)?.call ?? call;
      const legEnded = Object.values(once.legs)[0]?.state === "ended";
      if (legEnded) expect(Object.values((decided(once, input, around)?.call ?? once).legs)[0]?.state).toBe("ended");
      expect(callOf(once)).toBe(callOf(call));
    }),
  );
});

test("a plain answered call is at most 8 events and 2.2 kB", () => {
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
  expect(JSON.stringify(plain).length).toBeLessThan(2200);
});
