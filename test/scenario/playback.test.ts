/** What is played to a party by command, and over the talk. */
import { describe, expect, test } from "vitest";
import type { MediaEvent, PromptItem } from "../../src/media/index.ts";
import type { Call } from "../../src/calls/index.ts";
import { storyOf } from "../support/call-house.ts";
import { hearing, now, type Office, office, order, partyOf, talking } from "./agents.ts";
import { answered, crash } from "./scene.ts";

const refused = { code: "CALL_STATE_FORBIDS" };
const items = [{ kind: "tone", frequencyHz: 440, durationMs: 60_000 }] as const;

function legOf(call: Call, name: string): string {
  return Object.values(call.legs).find(({ partyId, state }) => partyId === partyOf(call, name) && state === "answered")?.id ?? "";
}

function endpointOf({ house }: Pick<Office, "house">, call: Call, name: string) {
  return house.media.plans.get(call.id)?.endpoints.find(({ endpointId }) => endpointId === legOf(call, name));
}

/** What is played to Ben, as the engine is told. */
function playedToBen(at: Office, call: Call) {
  const source = endpointOf(at, call, "ben")?.source;
  return source?.kind === "prompt" ? source.prompt : undefined;
}

async function tell(at: Office, call: Call, name: string, event: MediaEvent): Promise<void> {
  at.house.media.happen(call.id, legOf(call, name), event);
  await at.clock.advanceAsync(5);
}

/** Ben hears a minute of a tone instead of Ann. */
async function playing(): Promise<{ at: Office; call: Call; partyId: string; promptId: string }> {
  const at = await office();
  const call = await talking(at);
  const partyId = partyOf(call, "ben");
  await order(at, call, "ann", { kind: "play", partyId, items, repeat: -1, volumeDb: -6 }, 1000);
  return { at, call, partyId, promptId: playedToBen(at, call)?.promptId ?? "" };
}

describe("a prompt", () => {
  test("is heard by one party instead of the talk, and the talk after it", async () => {
    const { at, call, promptId } = await playing();
    expect(hearing(at, call)).toEqual({ ann: "ben", ben: "prompt" });
    expect(playedToBen(at, call)).toEqual({ promptId, items, bargeIn: false, repeat: -1, volumeDb: -6, offsetMs: 0, start: 1 });
    await tell(at, call, "ben", { kind: "prompt-ended", promptId, reason: "finished", playedMs: 60_000 });
    expect(hearing(at, call)).toEqual({ ann: "ben", ben: "ann" });
  });

  test("of a sound by its name is of the call's own account", async () => {
    const at = await office();
    const call = await talking(at);
    const uris = ["sound:welcome", "recording:1", "https://a.example/sound:welcome"];
    const named = uris.map((uri): PromptItem => ({ kind: "audio", uri }));
    await order(at, call, "ann", { kind: "play", partyId: partyOf(call, "ben"), items: named }, 1000);
    const { accountId } = call;
    expect(playedToBen(at, call)?.items).toEqual([{ ...named[0], accountId }, { ...named[1], accountId }, named[2]]);
  });

  test("stands still and goes on where the engine stands, is sought, and is made louder", async () => {
    const { at, call, partyId, promptId } = await playing();
    const change = { kind: "change-playback", partyId } as const;
    await order(at, call, "ann", { ...change, isPaused: true });
    expect(playedToBen(at, call)).toMatchObject({ isPaused: true, start: 1 });
    await tell(at, call, "ben", { kind: "prompt-paused", promptId, playedMs: 700 });
    await at.clock.advanceAsync(10_000);
    expect((await now(at, call)).parties[partyId]?.prompt).toMatchObject({ isPaused: true, offsetMs: 700 });
    await order(at, call, "ann", { ...change, isPaused: false, volumeDb: 3 }, 2000);
    expect(playedToBen(at, call)).toMatchObject({ volumeDb: 3, start: 1 });
    expect(playedToBen(at, call)).not.toHaveProperty("isPaused");
    await order(at, call, "ann", { ...change, positionMs: 30_000 }, 1000);
    expect(playedToBen(at, call)).toMatchObject({ offsetMs: 30_000, start: 2 });
    const ended = await order(at, call, "ann", { kind: "end-playback", partyId });
    expect(hearing(at, ended)).toEqual({ ann: "ben", ben: "ann" });
    const end = at.journal.records.flatMap(({ streams }) => streams[0]?.events ?? []).find(({ kind }) => kind === "prompt.ended");
    expect(end).toMatchObject({ reason: "stopped", playedMs: 31_000 });
  });

  test("paused and sought at once stands at the new place, also after a crash", async () => {
    const { at, call, partyId } = await playing();
    await order(at, call, "ann", { kind: "change-playback", partyId, isPaused: true, positionMs: 5_000 });
    await crash(at, 3_000);
    expect(playedToBen(at, await now(at, call))).toMatchObject({ isPaused: true, offsetMs: 5_000 });
  });

  test("goes on after a hold where it was in truth, however long its sound took to come", async () => {
    const { at, call, promptId } = await playing();
    await order(at, call, "ann", { kind: "hold" });
    await tell(at, call, "ben", { kind: "prompt-ended", promptId, reason: "stopped", playedMs: 400 });
    await at.clock.advanceAsync(20_000);
    await order(at, call, "ann", { kind: "retrieve" });
    expect(playedToBen(at, call)).toMatchObject({ promptId, offsetMs: 400, start: 2 });
  });

  test("that the engine says it stopped after the hold was over is not over", async () => {
    const { at, call, promptId } = await playing();
    await order(at, call, "ann", { kind: "hold" }, 5);
    await order(at, call, "ann", { kind: "retrieve" }, 5);
    await tell(at, call, "ben", { kind: "prompt-ended", promptId, reason: "stopped", playedMs: 400 });
    expect(playedToBen(at, call)).toMatchObject({ promptId, start: 2 });
  });

  test("takes the place of the one before, and there must be one to change or end", async () => {
    const { at, call, partyId, promptId } = await playing();
    await order(at, call, "ann", { kind: "play", partyId, items, offsetMs: 2_000 });
    expect(playedToBen(at, call)).toMatchObject({ offsetMs: 2_000 });
    expect(playedToBen(at, call)?.promptId).not.toBe(promptId);
    const own = partyOf(call, "ann");
    for (const command of [
      { kind: "end-playback", partyId: own },
      { kind: "change-playback", partyId: own, isPaused: true },
    ] as const)
      await expect(order(at, call, "ann", command)).rejects.toMatchObject(refused);
  });
});

