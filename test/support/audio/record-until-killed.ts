/** Records a rising count, frame by frame in time, and says each frame that was given to the recorder, until it is killed: path, key or "". */
import { setTimeout as delay } from "node:timers/promises";
import { Recorder } from "../../../src/media/sound/recorder.ts";

const [path = "", key = ""] = process.argv.slice(2);
const plan = { recordingId: "r1", path, maxMs: 600_000, silenceMs: 0, finishOn: "", hears: "peer", ...(key !== "" && { key }) } as const;
const recorder = new Recorder(plan, 8000, {
  ended: () => process.exit(2),
  failed: (_recordingId, cause) => void process.stderr.write(String(cause)),
});
const frame = new Int16Array(160);
const begunAt = performance.now();
for (let number = 1; ; number++) {
  recorder.write(frame.fill(number), undefined);
  process.stdout.write(`\n${number}\n`);
  await delay(Math.max(0, begunAt + number * 20 - performance.now()));
}
