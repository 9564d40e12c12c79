/** The entry of a media thread: orders in, reports out. It owns its sockets, its tick and its clock. */
import { parentPort, workerData } from "node:worker_threads";
import { jsonLogger, type LogLevel, systemClock, systemIds } from "../kernel/index.ts";
import { openUdpSockets } from "../rtp/index.ts";
import type { MediaOrder, MediaReport } from "./orders.ts";
import { MediaRuntime } from "./runtime.ts";

export type WorkerStart = { readonly host: string; readonly otherHost?: string | undefined; readonly logLevel: LogLevel };
export type ToWorker = { readonly kind: "orders"; readonly orders: readonly MediaOrder[] } | { readonly kind: "close" };
export type FromWorker = { readonly kind: "ready" } | { readonly kind: "reports"; readonly reports: readonly MediaReport[] };

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
    openSockets: openUdpSockets,
    report: (reports) => send({ kind: "reports", reports }),
  });
  port.on("message", (message: ToWorker) => {
    if (message.kind === "orders") runtime.receive(message.orders);
    else void runtime.close().finally(() => port.close());
  });
  send({ kind: "ready" });
}
