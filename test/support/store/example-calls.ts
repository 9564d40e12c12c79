import type { Call } from "../../../src/calls/index.ts";

/** An id as the kernel makes them: 12 digits of time, 12 others. */
export function exampleId(atMs: number, other: number): string {
  return atMs.toString(16).padStart(12, "0") + other.toString(16).padStart(12, "0");
}

/** A call that ended; what a test does not say is plain. */
export function endedCall(id: string, accountId: string, changes: Partial<Call> = {}): Call {
  const createdAt = Number.parseInt(id.slice(0, 12), 16);
  return {
    id,
    accountId,
    seq: 3,
    createdAt,
    changedAt: createdAt + 5000,
    origin: { kind: "trunk", trunkId: "t1" },
    direction: "inbound",
    from: "+12025550100",
    to: "+18144043093",
    limits: { ringMs: 30_000, totalMs: 3_600_000 },
    parties: {},
    legs: {},
    bridges: {},
    data: {},
    userData: {},
    log: [],
    endedAt: createdAt + 5000,
    outcome: { result: "completed", side: "remote", q850: 16, text: "The caller hung up." },
    recoveries: 0,
    ...changes,
  };
}
