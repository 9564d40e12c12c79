/** Loaded into the media process by `--import`, and so into each of its threads: a media thread tells of itself, and profiles itself, when it is asked to. */
import { writeFile } from "node:fs/promises";
import { Session } from "node:inspector/promises";
import { join } from "node:path";
import { performance, PerformanceObserver } from "node:perf_hooks";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { BroadcastChannel, isMainThread, threadId, workerData } from "node:worker_threads";
import type { ThreadReport } from "./messages.ts";

export type ProbeQuestion =
  | { readonly kind: "report"; readonly collects: boolean }
  | { readonly kind: "profile"; readonly directory?: string };
export type ProbeAnswer = { readonly threadId: number; readonly report: ThreadReport };

export const probeChannel = "media-bench-probe";

const isMediaThread = !isMainThread && typeof workerData === "object" && workerData !== null && "host" in workerData;
if (isMediaThread) answerQuestions();

function answerQuestions(): void {
  let collectingMs = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) collectingMs += duration;
  });
  observer.observe({ entryTypes: ["gc"] });

  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;

  const profiler = new Session();
  const profile = async (directory: string | undefined) => {
    if (directory === undefined) {
      profiler.connect();
      await profiler.post("Profiler.enable");
      await profiler.post("Profiler.setSamplingInterval", { interval: 200 });
      await profiler.post("Profiler.start");
      return;
    }
    const { profile: taken } = await profiler.post("Profiler.stop");
    profiler.disconnect();
    await writeFile(join(directory, `media-${threadId}.cpuprofile`), JSON.stringify(taken));
  };

  const channel = new BroadcastChannel(probeChannel);
  channel.addEventListener("message", (message) => {
    const question = (message as MessageEvent<ProbeQuestion>).data;
    const done = question.kind === "profile" ? profile(question.directory) : Promise.resolve();
    void done.then(() => {
      if (question.kind === "report" && question.collects) collect();
      const { active: busyMs } = performance.eventLoopUtilization();
      const report = { heapBytes: getHeapStatistics().used_heap_size, collectingMs, busyMs };
      channel.postMessage({ threadId, report } satisfies ProbeAnswer);
    });
  });
  // It does not keep a media thread from ending.
  channel.unref();
}
