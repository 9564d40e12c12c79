import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { randomFrom } from "../rtp/fixture/random.case.ts";
import { audioCodecs, loadCodecs } from "./codec/codecs.ts";
import { FarPhone } from "./fixture/far-phone.case.ts";
import { MediaBench } from "./fixture/media-bench.case.ts";
import type { PromptSource, SoundFormat } from "./plan.ts";

beforeAll(loadCodecs);

/** Sound of a prompt in a list: bytes of a codec, of any length, or whole packets. No two are alike, and none is silence. */
function soundOf(index: number, format: SoundFormat): readonly Uint8Array[] {
  const random = randomFrom(index + 1);
  const any = (length: number) => Uint8Array.from({ length }, () => 1 + Math.floor(random() * 100));
  if (format !== "opus") return [any(2 * (81 + Math.floor(random() * 450)))];
  return Array.from({ length: 1 + Math.floor(random() * 4) }, () => any(20 + Math.floor(random() * 60)));
}

function joined(parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts);
}

function fileOf(parts: readonly Uint8Array[], format: SoundFormat): Buffer {
  if (format !== "opus") return joined(parts);
  return joined(parts.flatMap((packet) => [Uint8Array.of(packet.length & 0xff, packet.length >> 8), packet]));
}

describe("prompts of a list follow each other without a sample between them", () => {
  const cases = (["PCMU", "G722", "L16/8000", "opus"] as const).flatMap((codec) => [2, 50].map((count) => [count, codec] as const));
  test.each(cases)("%d in %s", async (count, codec) => {
    const prompts: { source?: PromptSource } = {};
    await using bench = await MediaBench.open({ prepare: (...parameters) => prompts.source?.prepare(...parameters) ?? Promise.reject() });
    prompts.source = {
      prepare: async (item, format) => {
        const index = item.kind === "audio" ? Number(item.uri) : 0;
        const path = join(bench.directory, `${format.replace("/", "-")}-${index}.raw`);
        await writeFile(path, fileOf(soundOf(index, format), format));
        return { path, durationMs: 1 };
      },
    };
    const phone = new FarPhone(bench, codec, 5000);
    const items = Array.from({ length: count }, (_, index) => ({ kind: "audio", uri: `${index}` }) as const);
    const sentAt: number[] = [];
    const { push } = bench.network.rtp;
    bench.network.rtp.push = function (...packets) {
      sentAt.push(bench.clock.monotonicMs());
      return push.apply(this, packets);
    };
    bench.apply(phone.plan({ kind: "prompt", prompt: { promptId: "p", items, offsetMs: 0, start: 0, bargeIn: false } }));
    await bench.until(() => bench.eventsOf("prompt-ended").length === 1);
    expect(bench.eventsOf("prompt-ended")).toMatchObject([{ reason: "finished" }]);
    const { packets } = phone;
    const said = joined(items.flatMap((_, index) => soundOf(index, codec)));
    const sent = joined(packets.map(({ payload }) => payload));
    const begin = sent.indexOf(said.subarray(0, 20));
    expect(begin).toBeGreaterThanOrEqual(0);
    expect(sent.subarray(begin, begin + said.length).equals(said)).toBe(true);
    const { clockRateHz } = audioCodecs[codec];
    for (const [index, packet] of packets.entries()) {
      const before = packets[index - 1];
      if (before === undefined) continue;
      expect(packet.sequenceNumber).toBe((before.sequenceNumber + 1) & 0xffff);
      expect((packet.timestamp - before.timestamp) | 0).toBe(clockRateHz / 50);
      expect(packet.marker).toBe(false);
      expect(Math.round((sentAt[index] ?? 0) - (sentAt[index - 1] ?? 0))).toBe(20);
    }
  });
});
