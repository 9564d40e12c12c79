import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { freePortRange } from "../../../test/support/free-ports.ts";
import { RtpEndpoint } from "../../../test/support/peers/rtp-endpoint.ts";
import { eventually } from "../../../test/support/waiting.ts";
import { silentLogger, systemClock } from "../../kernel/index.ts";
import { endpointPlan } from "../fixture/media-bench.case.ts";
import type { MediaReport } from "../orders.ts";
import type { EndpointPlan, MediaEvent, Source } from "../plan.ts";
import { createMediaEngine } from "./engine.ts";
import { MediaWorker } from "./media-worker.ts";

const clock = systemClock();

async function openEngine(workers: number) {
  const directory = await mkdtemp(join(tmpdir(), "engine-"));
  const file = join(directory, "prompt.raw");
  await writeFile(file, new Uint8Array(800).fill(0x2a));
  const engine = await createMediaEngine({
    workers,
    host: "127.0.0.1",
    clock,
    logger: silentLogger,
    logLevel: "silent",
    prompts: { prepare: () => Promise.resolve({ path: file, durationMs: 100 }) },
  });
  const events: (MediaEvent & { readonly callId: string })[] = [];
  engine.onEvent((callId, _endpointId, event) => events.push({ ...event, callId }));
  return {
    engine,
    events,
    [Symbol.asyncDispose]: async () => {
      await engine.close();
      await rm(directory, { recursive: true });
    },
  };
}

function towards(peer: RtpEndpoint, localPort: number, source: Source): EndpointPlan {
  return endpointPlan(localPort, source, { remote: { address: "127.0.0.1", port: peer.port, rtcpPort: peer.port + 1 } });
}

function voiceOf(port: number): Source {
  return { kind: "mix", endpointIds: [`leg-${port}`] };
}

const prompt: Source = {
  kind: "prompt",
  prompt: { promptId: "p", items: [{ kind: "speech", text: "hello" }], offsetMs: 0, start: 0, bargeIn: false },
};

describe("over real sockets and threads", () => {
  test("a prompt is heard whole, its end is told, and the call closes with its counters", async () => {
    await using peer = await RtpEndpoint.open();
    await using bench = await openEngine(2);
    bench.engine.apply("call", { endpoints: [towards(peer, await freePortRange(2), prompt)] }, 1);
    await eventually("the prompt's end", () => bench.events.some(({ kind }) => kind === "prompt-ended"));
    await peer.waitForPackets(8);
    bench.engine.apply("call", { endpoints: [] }, 2);
    await eventually("the counters", () => bench.events.some(({ kind }) => kind === "closed"));
    const numbers = peer.packets.map(({ sequenceNumber }) => sequenceNumber);
    expect(numbers).toEqual(numbers.map((_, index) => ((numbers[0] ?? 0) + index) & 0xffff));
    expect(peer.packets.filter(({ payload }) => payload.every((byte) => byte === 0x2a))).toHaveLength(5);
    expect(bench.events.filter(({ kind }) => kind === "prompt-ended")).toHaveLength(1);
    expect(bench.events.find((event) => event.kind === "closed")).toMatchObject({ counters: { packetsLost: 0 } });
  });

  test("two peers hear each other, and a digit arrives", async () => {
    await using one = await RtpEndpoint.open();
    await using other = await RtpEndpoint.open();
    await using bench = await openEngine(1);
    const port = await freePortRange(4);
    bench.engine.apply("call", { endpoints: [towards(one, port, voiceOf(port + 2)), towards(other, port + 2, voiceOf(port))] }, 1);
    await eventually("both locks", () => bench.events.filter(({ kind }) => kind === "locked").length === 2);
    one.play(new Int16Array(1600).fill(8031));
    one.press("7");
    await eventually("the digit", () => bench.events.some((event) => event.kind === "digit" && event.digit === "7"));
    await eventually("the voice", () => other.heard().filter((sample) => sample > 7000).length >= 800);
  });
});

test("an endpoint that another call has is opened when that one has closed it, on the same port, whatever thread it was on", async () => {
  await using one = await RtpEndpoint.open();
  await using other = await RtpEndpoint.open();
  await using bench = await openEngine(2);
  const port = await freePortRange(4);
  const [first, second] = [towards(one, port, voiceOf(port + 2)), towards(other, port + 2, voiceOf(port))];
  bench.engine.apply("source", { endpoints: [first] }, 1);
  bench.engine.apply("target", { endpoints: [second] }, 1);
  await eventually("both locks", () => bench.events.filter(({ kind }) => kind === "locked").length === 2);
  // The wrong way round, so that it does not depend on which thread is faster.
  bench.engine.apply("target", { endpoints: [first, second] }, 2);
  bench.engine.apply("source", { endpoints: [] }, 2);
  await eventually("its lock in the other call", () =>
    bench.events.some(({ kind, callId }, index) => kind === "locked" && callId === "target" && index > 1),
  );
  one.play(new Int16Array(1600).fill(8031));
  await eventually("the voice", () => other.heard().filter((sample) => sample > 7000).length >= 800);
  expect(bench.events.filter(({ kind }) => kind === "port-taken")).toEqual([]);
  bench.engine.apply("target", { endpoints: [] }, 3);
  await eventually("all closed", () => bench.events.filter(({ kind }) => kind === "closed").length === 3);
});

test("a thread that died is replaced, and says so", async () => {
  const reports: MediaReport[] = [];
  let restarts = 0;
  const worker = await MediaWorker.open({ host: "127.0.0.1", sockets: "polled", logLevel: "silent" }, clock, silentLogger, {
    reports: (batch) => reports.push(...batch),
    restarted: () => {
      restarts += 1;
    },
  });
  worker.post(null as never);
  await eventually("the restart", () => restarts === 1);
  const port = await freePortRange(2);
  worker.post({
    kind: "apply",
    callId: "call",
    plan: { endpoints: [endpointPlan(port, { kind: "silence" }, { remote: { address: "127.0.0.1", port: 9, rtcpPort: 10 } })] },
  });
  await eventually("a stream from the new thread", () => reports.some(({ event }) => event.kind === "stream"));
  await worker.close();
  expect(reports.map(({ event }) => event.kind)).toContain("closed");
});

test("a thread counts as busy by what was placed on it until it says how busy it is", async () => {
  const worker = await MediaWorker.open({ host: "127.0.0.1", sockets: "polled", logLevel: "silent" }, clock, silentLogger, {
    reports: () => undefined,
    restarted: () => undefined,
  });
  for (let call = 0; call < 900; call++) worker.callPlaced();
  const placed = worker.load;
  expect(placed).toBeGreaterThan(0.9);
  await eventually("its own word", () => worker.load < placed);
  const said = worker.load;
  // Of two that are equally busy, the one with fewer calls.
  worker.callEnded();
  expect(worker.load).toBeLessThan(said);
  await worker.close();
});
