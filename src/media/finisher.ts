/** The entry of the thread that makes finished files of recordings: joining, encoding and digests take the processor for seconds. */
import { parentPort } from "node:worker_threads";
import { clear, type ClearJob, finish, type FinishedFile, type FinishJob } from "./finishing/finish.ts";

export type ToFinisher = { readonly id: number } & ({ readonly finish: FinishJob } | { readonly clear: ClearJob });
export type FromFinisher = { readonly id: number } & ({ readonly done: FinishedFile | undefined } | { readonly failed: string });

const send = (answer: FromFinisher) => parentPort?.postMessage(answer);

parentPort?.on("message", (order: ToFinisher) => {
  const { id } = order;
  ("finish" in order ? finish(order.finish) : clear(order.clear).then(() => undefined)).then(
    (done) => send({ id, done }),
    (cause: unknown) => send({ id, failed: String(cause) }),
  );
});
