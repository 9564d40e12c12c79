import { expect, test } from "vitest";
import type { Timer } from "../kernel/index.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { Tick, type TickListener, type TickMember } from "./tick.ts";

const listener: TickListener<TickMember> = {
  failed: (_member, cause) => {
    throw cause;
  },
  turnBegins: () => undefined,
  slotDone: () => undefined,
  isHasty: () => false,
};

/** A clock on which `lateMs` pass unseen before the next timer: a process that was held up. */
class HeldClock extends VirtualClock {
  lateMs = 0;

  /** As setTimeout does. */
  override after(delayMs: number, action: () => void): Timer {
    return super.after(Math.max(1, delayMs), action);
  }

  override monotonicMs(): number {
    return super.monotonicMs() + this.lateMs;
  }
}

function counter() {
  const member = { ticks: 0, tick: () => void (member.ticks += 1) };
  return member;
}

test("each member is called once every 20 ms, without drift", () => {
  const clock = new VirtualClock();
  const tick = new Tick(clock, listener);
  const members = Array.from({ length: 230 }, counter);
  for (const member of members) tick.add(member);
  clock.advance(20_000);
  for (const { ticks } of members) {
    expect(ticks).toBeGreaterThanOrEqual(1000);
    expect(ticks).toBeLessThanOrEqual(1001);
  }
});

test("no timer is armed without members; a member may take itself out", () => {
  const clock = new VirtualClock();
  const tick = new Tick(clock, listener);
  expect(clock.armed).toBe(0);
  const stays = counter();
  const leaves = { ticks: 0, tick: () => tick.remove(leaves) };
  tick.add(stays);
  tick.add(leaves);
  clock.advance(60);
  expect(stays.ticks).toBeGreaterThanOrEqual(3);
  tick.remove(stays);
  expect(clock.armed).toBe(0);
});

test("what one member throws is told, the others go on, and each slot is closed after its members", () => {
  const clock = new VirtualClock();
  const log: string[] = [];
  const named = (name: string) => ({ name, tick: () => void log.push(name) });
  const broken = {
    name: "broken",
    tick: () => {
      throw new Error("no");
    },
  };
  const tick = new Tick<{ name: string; tick(): void }>(clock, {
    failed: (member) => {
      log.push(`${member.name} failed`);
      tick.remove(member);
    },
    turnBegins: () => undefined,
    slotDone: () => log.push("done"),
    isHasty: () => false,
  });
  for (const member of [named("a"), broken, named("b")]) tick.add(member);
  clock.advance(21);
  expect(log).toEqual(["b", "broken failed", "a", "done", "b", "a", "done"]);
});

test("many members are spread over slots", () => {
  const clock = new VirtualClock();
  const tick = new Tick(clock, listener);
  const calledAt: number[] = [];
  for (let count = 0; count < 1000; count++) tick.add({ tick: () => calledAt.push(clock.monotonicMs()) });
  clock.advance(40);
  const perMs = new Map<number, number>();
  for (const at of calledAt) perMs.set(at, (perMs.get(at) ?? 0) + 1);
  expect(Math.max(...perMs.values())).toBe(100);
});

test("a short stall is caught up in bounded turns, a long one is left out", () => {
  const clock = new HeldClock();
  const tick = new Tick(clock, listener);
  const members = Array.from({ length: 600 }, counter);
  for (const member of members) tick.add(member);
  clock.advance(100);
  const total = () => members.reduce((sum, { ticks }) => sum + ticks, 0);
  const before = members[0]?.ticks ?? 0;
  const totalBefore = total();
  clock.lateMs = 100;
  while (total() === totalBefore) clock.advance(1);
  expect(total() - totalBefore).toBe(4 * 100);
  clock.advance(100);
  expect((members[0]?.ticks ?? 0) - before).toBeGreaterThanOrEqual(9);
  const afterCatchUp = members[0]?.ticks ?? 0;
  clock.lateMs += 60_000;
  clock.advance(200);
  expect((members[0]?.ticks ?? 0) - afterCatchUp).toBeLessThan(25);
});

test("each turn begins before its members are called, and in haste there is one every 2 ms", () => {
  const clock = new VirtualClock();
  const log: string[] = [];
  let isHasty = false;
  const tick = new Tick<{ tick(): void }>(clock, {
    failed: () => undefined,
    turnBegins: () => log.push(`turn ${clock.monotonicMs()}`),
    slotDone: () => undefined,
    isHasty: () => isHasty,
  });
  const member = { tick: () => void log.push("member") };
  tick.add(member);
  clock.advance(41);
  expect(log).toEqual(["turn 0", "member", "turn 20", "member", "turn 40", "member"]);
  isHasty = true;
  clock.advance(19);
  expect(log.slice(6)).toEqual(["turn 60", "member"]);
  log.length = 0;
  clock.advance(21);
  expect(log.filter((line) => line === "member")).toHaveLength(1);
  expect(log.filter((line) => line !== "member")).toEqual([62, 64, 66, 68, 70, 72, 74, 76, 78, 80].map((ms) => `turn ${ms}`));
  isHasty = false;
  log.length = 0;
  clock.advance(40);
  expect(log.filter((line) => line === "member")).toHaveLength(2);
  expect(log.length).toBeLessThan(6);
  tick.remove(member);
  log.length = 0;
  clock.advance(100);
  expect(log).toEqual([]);
});
