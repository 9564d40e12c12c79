import { afterEach, expect, test } from "vitest";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { wavFile } from "../fixture/sound-files.case.ts";
import type { DecodeJob } from "./decode-sound.ts";
import { DeskClient } from "./desk-client.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function desk() {
  const directory = temporaryDirectory();
  const clock = new VirtualClock();
  const client = new DeskClient(clock);
  closing.push(
    () => client.close(),
    () => directory[Symbol.dispose](),
  );
  const source = { kind: "bytes", bytes: wavFile(new Uint8Array(1600)) } as const;
  const job: DecodeJob = { kind: "decode", directory: directory.path, hash: "a", isFetched: false, source, maxMs: 1000 };
  return { clock, client, job };
}

test("a desk that says nothing any more is replaced: its jobs fail, the next ones run", async () => {
  const { clock, client, job } = desk();
  const lost = client.run(job, false);
  await Promise.resolve();
  clock.advance(20_000);
  await expect(lost).rejects.toMatchObject({ code: "PROMPT_UNREADABLE", details: { reason: expect.stringContaining("hung") } });
  expect((await client.run(job, false)).master).toMatchObject({ samples: 800, sampleRateHz: 8000 });
  expect(clock.armed).toBe(0);
});

test("after its end nothing runs", async () => {
  const { client, job } = desk();
  await client.close();
  await expect(client.run(job, true)).rejects.toMatchObject({ code: "PROMPT_UNREADABLE" });
});
