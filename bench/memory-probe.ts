/** Loaded into a measured server by `--import`: on SIGUSR2 it collects its garbage and prints what is left. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  process.on("SIGUSR2", () => {
    // What waits for the end of others goes in the second round.
    collect();
    setImmediate(() => {
      collect();
      const { heapUsed, external } = process.memoryUsage();
      process.stderr.write(`memory ${heapUsed + external}\n`);
    });
  });
}
