import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { silentLogger } from "../../kernel/index.ts";
import type { Synthesizer } from "../synthesizer.ts";
import { createFliteSynthesizer } from "./synthesizer.ts";

let tempDir: string;
let clock: VirtualClock;
let open: Synthesizer[];
beforeEach(() => {
  tempDir = mkdtempSync(join(tmpdir(), "cw-speech-"));
  clock = new VirtualClock();
  open = [];
});
afterEach(async () => {
  for (const synthesizer of open) await synthesizer.close();
  expect(readdirSync(tempDir)).toEqual([]);
  expect(clock.armed).toBe(0);
  rmSync(tempDir, { recursive: true });
});

function flite(): Synthesizer {
  const made = createFliteSynthesizer({ tempDir, clock, logger: silentLogger });
  open.push(made);
  return made;
}

function failing(capacity = 10): Synthesizer {
  const workerUrl = new URL("./fixture/failing-worker.ts", import.meta.url);
  const made = createFliteSynthesizer({ tempDir, clock, logger: silentLogger, capacity, timeLimitMs: 1000, workerUrl });
  open.push(made);
  return made;
}

const code = (expected: string) => expect.objectContaining({ code: expected });
const text = (wav: Uint8Array) => new TextDecoder().decode(wav);

/** Marker, channels, rate, bits, and whether there is more than half a second. */
function header(wav: Uint8Array): unknown[] {
  const bytes = Buffer.from(wav);
  return [
    bytes.toString("latin1", 0, 4),
    bytes.readUInt16LE(22),
    bytes.readUInt32LE(24),
    bytes.readUInt16LE(34),
    bytes.length > bytes.readUInt32LE(24),
  ];
}

test("speaks WAV in two voices, the same bytes each time", async () => {
  const synthesizer = flite();
  const [one, again, other] = await Promise.all([
    synthesizer.speak("Good morning."),
    synthesizer.speak("Good morning.", "slt"),
    synthesizer.speak("Good morning.", "kal"),
  ]);
  expect(Buffer.compare(one, again)).toBe(0);
  expect(header(one)).toEqual(["RIFF", 1, 16_000, 16, true]);
  expect(header(other)).toEqual(["RIFF", 1, 8000, 16, true]);
});

test("a text that looks like an option is spoken, not obeyed", async () => {
  const wav = await flite().speak("-o /out/other.wav --version");
  expect(wav.length).toBeGreaterThan(16_000);
});

test("what cannot be spoken is refused before the worker sees it", async () => {
  const synthesizer = flite();
  await expect(synthesizer.speak("日本")).rejects.toEqual(code("SPEECH_TEXT_UNSPEAKABLE"));
  await expect(synthesizer.speak("a".repeat(4001))).rejects.toEqual(code("SPEECH_TEXT_UNSPEAKABLE"));
  await expect(synthesizer.speak("Hello", "nobody")).rejects.toEqual(code("SPEECH_VOICE_UNKNOWN"));
});

test("a worker that hangs is replaced after the time limit, and the next text is spoken", async () => {
  const synthesizer = failing();
  const [hung, next] = [synthesizer.speak("hang"), synthesizer.speak("next")];
  hung.catch(() => undefined);
  while (clock.armed === 0) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(1000);
  await expect(hung).rejects.toEqual(code("SPEECH_FAILED"));
  expect(text(await next)).toBe("next");
});

test("a worker that dies is replaced; a text that fails is only refused", async () => {
  const synthesizer = failing();
  const [died, failed, fine] = [synthesizer.speak("die"), synthesizer.speak("fail"), synthesizer.speak("fine")];
  await expect(died).rejects.toEqual(code("SPEECH_FAILED"));
  await expect(failed).rejects.toEqual(code("SPEECH_FAILED"));
  expect(text(await fine)).toBe("fine");
});

test("only so many texts wait, and close refuses them", async () => {
  const synthesizer = failing(1);
  const [current, waiting, one] = [synthesizer.speak("wait"), synthesizer.speak("a"), synthesizer.speak("b")];
  for (const each of [current, waiting]) each.catch(() => undefined);
  await expect(one).rejects.toEqual(code("SPEECH_BUSY"));
  await synthesizer.close();
  await expect(current).rejects.toEqual(code("SPEECH_FAILED"));
  await expect(waiting).rejects.toEqual(code("SPEECH_FAILED"));
  await expect(synthesizer.speak("c")).rejects.toEqual(code("SPEECH_FAILED"));
});

test("a folder that cannot be made is a refusal of each text", async () => {
  const synthesizer = createFliteSynthesizer({ tempDir: "/dev/null/speech", clock, logger: silentLogger });
  await expect(synthesizer.speak("Hello")).rejects.toEqual(code("SPEECH_FAILED"));
  await synthesizer.close();
  expect(existsSync("/dev/null/speech")).toBe(false);
});
