import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { FlowDocument } from "../src/flows/index.ts";
import { eventually } from "../test/support/waiting.ts";
import { positive } from "./options.ts";
import { cpuMsOf, cpuMsOfTree } from "./process-cost.ts";
import { BenchSetting, conditions, progress } from "./setting.ts";

/** Answered and hung up at once: what a call costs without audio. */
const hangUp: FlowDocument = { start: "end", nodes: { end: { verb: "hang-up" } } };
/** The same with a short sentence before. */
const sayAndHangUp: FlowDocument = {
  start: "say",
  nodes: { say: { verb: "say", text: "Hello.", exits: { done: "end" } }, end: { verb: "hang-up" } },
};

/** How long after its 204 a call may take to reach its BYE. */
const patienceMs = 60_000;
/** What the server still does for ended calls, moving them to the store above all, counts too. */
const settleMs = 1_000;

/** Calls through the whole path: HTTP request, INVITE, answer, flow, BYE. Options: --calls, --rate (a second), --warmup, --say. */
export async function benchCalls(args: readonly string[]): Promise<object> {
  const options = {
    calls: { type: "string", default: "6000" },
    rate: { type: "string", default: "500" },
    warmup: { type: "string", default: "3000" },
    say: { type: "boolean", default: false },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const calls = positive("calls", values.calls);
  const rate = positive("rate", values.rate);
  const warmup = positive("warmup", values.warmup);
  await using setting = await BenchSetting.prepare(values.say ? sayAndHangUp : hangUp, 1_000);
  const { server, farEnd } = setting;

  progress(`warming up with ${warmup} calls`);
  await run(setting, warmup, rate);
  const databasePid = await setting.databasePid();
  const before = { server: await cpuMsOf(server.pid), store: await cpuMsOfTree(databasePid), ended: (await farEnd.ask("report")).ended };
  progress(`placing ${calls} calls, ${rate} a second`);
  const startMs = performance.now();
  await run(setting, calls, rate);
  const durationMs = performance.now() - startMs;
  await delay(settleMs);
  const serverMs = (await cpuMsOf(server.pid)) - before.server;
  const storeMs = (await cpuMsOfTree(databasePid)) - before.store;
  const ended = (await farEnd.ask("report")).ended - before.ended;

  const result = {
    flow: values.say ? "say" : "hang-up",
    calls,
    rate,
    failed: calls - ended,
    callsPerSecond: round(ended / (durationMs / 1_000)),
    cpuMsPerCall: round(serverMs / Math.max(1, ended)),
    storeCpuMsPerCall: round(storeMs / Math.max(1, ended)),
    durationMs: Math.round(durationMs),
    ...conditions(),
  };
  progress(
    `load ${result.loadAverage}, ${(durationMs / 1_000).toFixed(1)} s: ${result.cpuMsPerCall} ms CPU a call, store ${result.storeCpuMsPerCall} ms`,
  );
  return result;
}

/** Places the calls and waits until each has had its BYE; what has not come by then counts as failed. */
async function run(setting: BenchSetting, count: number, rate: number): Promise<void> {
  const { ended } = await setting.farEnd.ask("report");
  const refused = await setting.placeCalls(count, rate);
  const wanted = ended + count - refused;
  const allEnded = async () => (await setting.farEnd.ask("report")).ended >= wanted;
  await eventually("the BYE of every call", allEnded, patienceMs).catch((error: Error) => progress(error.message));
}

function round(value: number): number {
  return Number(value.toFixed(3));
}
