/** What /metrics shows, in Prometheus' text format, from a registry of this server's own. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Counter, Gauge, Histogram, Registry } from "prom-client";

export type MetricSample = {
  /** Prometheus name, for example `callwright_calls_live`. A name always has the same kind and label names. */
  readonly name: string;
  readonly help: string;
  /** counter: a total that only grows; its name ends in `_total`. */
  readonly kind: "counter" | "gauge";
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
};

/** Asked at each scrape for current values: live calls, calls by result, journal delay, SIP counters. */
export type MetricSource = () => Iterable<MetricSample>;

const nanosecondsPerSecond = 1e9;

export class Metrics {
  readonly #registry = new Registry();
  readonly #sources: readonly MetricSource[];
  readonly #sampled = new Map<string, Counter | Gauge>();
  readonly #loopDelay = monitorEventLoopDelay({ resolution: 10 });
  readonly #requests: Counter;
  readonly #durations: Histogram;

  constructor(sources: readonly MetricSource[]) {
    this.#sources = [...sources, () => this.#ofProcess()];
    const registers = [this.#registry];
    this.#requests = new Counter({
      name: "callwright_http_requests_total",
      help: "HTTP requests answered.",
      labelNames: ["route", "method", "status"],
      registers,
    });
    this.#durations = new Histogram({
      name: "callwright_http_request_duration_seconds",
      help: "Time from a request's head to the end of its answer.",
      labelNames: ["route"],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
      registers,
    });
    this.#loopDelay.enable();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** `route` is the route's pattern, never a path: labels must stay few. */
  countRequest(route: string, method: string, status: number, durationMs: number): void {
    this.#requests.inc({ route, method, status: String(status) });
    this.#durations.observe({ route }, durationMs / 1000);
  }

  async text(): Promise<string> {
    for (const metric of this.#sampled.values()) metric.reset();
    for (const source of this.#sources) for (const sample of source()) this.#metricOf(sample).inc(sample.labels ?? {}, sample.value);
    return this.#registry.metrics();
  }

  close(): void {
    this.#loopDelay.disable();
  }

  #metricOf({ name, help, kind, labels = {} }: MetricSample): Counter | Gauge {
    const known = this.#sampled.get(name);
    if (known !== undefined) return known;
    const options = { name, help, labelNames: Object.keys(labels), registers: [this.#registry] };
    const made = kind === "counter" ? new Counter(options) : new Gauge(options);
    this.#sampled.set(name, made);
    return made;
  }

  *#ofProcess(): Generator<MetricSample> {
    const help = "How late the main thread's event loop ran since the last scrape.";
    for (const [quantile, delay] of [
      ["0.5", this.#loopDelay.percentile(50)],
      ["0.99", this.#loopDelay.percentile(99)],
      ["1", this.#loopDelay.max],
    ] as const) {
      // Without a sample the percentiles are 0 and the maximum is NaN or 0, by version.
      const value = Number.isFinite(delay) ? delay / nanosecondsPerSecond : 0;
      yield { name: "callwright_event_loop_delay_seconds", help, kind: "gauge", value, labels: { quantile } };
    }
    this.#loopDelay.reset();
    const { user, system } = process.cpuUsage();
    yield {
      name: "process_cpu_seconds_total",
      help: "Processor time of this process, all threads.",
      kind: "counter",
      value: (user + system) / 1e6,
    };
    yield {
      name: "process_resident_memory_bytes",
      help: "Resident memory of this process.",
      kind: "gauge",
      value: process.memoryUsage.rss(),
    };
  }
}
