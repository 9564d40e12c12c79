import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { EndpointPlan } from "../../src/media/index.ts";
import { freePortRange } from "../../test/support/free-ports.ts";
import { startEnvironment } from "../../test/support/server-process.ts";
import { AskedProcess } from "../asked-process.ts";
import { cpuMsOf, residentBytes } from "../process-cost.ts";
import { conditions } from "../setting.ts";
import type { CallPlans, EngineQuestion, EngineReport, FarEndQuestion, FarEndReport, Speech } from "./messages.ts";
import { formats, frameMs } from "./formats.ts";
import type { Place, Row } from "./rows.ts";
import type { Sounds } from "./sounds.ts";

export type MeasurementOptions = {
  readonly calls: number;
  readonly seconds: number;
  readonly workers: number;
  readonly sockets: "polled" | "node";
  /** For prompts, which stay for the next one, and recordings, which do not. */
  readonly directory: string;
  readonly sounds: Sounds;
  /** Where CPU profiles of the media threads are written. */
  readonly profileDirectory?: string | undefined;
};

const host = "127.0.0.1";
const firstSsrc = 1_000_000;
const warmUpCalls = 50;
const warmUpMs = 2_500;
/** After the last plan: code is compiled, jitter buffers have found their depth. */
const settleMs = 3_000;
const callsPerBatch = 50;
const batchEveryMs = 20;

/** A media process and a far end, both of this measurement alone, so that memory is not what another one left. */
export class Measurement implements AsyncDisposable {
  readonly #row: Row;
  readonly #options: MeasurementOptions;
  readonly #engine: AskedProcess<EngineQuestion, EngineReport>;
  readonly #farEnd: AskedProcess<FarEndQuestion, FarEndReport>;
  #round = 0;
  /** Of ports enough for all legs. */
  #firstPort = 0;

  constructor(row: Row, options: MeasurementOptions) {
    this.#row = row;
    this.#options = options;
    const probe = ["--import", new URL("./thread-probe.ts", import.meta.url).href];
    const env = { ...process.env, ...startEnvironment };
    this.#engine = new AskedProcess(new URL("./engine.ts", import.meta.url), { env, execArgv: probe });
    this.#farEnd = new AskedProcess(new URL("./far-end.ts", import.meta.url));
  }

  get #recordings(): string {
    return join(this.#options.directory, "recordings");
  }

