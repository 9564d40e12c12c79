/** Entry of the writer thread. It waits for nothing but the disk: no libuv pool, which slow DNS look-ups of other threads could fill. */
import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../kernel/index.ts";
import { realDisk } from "./disk.ts";
import { SegmentWriter } from "./segment-writer.ts";
import type { WriterCommand, WriterSettings } from "./writer-protocol.ts";

const port = parentPort;
if (port === null) throw new Error("writer.ts runs as a worker thread");

const writer = new SegmentWriter(workerData as WriterSettings, realDisk, systemClock(), (report) => {
  port.postMessage(report, report.kind === "written" ? [report.bytes] : []);
  if (report.kind === "closed") port.close();
});
port.on("message", (command: WriterCommand) => writer.send(command));