describe("a flow's prompt", () => {
  const document = {
    start: "say",
    nodes: {
      say: { verb: "say", text: "A long story", exits: { done: "ask" } },
      ask: { verb: "collect", maxDigits: 1, into: "digit", timeoutMs: 5_000 },
    },
  };

  test("can be paused and stopped, and then the flow goes on; nothing else is played to its party", async () => {
    const at = await office({}, { document });
    const call = await answered(at);
    const [partyId = ""] = Object.keys(call.parties);
    await expect(order(at, call, "ann", { kind: "play", partyId, items })).rejects.toMatchObject(refused);
    await order(at, call, "ann", { kind: "change-playback", partyId, isPaused: true });
    expect(endpointOf(at, call, "+12025550100")?.source).toMatchObject({ prompt: { isPaused: true } });
    const after = await order(at, call, "ann", { kind: "end-playback", partyId });
    expect(after.parties[partyId]?.script?.node).toBe("ask");
  });
});

function announced(at: Office, call: Call) {
  return ["ann", "ben"].map((name) => endpointOf(at, call, name)?.announcement?.promptId);
}

describe("an announcement", () => {
  const announcement = { kind: "announce", items, volumeDb: -3 } as const;

  test("is heard by all over the talk, ends for each by itself, and by command", async () => {
    const at = await office();
    const call = await talking(at);
    await order(at, call, "cleo", announcement);
    const [id = ""] = announced(at, call);
    expect(announced(at, call)).toEqual([id, id]);
    expect(endpointOf(at, call, "ann")?.announcement).toEqual({ promptId: id, items, bargeIn: false, offsetMs: 0, start: 1, volumeDb: -3 });
    expect(hearing(at, call)).toEqual({ ann: "ben", ben: "ann" });
    await tell(at, call, "ann", { kind: "prompt-ended", promptId: id, reason: "finished", playedMs: 900 });
    expect(announced(at, call)).toEqual([undefined, id]);
    await order(at, call, "cleo", { kind: "end-announcement", announcementId: id });
    expect(announced(at, call)).toEqual([undefined, undefined]);
    await expect(order(at, call, "cleo", { kind: "end-announcement", announcementId: id })).rejects.toMatchObject(refused);
  });

  test("to one is heard by one, takes the place of the one before, and goes on after a crash", async () => {
    const at = await office();
    const call = await talking(at);
    await order(at, call, "cleo", announcement);
    const [first] = announced(at, call);
    await order(at, call, "cleo", { ...announcement, partyId: partyOf(call, "ben") });
    const [ann, ben] = announced(at, call);
    expect([ann, ben === first]).toEqual([first, false]);
    expect(storyOf(at.journal, call.id).filter((kind) => kind === "announcement.ended")).toHaveLength(1);
    await at.clock.advanceAsync(1_500);
    await crash(at, 1_000);
    expect(endpointOf(at, await now(at, call), "ben")?.announcement).toMatchObject({ promptId: ben, offsetMs: 2_000, start: 2 });
  });
});
