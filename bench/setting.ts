import { Agent, request } from "node:http";
import { loadavg } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { FlowDocument } from "../src/flows/index.ts";
import { databasePids } from "../test/support/data-directory.ts";
import { ServerProcess } from "../test/support/server-process.ts";
import { memberOf } from "../test/support/waiting.ts";
import { FarEndProcess } from "./far-end-process.ts";

const number = "+15552000100";
const callerId = "+12025550111";

export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** What every result says about the machine it was got on. */
export function conditions(): { readonly loadAverage: number; readonly node: string } {
  return { loadAverage: Number((loadavg()[0] ?? 0).toFixed(2)), node: process.version };
}

/** A server and a far end, each a process of its own, and one flow that answered calls run. */
export class BenchSetting implements AsyncDisposable {
  readonly server: ServerProcess;
  readonly farEnd: FarEndProcess;
  readonly #flowId: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 32 });

  private constructor(server: ServerProcess, farEnd: FarEndProcess, flowId: string) {
    this.server = server;
    this.farEnd = farEnd;
    this.#flowId = flowId;
  }

  static async prepare(document: FlowDocument, legs: number): Promise<BenchSetting> {
    await using started = new AsyncDisposableStack();
    const farEnd = started.use(await FarEndProcess.start());
    const server = started.use(await ServerProcess.start({ legs, environment: { CALLWRIGHT_DEMO: "false" } }));
    await server.succeed("POST", "/v1/numbers", { number: callerId });
    const trunk = { name: "far end", host: "127.0.0.1", port: farEnd.sipPort, transport: "udp", prefixes: [number], priority: 1 };
    await server.succeed("POST", "/v1/trunks", trunk);
    const flow = await server.succeed("POST", "/v1/flows", { name: "bench", document });
    const setting = new BenchSetting(server, farEnd, String(memberOf(flow.json(), "id")));
    started.move();
    return setting;
  }

  /** The PostgreSQL that the server started. */
  async databasePid(): Promise<number> {
    const [pid] = await databasePids(this.server.dataDirectory);
    if (pid === undefined) throw new Error("no PostgreSQL runs on the server's data directory");
    return pid;
  }

  /**
   * Places `count` calls, `perSecond` of them a second, whatever the answers take. Returns how many were refused.
   */
  async placeCalls(count: number, perSecond: number): Promise<number> {
    const startMs = performance.now();
    const answers: Promise<boolean>[] = [];
    for (let index = 0; index < count; index++) {
      const waitMs = startMs + (index * 1_000) / perSecond - performance.now();
      if (waitMs > 1) await delay(waitMs);
      answers.push(this.#placeCall());
      if (index % Math.ceil(perSecond * 2) === 0) progress(`placed ${index} of ${count}`);
    }
    return (await Promise.all(answers)).filter((accepted) => !accepted).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    await this.server[Symbol.asyncDispose]();
    await this.farEnd[Symbol.asyncDispose]();
  }

  /** node:http with kept connections costs the measuring side less than fetch. */
  async #placeCall(): Promise<boolean> {
    const { email, password } = this.server.admin;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const body = JSON.stringify({ flowId: this.#flowId, numberToDial: number, callerId });
    const sent = request(`${this.server.url}/sessions/outgoing`, {
      method: "POST",
      agent: this.#agent,
      auth: `${email}:${password}`,
      headers: { "content-type": "application/json", accept: "application/json", "content-length": Buffer.byteLength(body) },
    });
    sent.on("response", (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode === 204));
    });
    sent.on("error", () => resolve(false));
    sent.end(body);
    return await promise;
  }
}