  /** The row of the table; only why not, when the engine does not do it. */
  async run(): Promise<object> {
    const { calls, seconds, workers, sockets, directory, profileDirectory } = this.#options;
    const { name, legsPerCall, watchesSilence } = this.#row;
    this.#firstPort = await freePortRange(Math.max(calls, warmUpCalls, this.#row.codecs.length) * legsPerCall * 2);
    await mkdir(this.#recordings, { recursive: true });
    const opened = await this.#engine.ask({ kind: "open", workers, sockets, directory });
    if (opened.refusal !== undefined) return { row: name, skipped: opened.refusal };

    const warmUp = await this.#begin(Math.min(calls, Math.max(warmUpCalls, this.#row.codecs.length)));
    if (typeof warmUp === "string") return { row: name, skipped: warmUp };
    await delay(warmUpMs);
    const [failure] = (await this.#engine.ask({ kind: "report" })).failures;
    await this.#end();
    if (failure !== undefined) return { row: name, skipped: failure };
    await delay(500);
    const before = await this.#engine.ask({ kind: "report", collects: true });
    const residentBefore = await residentBytes(this.#engine.pid);

    const legs = await this.#begin(calls);
    if (typeof legs === "string") return { row: name, skipped: legs };
    await delay(settleMs);
    if (profileDirectory !== undefined) await this.#engine.ask({ kind: "profile" });
    const beginning = await this.#engine.ask({ kind: "report" });
    await this.#farEnd.ask({ kind: "reset" });
    const cpuBefore = await cpuMsOf(this.#engine.pid);
    const farCpuBefore = await cpuMsOf(this.#farEnd.pid);
    const startMs = performance.now();
    await delay(seconds * 1_000);
    const cpuMs = (await cpuMsOf(this.#engine.pid)) - cpuBefore;
    const farCpuMs = (await cpuMsOf(this.#farEnd.pid)) - farCpuBefore;
    const heard = await this.#farEnd.ask({ kind: "report" });
    const measuredMs = performance.now() - startMs;
    const end = await this.#engine.ask({ kind: "report" });
    const residentAfter = await residentBytes(this.#engine.pid);
    if (profileDirectory !== undefined) await this.#engine.ask({ kind: "profile", directory: profileDirectory });
    const { heapBytes } = (await this.#engine.ask({ kind: "report", collects: true })).threads;
    const closed = await this.#end();

    const callSeconds = (calls * measuredMs) / 1_000;
    const legSeconds = callSeconds * legsPerCall;
    return {
      row: name,
      calls,
      legs,
      cpuMsPerCallSecond: rounded(cpuMs / callSeconds, 3),
      p99SpacingMs: heard.spacing.p99Ms,
      p999SpacingMs: heard.spacing.p999Ms,
      maxSpacingMs: heard.spacing.maxMs,
      medianErrorMs: heard.spacingError.p50Ms,
      p99ErrorMs: heard.spacingError.p99Ms,
      p999ErrorMs: heard.spacingError.p999Ms,
      rssPerCallBytes: Math.round((residentAfter - residentBefore) / calls),
      heapPerCallBytes: Math.round((heapBytes - before.threads.heapBytes) / calls),
      packetsPerLegSecond: rounded(heard.packets / legSeconds, 2),
      ...(this.#row.says !== undefined && { saidPerLegSecond: rounded(heard.said / legSeconds, 2) }),
      failed: legs - heard.sounding,
      received: closed.packetsReceived,
      lost: closed.packetsLost,
      dropped: closed.packetsDropped,
      ...(this.#row.name.startsWith("dtmf") && { digitsPerCallSecond: rounded((end.digits - beginning.digits) / callSeconds, 2) }),
      ...(watchesSilence === true && { longestSilenceMs: heard.longestSilenceMs }),
      failures: [...new Set([...end.failures, ...closed.failures])],
      threadBusyShare: rounded((end.threads.busyMs - beginning.threads.busyMs) / measuredMs / workers, 3),
      collectingMsPerSecond: rounded(((end.threads.collectingMs - beginning.threads.collectingMs) * 1_000) / measuredMs, 2),
      farEndLateP99Ms: heard.lateness.p99Ms,
      farEndLateP999Ms: heard.lateness.p999Ms,
      farEndCpuShare: rounded(farCpuMs / measuredMs, 2),
      ...conditions(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#engine[Symbol.asyncDispose](), this.#farEnd[Symbol.asyncDispose]()]);
    await rm(this.#recordings, { recursive: true, force: true });
  }

  /** How many legs there are then; a string says why there are none. */
  async #begin(calls: number): Promise<number | string> {
    this.#round += 1;
    const { row, place } = { row: this.#row, place: await this.#place() };
    const size = row.codecs.length;
    const count = Math.ceil((calls * row.legsPerCall) / size);
    const legs = Array.from({ length: count * size }, (_, index) => this.#leg(index, place));
    const says = await this.#speeches(legs, place);
    if (typeof says === "string") return says;
    const silence = row.watchesSilence === true && row.codecs[0] !== undefined ? formats[row.codecs[0]].silence : undefined;
    const streams = legs.length;
    await this.#farEnd.ask({ kind: "begin", firstSsrc, streams, ptimeMs: frameMs, says, ...(silence !== undefined && { silence }) });
    const all = Array.from({ length: count }, (_, index): CallPlans => {
      const own = legs.slice(index * size, (index + 1) * size);
      return { callId: `call ${this.#round} ${index}`, plans: row.plans(own, place) };
    });
    for (let at = 0; at < all.length; at += callsPerBatch) {
      await this.#engine.ask({ kind: "apply", calls: all.slice(at, at + callsPerBatch) });
      await delay(batchEveryMs);
    }
    return legs.length;
  }

  async #end(): Promise<EngineReport> {
    await this.#farEnd.ask({ kind: "hush" });
    return await this.#engine.ask({ kind: "end" });
  }

  async #place(): Promise<Place> {
    const { port, rtcpPort } = await this.#farEnd.ask({ kind: "report" });
    return { sounds: this.#options.sounds, recordings: this.#recordings, remote: { address: host, port, rtcpPort } };
  }

  #leg(index: number, { remote }: Place): EndpointPlan {
    const codec = this.#row.codecs[index % this.#row.codecs.length] ?? "PCMU";
    const { payloadType, clockRateHz } = formats[codec];
    return {
      endpointId: `leg ${this.#round} ${index}`,
      localPort: this.#firstPort + index * 2,
      remote,
      codec,
      payloadType,
      clockRateHz,
      telephoneEvent: 101,
      ssrc: firstSsrc + index,
      sends: true,
      receives: true,
      source: { kind: "silence" },
      digits: [],
      recordings: [],
    };
  }

  async #speeches(legs: readonly EndpointPlan[], place: Place): Promise<readonly Speech[] | string> {
    const item = this.#row.says?.(place);
    if (item === undefined) return [];
    const speeches: Speech[] = [];
    for (const codec of new Set(this.#row.codecs)) {
      const { frames, refusal } = await this.#engine.ask({ kind: "frames", item, codec });
      if (refusal !== undefined) return refusal;
      const ports = legs.filter((leg) => leg.codec === codec).map(({ localPort }) => localPort);
      speeches.push({ ports, ...formats[codec], frames });
    }
    return speeches;
  }
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
