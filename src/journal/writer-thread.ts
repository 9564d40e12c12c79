import { Worker } from "node:worker_threads";
import type { StartWriter, WriterReport } from "./writer-protocol.ts";

/** The writer in a thread of its own. */
export const startWriterThread: StartWriter = (settings, report, died) => {
  const worker = new Worker(new URL("./writer.ts", import.meta.url), { workerData: settings, name: "journal" });
  let isClosed = false;
  worker.on("message", (message: WriterReport) => {
    isClosed ||= message.kind === "closed";
    report(message);
  });
  worker.once("error", (error) => died(error));
  worker.once("exit", (code) => {
    if (!isClosed) died(new Error(`the journal's writer thread ended with ${code}`));
  });
  return { send: (command) => worker.postMessage(command, command.kind === "write" ? [command.bytes] : []) };
};
