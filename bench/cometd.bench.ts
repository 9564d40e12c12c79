import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Credentials, ServerProcess } from "../test/support/server-process.ts";
import { eventually } from "../test/support/waiting.ts";
import { openBayeuxClient, type Transport, transports } from "./bayeux-client.ts";
import type { IdleClients } from "./idle-clients.ts";
import { positive } from "./options.ts";
import { cpuMsOf } from "./process-cost.ts";
import { conditions, progress } from "./setting.ts";

/** What the server allows one user. */
const clientsPerUser = 50;
const patienceMs = 10_000;

/** Clients that wait, and one more that is told of changes. Options: --clients, --seconds (of waiting), --messages, --transport. */
export async function benchCometd(args: readonly string[]): Promise<object> {
  const options = {
    clients: { type: "string", default: "500" },
    seconds: { type: "string", default: "60" },
    messages: { type: "string", default: "200" },
    transport: { type: "string", default: "long-polling" },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const clients = positive("clients", values.clients);
  const seconds = positive("seconds", values.seconds);
  const messages = positive("messages", values.messages);
  const transport = transportOf(values.transport);
  const probe = new URL("./memory-probe.ts", import.meta.url).href;
  await using server = await ServerProcess.start({ environment: { CALLWRIGHT_DEMO: "false", NODE_OPTIONS: `--import=${probe}` } });
  const { url, pid, user } = server;
  const agent = await Agent.open(url, await sessionOf(server, user), transport);

  progress("warming up");
  await agent.hearChanges(messages);
  progress(`measuring the server alone for ${seconds} s`);
  const alone = await cpuMsPerSecond(pid, seconds);
  const bytesBefore = await memoryBytes(server);
  progress(`connecting ${clients} clients`);
  const cookies = await cookiesFor(server, clients);
  const child = await startIdleClients({ url, transport, cookies });
  const bytesAfter = await memoryBytes(server);
  progress(`measuring them for ${seconds} s`);
  const waiting = await cpuMsPerSecond(pid, seconds);
  progress(`telling one client of ${messages} changes`);
  const cpuBefore = await cpuMsOf(pid);
  const latenciesMs = await agent.hearChanges(messages);
  const cpuMs = (await cpuMsOf(pid)) - cpuBefore;
  agent.close();
  const exited = once(child, "exit");
  child.disconnect();
  await exited;

  const result = {
    transport,
    clients,
    bytesPerClient: Math.round((bytesAfter - bytesBefore) / clients),
    cpuMsPerSecond: round(waiting),
    cpuMsPerSecondAlone: round(alone),
    cpuMsPerChange: round(cpuMs / messages),
    medianMs: round(quantile(latenciesMs, 0.5)),
    p99Ms: round(quantile(latenciesMs, 0.99)),
    maxMs: round(quantile(latenciesMs, 1)),
    ...conditions(),
  };
  progress(
    `load ${result.loadAverage}: ${result.bytesPerClient} bytes a client; ${result.cpuMsPerSecond} ms CPU a second, ${result.cpuMsPerSecondAlone} without them`,
  );
  return result;
}

/** An agent whose desktop is told of each change of the agent's state. */
class Agent {
  readonly #url: string;
  readonly #cookie: string;
  #told: () => void = () => undefined;
  #end: () => void = () => undefined;

  private constructor(url: string, cookie: string) {
    this.#url = url;
    this.#cookie = cookie;
  }

  static async open(url: string, cookie: string, transport: Transport): Promise<Agent> {
    const agent = new Agent(url, cookie);
    const client = await openBayeuxClient({ url, cookie, transport }, () => agent.#told());
    agent.#end = () => client.close();
    await agent.#operate("StartContactCenterSession", "/me");
    return agent;
  }

  /** From each request to what is told of it. */
  async hearChanges(count: number): Promise<readonly number[]> {
    const latenciesMs: number[] = [];
    for (let index = 0; index < count; index++) {
      const { promise, resolve } = Promise.withResolvers<number>();
      this.#told = () => resolve(performance.now());
      const startMs = performance.now();
      const tooLate = AbortSignal.timeout(patienceMs);
      tooLate.addEventListener("abort", () => resolve(Number.NaN));
      await this.#operate(index % 2 === 0 ? "Ready" : "NotReady", "/me/channels/voice");
      latenciesMs.push((await promise) - startMs);
      if (Number.isNaN(latenciesMs.at(-1))) throw new Error("a change was not told");
    }
    // So that the next round begins with a change too.
    if (count % 2 === 1) await this.#operate("NotReady", "/me/channels/voice");
    return latenciesMs;
  }

  close(): void {
    this.#end();
  }

  async #operate(operationName: string, path: string): Promise<void> {
    const response = await fetch(`${this.#url}/api/v2${path}`, {
      method: "POST",
      headers: { cookie: this.#cookie, "content-type": "application/json" },
      body: JSON.stringify({ operationName }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${operationName}: ${response.status} ${text}`);
  }
}

async function startIdleClients(clients: IdleClients): Promise<ChildProcess> {
  const child = fork(new URL("./idle-clients.ts", import.meta.url), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  child.send(clients);
  await Promise.race([once(child, "message"), once(child, "exit").then(() => Promise.reject(new Error("the idle clients ended")))]);
  return child;
}

/** As many logins as clients: of as few users as may have them. */
async function cookiesFor(server: ServerProcess, count: number): Promise<readonly string[]> {
  const cookies: string[] = [];
  while (cookies.length < count) {
    const login = { email: `idle-${cookies.length}@example.test`, password: "a-good-password" };
    await server.succeed("POST", "/v1/users", { ...login, roles: ["user"] });
    const cookie = await sessionOf(server, login);
    cookies.push(...Array.from({ length: Math.min(clientsPerUser, count - cookies.length) }, () => cookie));
  }
  return cookies;
}

async function sessionOf(server: ServerProcess, as: Credentials): Promise<string> {
  const { headers } = await server.succeed("GET", "/api/v2/me", undefined, as);
  const [cookie] = /JSESSIONID=[^;]+/.exec(headers.get("set-cookie") ?? "") ?? [];
  if (cookie === undefined) throw new Error("no session was begun");
  return cookie;
}

async function cpuMsPerSecond(pid: number, seconds: number): Promise<number> {
  const before = await cpuMsOf(pid);
  const startMs = performance.now();
  await delay(seconds * 1_000);
  return ((await cpuMsOf(pid)) - before) / ((performance.now() - startMs) / 1_000);
}

/** What its objects and buffers take, without garbage. */
async function memoryBytes(server: ServerProcess): Promise<number> {
  const printed = () => [...server.output.matchAll(/^memory (\d+)$/gm)].map(([, bytes]) => Number(bytes));
  const before = printed().length;
  process.kill(server.pid, "SIGUSR2");
  return await eventually("the server's memory", () => printed()[before], patienceMs);
}

function transportOf(text: string): Transport {
  const transport = transports.find((known) => known === text);
  if (transport === undefined) throw new Error(`--transport is "${text}": ${transports.join(" or ")} is needed`);
  return transport;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function round(value: number): number {
  return Number(value.toFixed(2));
}
