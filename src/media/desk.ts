/** The entry of the desk thread: decodes and resamples audio, so that no thread of a call has to. */
import { parentPort } from "node:worker_threads";
import { CallwrightError, type ErrorDetails } from "../kernel/index.ts";
import { type DeskJob, type DeskResult, runDeskJob } from "./prompts/desk-job.ts";

export type ToDesk = { readonly id: number; readonly job: DeskJob };
export type FromDesk =
  | { readonly id: number; readonly kind: "done"; readonly result: DeskResult }
  | { readonly id: number; readonly kind: "failed"; readonly code: string; readonly details: ErrorDetails };

const port = parentPort;
if (port !== null) {
  const send = (answer: FromDesk) => port.postMessage(answer);
  port.on("message", ({ id, job }: ToDesk) => {
    runDeskJob(job).then(
      (result) => send({ id, kind: "done", result }),
      (cause: unknown) => {
        const isRefusal = cause instanceof CallwrightError;
        send({
          id,
          kind: "failed",
          code: isRefusal ? cause.code : "PROMPT_UNREADABLE",
          details: isRefusal ? cause.details : { reason: String(cause) },
        });
      },
    );
  });
}
