/** What a user does while talking: hold, mute, digits, and what is attached to the talk. */
import { describe, expect, test } from "vitest";
import { storyOf } from "../support/call-house.ts";
import { dial, hearing, now, type Office, office, order, seats, talking, userOf } from "./agents.ts";
import { crash, heardBy } from "./scene.ts";
import type { Call } from "../../src/calls/index.ts";

const refused = { code: "CALL_STATE_FORBIDS" };

/** Digits that each endpoint is to send, by leg. */
function digitsAt({ house }: Office, call: Call): Readonly<Record<string, string>> {
  const endpoints = house.media.plans.get(call.id)?.endpoints ?? [];
  return Object.fromEntries(endpoints.flatMap(({ endpointId, digits }) => digits.map((each) => [endpointId, each.digits])));
}

describe("hold", () => {
  test("by one user is about the other only, who alone is told and hears music", async () => {
    const at = await office();
    const call = await talking(at);
    const held = await order(at, call, "ann", { kind: "hold", reason: "a question" });
    expect([seats(held), hearing(at, held)]).toEqual([
      { ann: "active", ben: "held" },
      { ann: "silence", ben: "hold-music" },
    ]);
    expect(at.phones.ben.log.names).toContain("offered");
    expect(at.phones.ann.log.names).not.toContain("offered");
    const back = await order(at, call, "ann", { kind: "retrieve" });
    expect([seats(back), hearing(at, back)]).toEqual([
      { ann: "active", ben: "active" },
      { ann: "ben", ben: "ann" },
    ]);
  });

  test("by both: each retrieves the other, and nobody is heard before that", async () => {
    const at = await office();
    const call = await talking(at);
    await order(at, call, "ann", { kind: "hold" });
    const both = await order(at, call, "ben", { kind: "hold" });
    expect([seats(both), hearing(at, both)]).toEqual([
      { ann: "held", ben: "held" },
      { ann: "hold-music", ben: "hold-music" },
    ]);
    const one = await order(at, call, "ann", { kind: "retrieve" });
    expect([seats(one), hearing(at, one)]).toEqual([
      { ann: "held", ben: "active" },
      { ann: "hold-music", ben: "silence" },
    ]);
  });

  test("is held after the process died, with the same hold music, and is then taken back", async () => {
    const at = await office();
    const call = await talking(at);
    await order(at, call, "ann", { kind: "hold" });
    await crash(at, 500);
    expect(hearing(at, await now(at, call))).toEqual({ ann: "silence", ben: "hold-music" });
    expect(seats(await order(at, call, "ann", { kind: "retrieve" }))).toEqual({ ann: "active", ben: "active" });
  });

  test("is not possible before the other side has answered", async () => {
    const at = await office({ ben: {} });
    const call = await dial(at, "ann", "5002");
    await at.clock.advanceAsync(500);
    await expect(order(at, call, "ann", { kind: "hold" })).rejects.toMatchObject(refused);
  });
});

describe("mute", () => {
  test("who is muted hears and is not heard; through a hold and the death of the process", async () => {
    const at = await office();
    const call = await talking(at);
    const muted = { ann: "ben", ben: "silence" };
    expect(hearing(at, await order(at, call, "ann", { kind: "mute" }))).toEqual(muted);
    await order(at, call, "ann", { kind: "mute" });
    expect(storyOf(at.journal, call.id).filter((kind) => kind === "seat.muted")).toHaveLength(1);
    await order(at, call, "ben", { kind: "hold" });
    expect(hearing(at, await order(at, call, "ben", { kind: "retrieve" }))).toEqual(muted);
    await crash(at, 500);
    expect(hearing(at, await now(at, call))).toEqual(muted);
    expect(hearing(at, await order(at, call, "ann", { kind: "unmute" }))).toEqual({ ann: "ben", ben: "ann" });
    expect([...at.phones.ann.log.names].filter((name) => name === "offered")).toHaveLength(2);
  });

  test("is not possible before the own phone has answered", async () => {
    const at = await office({ ann: {} });
    await expect(order(at, await dial(at, "ann", "5002"), "ann", { kind: "mute" })).rejects.toMatchObject(refused);
  });
});

