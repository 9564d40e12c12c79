/** Entry of the demo phones' thread. */
import { parentPort, workerData } from "node:worker_threads";
import { silentLogger, systemClock, systemIds } from "../kernel/index.ts";
import { createInProcessMedia, type PromptSource } from "../media/index.ts";
import { PortPool } from "../rtp/index.ts";
import { openSipTransport, SipStack } from "../sip/index.ts";
import { Phone } from "./phone.ts";
import { Registration } from "./registration.ts";
import {
  deskSettings,
  type DemoPhoneOrder,
  type DemoPhoneReport,
  type DemoPhoneSettings,
  type DemoPhoneStart,
  type PhoneAccount,
  usualSettings,
} from "./settings.ts";

const start = workerData as DemoPhoneStart;
const clock = systemClock();
const ids = systemIds(clock);
const logger = silentLogger;
const { host } = start;

/** They listen and press keys; they play nothing. */
const noPrompts: PromptSource = { prepare: () => Promise.reject(new Error("The demo phone has nothing to say")) };

function report(message: DemoPhoneReport): void {
  parentPort?.postMessage(message);
}

try {
  const undo = new AsyncDisposableStack();
  const media = createInProcessMedia({ host, clock, ids, logger, prompts: noPrompts });
  undo.defer(() => media.close());
  const ports = new PortPool(start.rtpPorts.first, start.rtpPorts.last);
  const open = async (port: number, settings: DemoPhoneSettings, recordingPath?: string) => {
    const transport = await openSipTransport({ host, port, clock, logger });
    undo.defer(() => transport.close());
    const stack = new SipStack({ transport, clock, ids, logger, product: "Callwright demo phone" });
    undo.defer(() => stack.close());
    const phone = new Phone({ stack, media, ports, clock, ids, host, settings, ...(recordingPath !== undefined && { recordingPath }) });
    undo.defer(() => phone.close());
    return { transport, stack, phone };
  };
  const register = async (account: PhoneAccount) => {
    const registration = new Registration({ stack: (await open(0, deskSettings)).stack, clock, ids, account });
    undo.defer(() => registration.close());
    registration.start();
  };
  const { transport, phone } = await open(start.port, usualSettings, start.recordingPath);
  if (start.desk !== undefined) await register(start.desk);
  parentPort?.on("message", (order: DemoPhoneOrder) => {
    if (order.kind === "configure") phone.configure(order.settings);
    else void undo.disposeAsync().then(() => parentPort?.close());
  });
  report({ kind: "ready", port: transport.port });
} catch (error) {
  if (error instanceof Error) report({ kind: "failed", reason: error.message, code: "code" in error ? error.code : undefined });
  else report({ kind: "failed", reason: String(error) });
}
