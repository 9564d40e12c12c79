/** The entry of a media thread: orders in, reports out. It owns its sockets, its tick and its clock. */
import { parentPort, workerData } from "node:worker_threads";
import { jsonLogger, type LogLevel, systemClock, systemIds, threadLoad } from "../kernel/index.ts";
import { type OpenDescriptors, openPolledNetwork, nodeNetwork } from "../rtp/index.ts";
import { loadCodecs } from "./codec/codecs.ts";
import type { MediaOrder, MediaReport } from "./orders.ts";
import { MediaRuntime } from "./runtime.ts";

/** Who owns the sockets: we, or Node. */
export type SocketKind = "polled" | "node";
export type WorkerStart = {
  readonly host: string;
  readonly otherHost?: string | undefined;
  /** "polled" where the system has them. */
  readonly sockets: SocketKind;
  readonly logLevel: LogLevel;
};
/** With where to say which descriptors are open: the thread that started this one closes them when this one dies. */
export type WorkerData = WorkerStart & { readonly descriptors: OpenDescriptors };
export type ToWorker = { readonly kind: "orders"; readonly orders: readonly MediaOrder[] } | { readonly kind: "close" };
export type FromWorker =
  | { readonly kind: "ready" }
  /** How busy the thread was since it said so last, 0 to 1. */
  | { readonly kind: "load"; readonly busy: number }
  | { readonly kind: "reports"; readonly reports: readonly MediaReport[] };

const loadMs = 1000;

const port = parentPort;
if (port !== null) {
  const { host, otherHost, sockets, logLevel, descriptors } = workerData as WorkerData;
  const clock = systemClock();
  const logger = jsonLogger(logLevel);
  // Node would print them, and each thread that it has a foreign function interface.
  process.removeAllListeners("warning").on("warning", (cause) => {
    if (cause.name !== "ExperimentalWarning") logger.warn({ cause }, "Node warns.");
  });
  const send = (message: FromWorker) => port.postMessage(message);
  const runtime = new MediaRuntime({
    host,
    otherHost,
    clock,
    ids: systemIds(clock),
    logger,
    network: (sockets === "polled" ? await openPolledNetwork(descriptors) : undefined) ?? nodeNetwork,
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
