/** `npm run bench -- <subject> [options]`: progress on stderr, one line of JSON last on stdout. */
import { benchCalls } from "./calls.bench.ts";
import { benchCometd } from "./cometd.bench.ts";
import { benchMedia } from "./media.bench.ts";
import { benchPlayback } from "./playback.bench.ts";
import { benchSip } from "./sip.bench.ts";
import { benchTrace } from "./trace.bench.ts";

const subjects: Readonly<Record<string, (args: readonly string[]) => Promise<object>>> = {
  calls: benchCalls,
  cometd: benchCometd,
  media: benchMedia,
  playback: benchPlayback,
  sip: benchSip,
  trace: benchTrace,
};

const [name = "", ...args] = process.argv.slice(2);
const subject = subjects[name];
if (subject === undefined) {
  process.stderr.write(`usage: npm run bench -- <${Object.keys(subjects).join(" | ")}> [options]; bench/README.md has the options\n`);
  process.exitCode = 2;
} else {
  const result = await subject(args);
  process.stdout.write(`${JSON.stringify({ subject: name, ...result })}\n`);
}
