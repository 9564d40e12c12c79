/** Entry of the demo phone's thread. */
import { parentPort, workerData } from "node:worker_threads";
import { silentLogger, systemClock, systemIds } from "../kernel/index.ts";
import { createInProcessMedia, type PromptSource } from "../media/index.ts";
import { PortPool } from "../rtp/index.ts";
import { openSipTransport, SipStack } from "../sip/index.ts";
import { Phone } from "./phone.ts";
import type { DemoPhoneOrder, DemoPhoneReport, DemoPhoneStart } from "./settings.ts";

const start = workerData as DemoPhoneStart;
const clock = systemClock();
const ids = systemIds(clock);
const logger = silentLogger;

/** It listens and presses keys; it plays nothing. */
const noPrompts: PromptSource = { prepare: () => Promise.reject(new Error("The demo phone has nothing to say")) };

function report(message: DemoPhoneReport): void {
  parentPort?.postMessage(message);
}

try {
  const transport = await openSipTransport({ host: start.host, port: start.port, clock, logger });
  const media = createInProcessMedia({ host: start.host, clock, ids, logger, prompts: noPrompts });
  const stack = new SipStack({ transport, clock, ids, logger, product: "Callwright demo phone" });
  const ports = new PortPool(start.rtpPorts.first, start.rtpPorts.last);
  const phone = new Phone({ stack, media, ports, clock, ids, host: start.host, recordingPath: start.recordingPath });
  parentPort?.on("message", (order: DemoPhoneOrder) => {
    if (order.kind === "configure") phone.configure(order.settings);
    else {
      phone.close();
      stack.close();
      void Promise.all([media.close(), transport.close()]).then(() => parentPort?.close());
    }
  });
  report({ kind: "ready", port: transport.port });
} catch (error) {
  if (error instanceof Error) report({ kind: "failed", reason: error.message, code: "code" in error ? error.code : undefined });
  else report({ kind: "failed", reason: String(error) });
}
