import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { FlowDocument } from "../src/flows/index.ts";
import { StartedProcess } from "../test/support/child-process.ts";
import { databasePids } from "../test/support/data-directory.ts";
import { ServerProcess, startEnvironment } from "../test/support/server-process.ts";
import { memberOf } from "../test/support/waiting.ts";
import { positive } from "./options.ts";
import { cpuMsOf, cpuMsOfTree, residentBytes } from "./process-cost.ts";
import { conditions, progress } from "./setting.ts";
import { callWithSipp, type SippLoad, type SippResult } from "./sipp-calls.ts";

const number = "+12025550111";
/** The caller hangs up: the flow only has to be there. */
const listen: FlowDocument = {
  start: "wait",
  nodes: { wait: { verb: "pause", durationMs: 60_000, exits: { done: "end" } }, end: { verb: "hang-up" } },
};

type Load = Omit<SippLoad, "port" | "user">;

/**
 * SIPp's built-in caller against our answering side: the stack alone, and the whole server with call machine, journal and store. Options: --rate (calls a
 * second), --seconds, --warmup (calls), --hold (ms from ACK to BYE), --only stack|whole.
 */
export async function benchSip(args: readonly string[]): Promise<object> {
  const options = {
    rate: { type: "string", default: "1000" },
    seconds: { type: "string", default: "10" },
    warmup: { type: "string", default: "10000" },
    hold: { type: "string", default: "200" },
    only: { type: "string" },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const perSecond = positive("rate", values.rate);
  const load = { calls: Math.round(perSecond * positive("seconds", values.seconds)), perSecond, holdMs: positive("hold", values.hold) };
  const warmup = { ...load, calls: positive("warmup", values.warmup) };
  if (values.only !== undefined && values.only !== "stack" && values.only !== "whole")
    throw new Error(`--only is "${values.only}": stack or whole`);
  return {
    rate: perSecond,
    calls: load.calls,
    ...(values.only !== "whole" && { stack: await stackAlone(warmup, load) }),
    ...(values.only !== "stack" && { whole: await wholeServer(warmup, load) }),
    ...conditions(),
  };
}

async function stackAlone(warmup: Load, load: Load): Promise<object> {
  await using stack = new StartedProcess(process.execPath, [fileURLToPath(new URL("./sip-stack.ts", import.meta.url))], {
    env: { ...process.env, ...startEnvironment },
  });
  const port = Number((await stack.waitForOutput(/^\d+/))[0]);
  const target = { port, user: "bench" };
  progress(`the stack alone: warming up with ${warmup.calls} calls`);
  await callWithSipp({ ...warmup, ...target });
  const before = await cpuMsOf(stack.pid);
  progress(`the stack alone: ${load.calls} calls, ${load.perSecond} a second`);
  const result = await callWithSipp({ ...load, ...target });
  return figures(result, (await cpuMsOf(stack.pid)) - before, await residentBytes(stack.pid));
}

async function wholeServer(warmup: Load, load: Load): Promise<object> {
  await using server = await ServerProcess.start({ legs: 2_000, environment: { CALLWRIGHT_DEMO: "false" } });
  const flow = await server.succeed("POST", "/v1/flows", { name: "bench", document: listen });
  const trunk = {
    name: "SIPp",
    host: "127.0.0.1",
    port: 5060,
    transport: "udp",
    prefixes: [],
    priority: 1,
    sourceAddresses: ["127.0.0.1"],
  };
  await server.succeed("POST", "/v1/trunks", trunk);
  await server.succeed("POST", "/v1/numbers", { number, flowId: memberOf(flow.json(), "id") });
  const target = { port: server.sipPort, user: number };
  progress(`the whole server: warming up with ${warmup.calls} calls`);
  await callWithSipp({ ...warmup, ...target });
  const [databasePid = 0] = await databasePids(server.dataDirectory);
  const before = { server: await cpuMsOf(server.pid), store: await cpuMsOfTree(databasePid) };
  progress(`the whole server: ${load.calls} calls, ${load.perSecond} a second`);
  const result = await callWithSipp({ ...load, ...target });
  const rssBytes = await residentBytes(server.pid);
  const storeMs = (await cpuMsOfTree(databasePid)) - before.store;
  return {
    ...figures(result, (await cpuMsOf(server.pid)) - before.server, rssBytes),
    storeCpuMsPerCall: round(storeMs / Math.max(1, result.succeeded)),
  };
}

function figures({ succeeded, failed, retransmissions, durationMs }: SippResult, cpuMs: number, rssBytes: number) {
  const result = {
    cpuMsPerCall: round(cpuMs / Math.max(1, succeeded)),
    callsPerSecond: Math.round(succeeded / (durationMs / 1_000)),
    retransmissions,
    rssMb: Math.round(rssBytes / 2 ** 20),
    failed,
  };
  progress(JSON.stringify(result));
  return result;
}

function round(value: number): number {
  return Number(value.toFixed(3));
}
