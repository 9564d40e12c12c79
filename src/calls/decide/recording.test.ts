import { expect, test } from "vitest";
import type { CallCommand } from "../calls.ts";
import { evolve } from "../evolve/evolve.ts";
import type { CallEvent } from "../events.ts";
import type { Call } from "../model.ts";
import { mediaPlan } from "../plans/media-plan.ts";
import { decide, decideCreation } from "./decide.ts";
import { dialogOf, fakeSurroundings, mediaSettings, negotiatedOf, originateInput } from "./fixture.ts";
import type { Input } from "./inputs.ts";

const start = { kind: "start-recording", by: "ann", recordingId: "r1", hears: "both", channels: 2, maxMs: 60_000, beep: true } as const;

/** A call whose first party has answered, and what happened to it since. */
class Talk {
  call: Call;
  readonly around = fakeSurroundings();
  events: readonly CallEvent[] = [];

  constructor(isDecoded = true) {
    this.call = decideCreation(originateInput, this.around).call;
    const { codec: _codec, ...relayed } = negotiatedOf();
    this.give({ kind: "leg-answered", legId: this.legId, dialog: dialogOf(this.legId), media: isDecoded ? negotiatedOf() : relayed });
  }

  get legId(): string {
    return Object.keys(this.call.legs)[0] ?? "";
  }

  get party() {
    return Object.values(this.call.parties)[0];
  }

  get planned() {
    return mediaPlan(this.call, mediaSettings).endpoints[0]?.recordings ?? [];
  }

  give(input: Input, afterMs = 0): readonly CallEvent[] {
    this.around.now += afterMs;
    const before = this.call;
    const decision = decide(before, input, this.around);
    expect(decision.events.reduce<Call>(evolve, before)).toEqual(decision.call);
    this.events = decision.events;
    this.call = decision.call;
    return decision.events;
  }
}

test("a recording begins with a beep, pauses, goes on and stops; asking twice changes nothing", () => {
  const talk = new Talk();
  expect(talk.give(start)).toMatchObject([{ kind: "recording.begun", recordingId: "r1", by: "ann", part: 1, channels: 2, beep: true }]);
  expect(talk.planned).toMatchObject([{ recordingId: "r1", hears: "both", channels: 2, beep: true, maxMs: 60_000, silenceMs: 0 }]);
  expect(talk.give({ kind: "pause-recording", by: "bob", recordingId: "r1" }, 1000)).toMatchObject([
    { kind: "recording.paused", by: "bob" },
  ]);
  expect(talk.planned).toMatchObject([{ recordingId: "r1", isPaused: true }]);
  expect(talk.give({ kind: "pause-recording", by: "bob", recordingId: "r1" })).toEqual([]);
  expect(talk.give({ kind: "resume-recording", by: "bob", recordingId: "r1" }, 1000)).toMatchObject([{ kind: "recording.resumed" }]);
  expect(talk.give({ kind: "resume-recording", by: "bob", recordingId: "r1" })).toEqual([]);
  expect(talk.planned[0]).not.toHaveProperty("isPaused");
  const ended = talk.give({ kind: "stop-recording", by: "bob", recordingId: "r1" }, 500);
  expect(ended).toMatchObject([{ kind: "recording.ended", recordingId: "r1", reason: "stopped", durationMs: 2500 }]);
  expect(talk.planned).toEqual([]);
  expect(() => talk.give({ kind: "stop-recording", by: "bob", recordingId: "r1" })).toThrow(/CALL_RECORDING_UNKNOWN|No such recording/);
});

test("several know nothing of each other, and eight are the most", () => {
  const talk = new Talk();
  for (let number = 1; number <= 8; number++) talk.give({ ...start, recordingId: `r${number}` });
  expect(() => talk.give({ ...start, recordingId: "r9" })).toThrow();
  talk.give({ kind: "pause-recording", by: "ann", recordingId: "r2" });
  talk.give({ kind: "media", legId: talk.legId, event: { kind: "recording-ended", recordingId: "r1", reason: "maximum", durationMs: 77 } });
  expect(talk.events).toMatchObject([{ kind: "recording.ended", recordingId: "r1", reason: "maximum", durationMs: 77 }]);
  expect(talk.planned.map(({ recordingId, isPaused = false }) => `${recordingId} ${isPaused}`)).toEqual([
    "r2 true",
    ...[3, 4, 5, 6, 7, 8].map((number) => `r${number} false`),
  ]);
});

test("after a crash the next part goes on, paused when it was, without a second beep", () => {
  const talk = new Talk();
  talk.give(start);
  talk.give({ kind: "pause-recording", by: "ann", recordingId: "r1" }, 1000);
  talk.give({ kind: "recovered", gapMs: 500 }, 1500);
  expect(talk.planned).toMatchObject([{ recordingId: "r1-2", isPaused: true, maxMs: 60_000 - 2000 }]);
  expect(talk.planned[0]).not.toHaveProperty("beep");
  talk.give({
    kind: "media",
    legId: talk.legId,
    event: { kind: "recording-ended", recordingId: "r1-2", reason: "digit", durationMs: 300, digit: "#" },
  });
  expect(talk.events).toMatchObject([{ kind: "recording.ended", recordingId: "r1", durationMs: 2300, digit: "#" }]);
});

test("it ends with its party, before that one has left", () => {
  const talk = new Talk();
  talk.give(start);
  const kinds = talk.give({ kind: "hang-up", by: "ann" }, 700).map(({ kind }) => kind);
  expect(kinds.indexOf("recording.ended")).toBeGreaterThan(-1);
  expect(kinds.indexOf("recording.ended")).toBeLessThan(kinds.indexOf("party.left"));
  expect(talk.party?.recordings).toBeUndefined();
});

test.each<[string, CallCommand, () => Talk]>([
  ["a party that is not connected", { ...start, partyId: "nobody" }, () => new Talk()],
  ["sound that is only passed on", start, () => new Talk(false)],
])("%s cannot be recorded", (_name, command, talkOf) => {
  expect(() => talkOf().give(command)).toThrow();
});

test("what an earlier release wrote of a recording belongs to the script", () => {
  const talk = new Talk();
  const partyId = talk.party?.id ?? "";
  const at = talk.around.now;
  const old = { at, partyId, recordingId: "recording-4", part: 1, maxMs: 1000, silenceMs: 0, finishOn: "#", hears: "peer" } as const;
  const begun = evolve(talk.call, { kind: "recording.begun", ...old });
  expect(begun.parties[partyId]?.recordings).toMatchObject([{ recordingId: "recording-4", visitId: "recording-4" }]);
  const { recordings: _none, ...party } = begun.parties[partyId] ?? {};
  const { kind: _kind, ...recording } = { ...old, kind: "", begunAt: at, earlierMs: 0 };
  const moved = evolve(talk.call, {
    kind: "parties.moved",
    at,
    from: "other",
    to: talk.call.id,
    bridgeId: Object.keys(talk.call.bridges)[0] ?? "",
    partyIds: [partyId],
    parties: [
      {
        party: { ...party, recording } as never,
        legs: [],
        seat: Object.values(Object.values(talk.call.bridges)[0]?.seats ?? {})[0] as never,
      },
    ],
    outcome: { result: "completed", side: "local", q850: 16, text: "" },
  });
  expect(moved.parties[partyId]).not.toHaveProperty("recording");
  expect(moved.parties[partyId]?.recordings).toMatchObject([{ recordingId: "recording-4", visitId: "recording-4" }]);
});
