import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { FlowDocument } from "../src/flows/index.ts";
import { eventually } from "../test/support/waiting.ts";
import { positive } from "./options.ts";
import { cpuMsOf, residentBytes } from "./process-cost.ts";
import { BenchSetting, conditions, progress } from "./setting.ts";

const sentence = "The line stays open while this sentence is read out again and again to everybody who listens.";
/** The shortest the sentence can take. */
const sentenceMs = 4_000;

/** Calls placed a second while the number of concurrent ones is built up. */
const placingRate = 20;

/** So many calls are there already when memory is counted first: what the server takes once for all of them is no part of what one takes. */
const mostEarlyCalls = 100;

/** Concurrent calls that hear one long prompt. Options: --calls, --seconds. */
export async function benchPlayback(args: readonly string[]): Promise<object> {
  const options = { calls: { type: "string", default: "500" }, seconds: { type: "string", default: "20" } } as const;
  const { values } = parseArgs({ args: [...args], options });
  const calls = positive("calls", values.calls);
  const seconds = positive("seconds", values.seconds);
  const longestMs = (calls / placingRate) * 1_000 + seconds * 1_000 + 15_000;
  await using setting = await BenchSetting.prepare(longPrompt(Math.ceil(longestMs / sentenceMs)), calls + 10);
  const { server, farEnd } = setting;

  // One call first: the prompt is synthesised and cached.
  await setting.placeCalls(1, 1);
  await eventually("audio of the first call", async () => (await farEnd.ask("report")).streams >= 1, 30_000);
  progress(`placing ${calls} calls, ${placingRate} a second`);
  const early = Math.min(mostEarlyCalls, Math.floor(calls / 2));
  const refusedEarly = await setting.placeCalls(early, placingRate);
  const bytesBefore = await residentBytes(server.pid);
  const refused = refusedEarly + (await setting.placeCalls(calls - early, placingRate));
  const wanted = calls - refused;
  await eventually(`audio of ${wanted} calls`, async () => (await farEnd.ask("report")).streams >= wanted + 1, 30_000);

  await farEnd.ask("reset");
  const cpuBefore = await cpuMsOf(server.pid);
  const startMs = performance.now();
  for (let second = 0; second < seconds; second++) {
    await delay(startMs + (second + 1) * 1_000 - performance.now());
    if (second % 5 === 4) progress(`measured ${second + 1} of ${seconds} s`);
  }
  const cpuMs = (await cpuMsOf(server.pid)) - cpuBefore;
  const durationMs = performance.now() - startMs;
  const heard = await farEnd.ask("report");
  const bytesAfter = await residentBytes(server.pid);

  const result = {
    calls: heard.streams,
    failed: calls + 1 - heard.streams,
    cpuMsPerCallSecond: Number((cpuMs / heard.streams / (durationMs / 1_000)).toFixed(3)),
    p99SpacingMs: heard.p99SpacingMs,
    medianSpacingMs: heard.medianSpacingMs,
    maxSpacingMs: heard.maxSpacingMs,
    packetsPerCallSecond: Number((heard.packets / heard.streams / (durationMs / 1_000)).toFixed(2)),
    rssPerCallBytes: Math.round((bytesAfter - bytesBefore) / (calls - early)),
    durationMs: Math.round(durationMs),
    ...conditions(),
  };
  progress(
    `load ${result.loadAverage}: ${result.cpuMsPerCallSecond} ms CPU a call-second, 99 % of packets within ${result.p99SpacingMs} ms`,
  );
  return result;
}

/** As many parts as one prompt may have. */
const mostParts = 20;

/** The whole prompt is one node, so that what is measured is playing and not the flow. */
function longPrompt(sentences: number): FlowDocument {
  const parts = Math.min(mostParts, sentences);
  const say = Array.from({ length: Math.ceil(sentences / parts) }, () => sentence).join(" ");
  const prompt = Array.from({ length: parts }, () => ({ say }));
  return { start: "talk", nodes: { talk: { verb: "collect", prompt, maxDigits: 1, into: "digit" } } };
}
