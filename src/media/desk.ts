/** The entry of the desk thread: decodes, resamples and encodes sound, so that no thread of a call has to. */
import { parentPort } from "node:worker_threads";
import { CallwrightError, type ErrorDetails, systemClock, type Timer } from "../kernel/index.ts";
import { type DeskJob, type DeskResult, runDeskJob } from "./prompts/desk-job.ts";

export type ToDesk = { readonly id: number; readonly job: DeskJob };
export type FromDesk =
  | { readonly id: number; readonly kind: "done"; readonly result: DeskResult<DeskJob> }
  | { readonly id: number; readonly kind: "failed"; readonly code: string; readonly details: ErrorDetails }
  /** Each second while there is work: nothing in it hangs. */
  | { readonly kind: "alive" };

const aliveMs = 1000;

const port = parentPort;
if (port !== null) {
  const clock = systemClock();
  const send = (answer: FromDesk) => port.postMessage(answer);
  let running = 0;
  let pulse: Timer | undefined;
  const beat = () => {
    send({ kind: "alive" });
    pulse = clock.after(aliveMs, beat);
  };
  const run = async ({ id, job }: ToDesk) => {
    running += 1;
    if (running === 1) pulse = clock.after(aliveMs, beat);
    try {
      send({ id, kind: "done", result: await runDeskJob(job) });
    } catch (cause) {
      const isRefusal = cause instanceof CallwrightError;
      send({
        id,
        kind: "failed",
        code: isRefusal ? cause.code : "PROMPT_UNREADABLE",
        details: isRefusal ? cause.details : { reason: String(cause) },
      });
    } finally {
      running -= 1;
      if (running === 0) pulse?.cancel();
    }
  };
  port.on("message", (message: ToDesk) => void run(message));
}
