import { expect, test } from "vitest";
import { outcomeOfStatus, outcomes } from "./outcome.ts";

test.each([
  [486, "busy", 17],
  [600, "busy", 17],
  [408, "no-answer", 102],
  [480, "no-answer", 18],
  [403, "rejected", 21],
  [603, "rejected", 21],
  [607, "rejected", 31],
  [487, "cancelled", 16],
  [404, "failed", 1],
  [503, "failed", 41],
  [302, "failed", 31],
] as const)("the far end answers %i: %s", (status, result, q850) => {
  expect(outcomeOfStatus(status, "Reason")).toEqual({ result, side: "remote", sipStatus: status, q850, text: `Reason (SIP ${status})` });
});

test("the cause that the far end states comes before the one that its status suggests, and a status without words still reads", () => {
  expect(outcomeOfStatus(480, "", { q850: 20 })).toMatchObject({ q850: 20, text: "SIP 480" });
});

test("every outcome of ours has words for people and a cause of Q.850", () => {
  const made = [
    outcomes.completedBy("local"),
    outcomes.hungUpByPeer({ q850: 31 }),
    outcomes.cancelled(),
    outcomes.answeredElsewhere(),
    outcomes.cancelledByPeer(),
    outcomes.notAnswered(),
    outcomes.noRoute("+1"),
    outcomes.notRegistered(),
    outcomes.noPorts(),
    outcomes.timedOut(),
    outcomes.unreachable("no address"),
    outcomes.lost(),
    outcomes.noCommonCodec(),
    outcomes.limitReached(),
  ];
  for (const { q850, text } of made) {
    expect(q850).toBeGreaterThan(0);
    expect(q850).toBeLessThan(128);
    expect(text).not.toBe("");
  }
  expect(outcomes.cancelledByPeer({ sipCause: 200 }).text).toBe(outcomes.answeredElsewhere().text);
  expect(outcomes.hungUpByPeer({ sipCause: 486, reason: "Busy" })).toMatchObject({ q850: 17, text: "Hung up by the far end: Busy" });
  expect(new Set(made.map(({ text }) => text)).size).toBe(made.length);
  expect(outcomes.hungUpByPeer({ q850: 31 })).toMatchObject({ side: "remote", q850: 31 });
});
