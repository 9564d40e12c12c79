import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { freePortRange } from "../../../test/support/free-ports.ts";
import { type ReceivedPacket, RtpEndpoint } from "../../../test/support/peers/rtp-endpoint.ts";
import { eventually } from "../../../test/support/waiting.ts";
import { silentLogger, systemClock } from "../../kernel/index.ts";
import { endpointPlan } from "../fixture/media-bench.case.ts";
import type { EndpointPlan, MediaEvent, RecordingPlan, Source } from "../plan.ts";
import { createMediaEngine } from "./engine.ts";

const clock = systemClock();
/** Of PCMU: byte n says that it is in frame n of the prompt. */
const promptFrames = 140;
const silence = 0xff;
/** How far the peer may be from the clock: the machine may be busy. */
const toleranceMs = 5000;

/** The thread of an engine that is opened by `open`. */
async function threadOf<T>(open: () => Promise<T>): Promise<readonly [T, Worker]> {
  const threads: Worker[] = [];
  const keep = (worker: Worker) => threads.push(worker);
  process.on("worker", keep);
  try {
    const opened = await open();
    const [thread] = threads;
    if (thread === undefined) throw new Error("no thread was begun");
    return [opened, thread];
  } finally {
    process.off("worker", keep);
  }
}

function voiceOf(port: number): Source {
  return { kind: "mix", endpointIds: [`leg-${port}`] };
}

function plan(peer: RtpEndpoint, port: number, source: Source, recordings: readonly RecordingPlan[] = []): EndpointPlan {
  return endpointPlan(port, source, { remote: { address: "127.0.0.1", port: peer.port, rtcpPort: peer.port + 1 }, recordings });
}

test.each(["polled", "node"] as const)(
  "a thread with %s sockets that dies under a prompt, a bridge and a recording: all of them go on, each in its own stream and file",
  async (sockets) => {
    const directory = await mkdtemp(join(tmpdir(), "survival-"));
    const file = join(directory, "prompt.raw");
    await writeFile(
      file,
      Uint8Array.from({ length: promptFrames * 160 }, (_, index) => Math.floor(index / 160)),
    );
    const [engine, thread] = await threadOf(() =>
      createMediaEngine({
        workers: 1,
        host: "127.0.0.1",
        sockets,
        clock,
        logger: silentLogger,
        logLevel: "silent",
        prompts: { prepare: () => Promise.resolve({ path: file, durationMs: promptFrames * 20 }) },
      }),
    );
    const events: (MediaEvent & { readonly endpointId: string })[] = [];
    engine.onEvent((_callId, endpointId, event) => events.push({ ...event, endpointId }));
    const told = <Kind extends MediaEvent["kind"]>(kind: Kind) =>
      events.filter((event): event is Extract<MediaEvent, { kind: Kind }> & { endpointId: string } => event.kind === kind);
    await using listener = await RtpEndpoint.open();
    await using one = await RtpEndpoint.open();
    await using other = await RtpEndpoint.open();
    const port = await freePortRange(6);
    const path = join(directory, "recording.wav");
    const recording: RecordingPlan = { recordingId: "r", path, maxMs: 60_000, silenceMs: 0, finishOn: "", hears: "both" };
    const prompt = { promptId: "p", items: [{ kind: "speech", text: "hello" }], offsetMs: 0, start: 0, bargeIn: false } as const;
    const endpoints = [
      plan(listener, port, { kind: "prompt", prompt }),
      plan(one, port + 2, voiceOf(port + 4), [recording]),
      plan(other, port + 4, voiceOf(port + 2)),
    ];
    try {
      engine.apply("call", { endpoints }, 1);
      await eventually("all locks", () => told("locked").length === 3);
      one.play(new Int16Array(4000).fill(8031));
      // What is not in the file yet, up to a second of it, is lost with the thread.
      await eventually("a part of the prompt and of the talk", () => frameOf(listener.packets.at(-1)) >= 75 && loud(other) >= 1600);
      await thread.terminate();
      const [before, heardBefore] = [listener.packets.length, other.packets.length];
      await eventually("the prompt to go on", () => listener.packets.slice(before).some((packet) => frameOf(packet) > 0));
      one.play(new Int16Array(4000).fill(8031));
      await eventually("the talk to go on", () => loud(other, heardBefore) >= 1600);
      for (const [peer, since] of [
        [listener, before],
        [other, heardBefore],
      ] as const)
        expectToGoOn(peer.packets, since);
      const again = listener.packets.slice(before).find((packet) => frameOf(packet) > 0);
      const last = listener.packets[before - 1];
      // Not from its begin, and not from where it was: the thread that died took time with it.
      expect(frameOf(again)).toBeGreaterThan(frameOf(last));
      // The timestamps of both parts are of one clock; a stream that begins anew would be hours away.
      const elapsedMs = (again?.arrivalMs ?? 0) - (last?.arrivalMs ?? 0);
      expect(Math.abs(elapsedMs - (((again?.timestamp ?? 0) - (last?.timestamp ?? 0)) | 0) / 8)).toBeLessThan(toleranceMs);
      await eventually("the end of the prompt", () => told("prompt-ended").length > 0);
      engine.apply("call", { endpoints: [] }, 2);
      await eventually("all closed", () => told("closed").length === 3);
      expect(told("prompt-ended")).toMatchObject([{ promptId: "p", reason: "finished" }]);
      expect(told("recording-ended")).toMatchObject([{ recordingId: "r", reason: "stopped" }]);
      const wav = await readFile(path);
      expect(wav.readUInt32LE(40)).toBe(wav.length - 44);
      expect(told("recording-ended")[0]?.durationMs).toBe((wav.length - 44) / 16);
      expect(stretchesOf(new Int16Array(Uint8Array.from(wav.subarray(44)).buffer))).toBe(2);
    } finally {
      await engine.close();
      await rm(directory, { recursive: true });
    }
  },
  30_000,
);

