import { expect, test } from "vitest";
import { endpointPlan } from "../fixture/media-bench.case.ts";
import type { EndpointPlan } from "../plan.ts";
import { isSamePlan } from "./same-plan.ts";

const plan = endpointPlan(5000, { kind: "silence" });
const position = { sequenceNumber: 1, timestamp: 1, at: 1 };

test.each<[string, Partial<EndpointPlan>, boolean]>([
  ["nothing", {}, true],
  ["an equal value of its own", { source: { kind: "silence" }, digits: [] }, true],
  ["where to go on after a restart", { resume: position, lockedTo: { address: "192.0.2.1", port: 1 } }, true],
  ["the source", { source: { kind: "hold-music" } }, false],
  ["one member", { sends: false }, false],
  ["a member more", { detect: { detectId: "d", cutOffMs: 1 } }, false],
])("of two plans that differ by %s, are they the same to a worker? %s", (_what, changes, isSame) => {
  const next = { endpoints: [{ ...plan, ...changes }] };
  expect(isSamePlan({ endpoints: [plan] }, next)).toBe(isSame);
  expect(isSamePlan(next, { endpoints: [plan] })).toBe(isSame);
  expect(isSamePlan({ endpoints: [plan, plan] }, next)).toBe(false);
});