describe("digits", () => {
  test("go to the other side only, once, and more may follow when they are sent", async () => {
    const at = await office();
    const call = await talking(at);
    const [, legOfBen = ""] = Object.keys(call.legs);
    const sent = await order(at, call, "ann", { kind: "send-digits", digits: "12a#" });
    expect(digitsAt(at, call)).toEqual({ [legOfBen]: "12A#" });
    await expect(order(at, call, "ann", { kind: "send-digits", digits: "3" })).rejects.toMatchObject(refused);
    const digitsId = Object.values(sent.parties).find(({ digitsToSend }) => digitsToSend !== undefined)?.digitsToSend?.digitsId ?? "";
    at.house.media.happen(call.id, legOfBen, { kind: "digits-sent", digitsId });
    await at.clock.advanceAsync(5);
    expect(digitsAt(at, call)).toEqual({});
    await order(at, call, "ann", { kind: "send-digits", digits: "3" });
    expect(digitsAt(at, call)).toEqual({ [legOfBen]: "3" });
  });

  test("are not sent twice after the process died", async () => {
    const at = await office();
    const call = await talking(at);
    await order(at, call, "ann", { kind: "send-digits", digits: "12" });
    await crash(at, 500);
    expect(digitsAt(at, call)).toEqual({});
    expect(storyOf(at.journal, call.id)).toContain("digits.ended");
  });

  test.each(["", "12x", "1".repeat(65), "+49"])("%j are none", async (digits) => {
    const at = await office();
    const call = await talking(at);
    await expect(order(at, call, "ann", { kind: "send-digits", digits })).rejects.toMatchObject({ code: "CALL_DIGITS_INVALID" });
  });

  test("are not for who is on hold, nor from who is", async () => {
    const at = await office();
    const call = await talking(at);
    await order(at, call, "ann", { kind: "hold" });
    for (const who of ["ann", "ben"] as const) {
      await expect(order(at, call, who, { kind: "send-digits", digits: "1" })).rejects.toMatchObject(refused);
    }
  });
});

describe("user data", () => {
  test("are merged by key, null removes one, clear all others; what changes nothing is no event", async () => {
    const at = await office();
    const call = await dial(at, "ann", "5002", { userData: { a: 1, b: { c: [true, null] } } });
    await order(at, call, "ben", { kind: "set-user-data", set: { a: null, d: "x" } }).catch(() => undefined);
    expect((await now(at, call)).userData).toEqual({ b: { c: [true, null] }, d: "x" });
    const before = storyOf(at.journal, call.id).length;
    await order(at, call, "ann", { kind: "set-user-data", set: { d: "x", none: null } }, 1);
    expect(storyOf(at.journal, call.id).slice(before)).not.toContain("user-data.changed");
    await order(at, call, "ann", { kind: "set-user-data", set: { e: 2 }, clear: true });
    await crash(at, 100);
    expect((await now(at, call)).userData).toEqual({ e: 2 });
  });

  test("have limits, and keys mean nothing to us", async () => {
    const at = await office();
    const call = await talking(at);
    const tooMany = Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`k${index}`, 1]));
    for (const set of [tooMany, { long: "x".repeat(65_536) }]) {
      await expect(order(at, call, "ann", { kind: "set-user-data", set })).rejects.toMatchObject({ code: "CALL_DATA_TOO_LARGE" });
    }
    const odd = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}') as Record<string, number>;
    await order(at, call, "ann", { kind: "set-user-data", set: odd });
    const { userData } = await now(at, call);
    expect([JSON.stringify(userData), Object.getPrototypeOf(userData)]).toEqual([
      '{"__proto__":{"x":1},"constructor":2}',
      Object.prototype,
    ]);
  });
});

test("watchers see what each record did, before and after, in order", async () => {
  const at = await office();
  const seen: string[] = [];
  const watch = at.house.views.watch(({ before, after, events }) => {
    expect(after.seq).toBe((before?.seq ?? 0) + events.length);
    seen.push(...events.map(({ kind }) => kind));
  });
  const call = await talking(at);
  await order(at, call, "ann", { kind: "mute" });
  expect(seen).toEqual(storyOf(at.journal, call.id));
  watch.close();
  await order(at, call, "ann", { kind: "unmute" });
  expect(seen.at(-1)).toBe("seat.muted");
  expect(heardBy(at, call)).toHaveLength(2);
  expect(seen.length).toBeLessThan(storyOf(at.journal, call.id).length);
  expect((await now(at, call)).origin).toEqual({ kind: "request", by: userOf("ann") });
});
