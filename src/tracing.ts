/** The parts that record, keep and export the SIP messages of calls. */
import { join } from "node:path";
import type { MetricSample } from "./api/index.ts";
import { CallTraces, KeptTraces, type Traces, type Views } from "./calls/index.ts";
import type { Config } from "./config/index.ts";
import type { Clock, Logger } from "./kernel/index.ts";
import { HepExporter, type Locator, MessageTrace } from "./sip/index.ts";

type TracingParts = {
  readonly config: Pick<Config, "trace" | "hep">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly data: { readonly path: string; readonly secret: Uint8Array };
};

export type Tracing = {
  /** To be attached to transports. */
  readonly trace: MessageTrace;
  /** Begins to keep the traces of calls that end, and to export. */
  follow(views: Views, locator: Pick<Locator, "locate">): Promise<Traces>;
  samples(): Iterable<MetricSample>;
  /** Writes what is still to be kept. */
  close(): Promise<void>;
};

export function openTracing({ config, clock, logger, data }: TracingParts): Tracing {
  const { memoryMiB, sampling, keepDays } = config.trace;
  const trace = new MessageTrace({ clock, memoryBytes: memoryMiB * 1024 * 1024 });
  const kept = new KeptTraces({ directory: join(data.path, "traces"), keepDays, clock, logger });
  let traces: CallTraces | undefined;
  let hep: HepExporter | undefined;
  return {
    trace,
    async follow(views, locator) {
      const { address, captureId, key } = config.hep;
      if (address !== undefined) hep = new HepExporter({ ...address, captureId, key, rings: trace.rings, locator, clock, logger });
      traces = await CallTraces.open({ trace, kept, views, secret: data.secret, sampling, clock, logger });
      return traces;
    },
    *samples() {
      const { recorded, forgotten, dropped } = trace.counters;
      yield gauge("trace_memory_bytes", "Memory taken for SIP messages.", trace.heldBytes);
      yield counter("trace_messages_total", "SIP messages of calls that were recorded.", recorded);
      yield counter("trace_messages_forgotten_total", "Recorded SIP messages of calls that newer ones pushed out.", forgotten);
      yield counter("trace_messages_dropped_total", "SIP messages that were too large to be recorded, or had no Call-ID.", dropped);
      yield counter("traces_kept_total", "Calls whose SIP messages were written to files.", traces?.counters.kept ?? 0);
      yield counter("traces_not_kept_total", "Calls of which that was wanted and failed.", traces?.counters.notKept ?? 0);
      if (hep === undefined) return;
      yield counter("hep_sent_total", "SIP messages sent to the capture server.", hep.counters.sent);
      yield counter("hep_dropped_total", "SIP messages that the capture server did not get.", hep.counters.dropped);
    },
    async close() {
      hep?.close();
      await traces?.close();
      await kept.close();
    },
  };
}

function counter(name: string, help: string, value: number): MetricSample {
  return { name: `callwright_${name}`, help, kind: "counter", value };
}

function gauge(name: string, help: string, value: number): MetricSample {
  return { name: `callwright_${name}`, help, kind: "gauge", value };
}
