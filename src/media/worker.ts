/** The entry of a media thread: orders in, reports out. It owns its sockets, its tick and its clock. */
import { parentPort, workerData } from "node:worker_threads";
import { jsonLogger, type LogLevel, systemClock, systemIds, threadLoad } from "../kernel/index.ts";
import { udpNetwork } from "../rtp/index.ts";
import { loadCodecs } from "./codec/codecs.ts";
import type { MediaOrder, MediaReport } from "./orders.ts";
import { MediaRuntime } from "./runtime.ts";

export type WorkerStart = { readonly host: string; readonly otherHost?: string | undefined; readonly logLevel: LogLevel };
export type ToWorker = { readonly kind: "orders"; readonly orders: readonly MediaOrder[] } | { readonly kind: "close" };
export type FromWorker =
  | { readonly kind: "ready" }
  /** How busy the thread was since it said so last, 0 to 1. */
  | { readonly kind: "load"; readonly busy: number }
  | { readonly kind: "reports"; readonly reports: readonly MediaReport[] };

const loadMs = 1000;

const port = parentPort;
if (port !== null) {
  const { host, otherHost, logLevel } = workerData as WorkerStart;
  const clock = systemClock();
  const send = (message: FromWorker) => port.postMessage(message);
  const runtime = new MediaRuntime({
    host,
    otherHost,
    clock,
    ids: systemIds(clock),
    logger: jsonLogger(logLevel),
    network: udpNetwork,
    report: (reports) => send({ kind: "reports", reports }),
  });
  const load = threadLoad();
  let telling = clock.after(loadMs, tellLoad);
  function tellLoad(): void {
    send({ kind: "load", busy: load() });
    telling = clock.after(loadMs, tellLoad);
  }
  port.on("message", (message: ToWorker) => {
    if (message.kind === "orders") runtime.receive(message.orders);
    else {
      telling.cancel();
      void runtime.close().finally(() => port.close());
    }
  });
  await loadCodecs();
  send({ kind: "ready" });
}