test.runIf(process.platform === "linux")("a thread that dies leaves no socket behind", async () => {
  const before = await descriptorsOf("socket:");
  const polls = await descriptorsOf("anon_inode:[eventpoll]");
  const [engine, thread] = await threadOf(() =>
    createMediaEngine({
      workers: 1,
      host: "127.0.0.1",
      clock,
      logger: silentLogger,
      logLevel: "silent",
      prompts: { prepare: () => Promise.reject(new Error("nothing is said")) },
    }),
  );
  try {
    const port = await freePortRange(6);
    const endpoints = [0, 2, 4].map((offset) => endpointPlan(port + offset, { kind: "silence" }));
    engine.apply("call", { endpoints }, 1);
    await expect.poll(() => descriptorsOf("socket:")).toBe(before + 6);
    await thread.terminate();
    // Those of the thread that came in its place.
    await expect.poll(() => descriptorsOf("socket:")).toBe(before + 6);
    engine.apply("call", { endpoints: [] }, 2);
    await expect.poll(() => descriptorsOf("socket:")).toBe(before);
  } finally {
    await engine.close();
  }
  expect(await descriptorsOf("anon_inode:[eventpoll]")).toBe(polls);
});

/** How many descriptors of a kind this process has. */
async function descriptorsOf(kind: string): Promise<number> {
  const directory = "/proc/self/fd";
  const targets = await Promise.all((await readdir(directory)).map((name) => readlink(join(directory, name)).catch(() => "")));
  return targets.filter((target) => target.startsWith(kind)).length;
}

/** Which frame of the prompt a packet holds; 0 for none. */
function frameOf(packet: ReceivedPacket | undefined): number {
  const byte = packet?.payload[80] ?? silence;
  return byte === silence ? 0 : byte;
}

function loud(peer: RtpEndpoint, since = 0): number {
  return peer.heard(peer.packets.slice(since)).filter((sample) => sample > 7000).length;
}

/** The packets from `since` on are of the stream that was: RFC 3550 lets its numbers jump by less than 3,000. */
function expectToGoOn(packets: readonly ReceivedPacket[], since: number): void {
  const [last, next] = [packets[since - 1], packets[since]];
  if (last === undefined || next === undefined) throw new Error("nothing came");
  expect(next.ssrc).toBe(last.ssrc);
  const jump = (next.sequenceNumber - last.sequenceNumber) & 0xffff;
  expect(jump).toBeGreaterThan(0);
  expect(jump).toBeLessThan(3000);
  expect((next.timestamp - last.timestamp) | 0).toBeGreaterThan(0);
  expect(next.marker).toBe(true);
}

/** How often somebody began to speak. */
function stretchesOf(samples: Int16Array): number {
  const pause = 800;
  let [stretches, quiet] = [0, pause];
  for (const sample of samples) {
    if (sample > 7000) {
      if (quiet >= pause) stretches += 1;
      quiet = 0;
    } else quiet += 1;
  }
  return stretches;
}
