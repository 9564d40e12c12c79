import { expect, test } from "vitest";
import { endpointPlan } from "../fixture/media-bench.case.ts";
import type { EndpointPlan, SocketAddress } from "../plan.ts";
import { SourceLock } from "./source-lock.ts";

const signalled = { address: "192.0.2.1", port: 6000 };
const elsewhere = { address: "198.51.100.9", port: 4321 };

function lockOf(changes: Partial<EndpointPlan> = {}) {
  const locks: SocketAddress[] = [];
  const lock = new SourceLock(endpointPlan(5000, { kind: "silence" }, changes), (remote) => locks.push(remote));
  const says = (from: SocketAddress, sequenceNumber: number, nowMs = 0, ssrc = 1) =>
    lock.judge(from.address, from.port, { marker: false, payloadType: 0, sequenceNumber, timestamp: 0, ssrc }, nowMs);
  return { lock, locks, says };
}

test("before a lock we send where signalling says", () => {
  expect(lockOf().lock.target).toEqual(signalled);
  expect(lockOf({ signalingAddress: "203.0.113.5" }).lock.target).toEqual({ address: "203.0.113.5", port: 6000 });
});

test("the second packet in sequence locks, over the wrap too", () => {
  const { lock, locks, says } = lockOf();
  expect(says(elsewhere, 65_535)).toBe("first");
  expect(says(elsewhere, 0)).toBe("accepted");
  expect(locks).toEqual([elsewhere]);
  expect(lock.target).toEqual(elsewhere);
});

test("two packets out of sequence, or of two sources, do not", () => {
  const { locks, says } = lockOf();
  says(elsewhere, 1);
  expect(says(elsewhere, 5)).toBe("first");
  expect(says({ ...elsewhere, port: 1 }, 6)).toBe("first");
  expect(says({ ...elsewhere, port: 1 }, 7, 0, 2)).toBe("first");
  expect(locks).toEqual([]);
});

test("others are strangers after it, for ever, while SDP stays", () => {
  const { says } = lockOf();
  says(signalled, 1);
  says(signalled, 2);
  expect(says(elsewhere, 1, 100_000)).toBe("stranger");
  expect(says(elsewhere, 2, 100_000)).toBe("stranger");
});

test("the source that SDP names takes over a lock on another", () => {
  const { locks, says } = lockOf();
  says(elsewhere, 1);
  says(elsewhere, 2);
  expect(says(signalled, 8)).toBe("first");
  expect(says(signalled, 9)).toBe("accepted");
  expect(locks).toEqual([elsewhere, signalled]);
  expect(says(elsewhere, 3)).toBe("stranger");
});

test("after SDP named another address, a new source is believed when the old one has been silent", () => {
  const { lock, locks, says } = lockOf();
  says(signalled, 1);
  says(signalled, 2, 1000);
  lock.update(endpointPlan(5000, { kind: "silence" }, { remote: { address: "10.0.0.1", port: 7000, rtcpPort: 7001 } }));
  expect(lock.target).toEqual({ address: "10.0.0.1", port: 7000 });
  expect(says(elsewhere, 1, 3900)).toBe("stranger");
  expect(says(signalled, 3, 3950)).toBe("accepted");
  expect(says(elsewhere, 2, 5000)).toBe("stranger");
  expect(says(elsewhere, 3, 8000)).toBe("first");
  expect(says(elsewhere, 4, 8020)).toBe("accepted");
  expect(locks.at(-1)).toEqual(elsewhere);
});

test("a lock of before a restart holds, and we send there", () => {
  const { lock, says } = lockOf({ lockedTo: elsewhere });
  expect(lock.target).toEqual(elsewhere);
  expect(says(elsewhere, 700)).toBe("accepted");
  expect(says({ ...elsewhere, port: 1 }, 1)).toBe("stranger");
});

test("is settled while only the target can be heard: locked where SDP says, and SDP said nothing new", () => {
  const { lock, says } = lockOf();
  expect(lock.isSettled).toBe(false);
  says(elsewhere, 1);
  says(elsewhere, 2);
  expect(lock.isSettled).toBe(false);
  says(signalled, 1);
  says(signalled, 2);
  expect(lock.isSettled).toBe(true);
  lock.update(endpointPlan(5000, { kind: "silence" }, { remote: { ...elsewhere, rtcpPort: 4322 } }));
  expect(lock.isSettled).toBe(false);
  expect(lockOf({ lockedTo: signalled }).lock.isSettled).toBe(true);
  expect(lockOf({ lockedTo: elsewhere }).lock.isSettled).toBe(false);
});
