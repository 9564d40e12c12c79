import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { loadCodecs } from "../codec/codecs.ts";
import { FarPhone, tone, toneIn } from "../fixture/far-phone.case.ts";
import { endpointPlan, MediaBench } from "../fixture/media-bench.case.ts";
import type { RecordingPlan, Source } from "../plan.ts";

beforeAll(loadCodecs);
const mix = (...ports: readonly number[]): Source => ({ kind: "mix", endpointIds: ports.map((port) => `leg-${port}`) });
const recording: RecordingPlan = { recordingId: "r1", path: "", maxMs: 60_000, silenceMs: 0, finishOn: "", hears: "peer" };

async function wavOf(path: string): Promise<Int16Array> {
  const bytes = await readFile(path);
  return new Int16Array(Uint8Array.from(bytes.subarray(44)).buffer);
}

test("a plan that changes nothing leaves an encoder as it is", async () => {
  await using bench = await MediaBench.open();
  const one = new FarPhone(bench, "opus", 5000);
  const other = new FarPhone(bench, "PCMU", 5002);
  const apply = () => bench.apply(one.plan(mix(5002), { opus: { fec: true } }), other.plan(mix(5000)));
  apply();
  for (let frame = 0; frame < 40; frame++) {
    other.say(tone(900, 8000)(frame));
    if (frame % 4 === 0) apply();
    await bench.pass(20);
  }
  const { packets } = one;
  expect(packets.slice(2).filter(({ marker }) => marker)).toEqual([]);
  expect((packets.at(-1)?.timestamp ?? 0) - (packets[0]?.timestamp ?? 0)).toBe((packets.length - 1) * 960);
});

test("sound of a prompt for one codec is never sent as that of another", async () => {
  await using bench = await MediaBench.open({ prepare: () => new Promise(() => {}) });
  const items = [{ kind: "tone", frequencyHz: 1000, durationMs: 3000 }] as const;
  const source: Source = { kind: "prompt", prompt: { promptId: "p1", items, offsetMs: 0, start: 0, bargeIn: false } };
  const [mu, a] = [new FarPhone(bench, "PCMU", 5000), new FarPhone(bench, "G722", 5000)];
  bench.apply(mu.plan(source));
  await bench.pass(1000);
  bench.apply(a.plan(source));
  bench.clock.advance(400);
  const heard = a.heard();
  const peak = Math.max(...heard);
  await bench.pass(400);
  expect(peak).toBeLessThan(10_000);
});

test.each([
  ["PCMU", "opus"],
  ["opus", "PCMU"],
  ["G722", "PCMU"],
] as const)("a recording goes on at its rate when %s becomes %s", async (from, to) => {
  await using bench = await MediaBench.open();
  const path = join(bench.directory, "r.wav");
  const rateHz = from === "PCMU" ? 8000 : 16_000;
  let one: FarPhone | undefined;
  for (const codec of [from, to]) {
    one = new FarPhone(bench, codec, 5000, one);
    bench.apply(one.plan({ kind: "silence" }, { recordings: [{ ...recording, path }] }));
    for (let frame = 0; frame < 50; frame++) {
      one.say(tone(1000, one.rateHz)(frame));
      await bench.pass(20);
    }
  }
  bench.apply();
  await bench.until(() => bench.eventsOf("recording-ended").length === 1);
  const samples = await wavOf(path);
  const last = samples.slice(samples.length - rateHz * 0.5, samples.length - rateHz * 0.1);
  expect(toneIn(last, 1000, rateHz)).toMatchObject({ level: expect.closeTo(8000, -3) });
  expect(toneIn(last, 1000, rateHz).snrDb).toBeGreaterThan(12);
});

test("a peer may change between all codecs that were agreed on", async () => {
  await using bench = await MediaBench.open();
  const main = new FarPhone(bench, "PCMU", 5000);
  const listener = new FarPhone(bench, "L16/8000", 5002);
  const also = [
    { codec: "PCMA", payloadType: 8 },
    { codec: "opus", payloadType: 96 },
  ] as const;
  bench.apply(main.plan(mix(5002), { alsoReceives: also }), listener.plan(mix(5000)));
  let phone: FarPhone | undefined;
  for (const codec of ["PCMU", "opus", "PCMA", "PCMU"] as const) {
    phone = new FarPhone(bench, codec, 5000, phone);
    for (let frame = 0; frame < 40; frame++) {
      phone.say(tone(1000, phone.rateHz)(frame));
      await bench.pass(20);
    }
    const heard = listener.heard();
    expect(toneIn(heard.slice(heard.length - 2400, heard.length - 800), 1000, 8000).snrDb, codec).toBeGreaterThan(12);
  }
});

test("a peer whose packets pass as they come is decoded while it uses another codec", async () => {
  await using bench = await MediaBench.open();
  const listener = new FarPhone(bench, "PCMU", 5002);
  const also = [{ codec: "G722", payloadType: 9 }] as const;
  const main = new FarPhone(bench, "PCMU", 5000);
  bench.apply(main.plan(mix(5002), { alsoReceives: also }), listener.plan(mix(5000)));
  let phone: FarPhone | undefined;
  for (const codec of ["PCMU", "G722", "PCMU"] as const) {
    phone = new FarPhone(bench, codec, 5000, phone);
    const before = listener.packets.length;
    for (let frame = 0; frame < 40; frame++) {
      phone.say(tone(1000, phone.rateHz)(frame));
      await bench.pass(20);
    }
    expect(listener.packets.length - before).toBeGreaterThan(30);
    const heard = listener.heard();
    expect(toneIn(heard.slice(heard.length - 2400, heard.length - 800), 1000, 8000).snrDb, codec).toBeGreaterThan(12);
  }
});

test("what is lost of a codec that the peer also sends is concealed as of that codec", async () => {
  await using bench = await MediaBench.open();
  const also = [{ codec: "PCMA", payloadType: 8 }] as const;
  const first = new FarPhone(bench, "PCMU", 5000);
  const listener = new FarPhone(bench, "L16/8000", 5002);
  bench.apply(first.plan(mix(5002), { alsoReceives: also }), listener.plan(mix(5000)));
  const phone = new FarPhone(bench, "PCMA", 5000, first);
  for (let frame = 0; frame < 60; frame++) {
    if (frame % 10 !== 9) phone.say(tone(1000, 8000)(frame));
    else {
      phone.skip();
      phone.rest();
    }
    await bench.pass(20);
  }
  const heard = listener.heard();
  expect(toneIn(heard.slice(heard.length - 4800, heard.length - 800), 1000, 8000).level).toBeGreaterThan(7800);
});

test("listeners of a conference who ask different things of Opus get them, though they hear the same", async () => {
  await using bench = await MediaBench.open();
  const phones = Array.from({ length: 5 }, (_, index) => new FarPhone(bench, "opus", 5000 + 2 * index));
  const [one, other, ...listeners] = phones;
  if (one === undefined || other === undefined) throw new Error("nobody speaks");
  const bitrates = [undefined, 8000, 64_000];
  bench.apply(
    one.plan(mix(5002)),
    other.plan(mix(5000)),
    ...listeners.map((phone, index) => {
      const bitrate = bitrates[index];
      return phone.plan(mix(5000, 5002), bitrate === undefined ? {} : { opus: { bitrate } });
    }),
  );
  for (let frame = 0; frame < 60; frame++) {
    one.say(tone(500 + 13 * frame, one.rateHz)(frame));
    other.say(tone(2000 - 11 * frame, other.rateHz)(frame));
    await bench.pass(20);
  }
  const [usual = 0, few = 0, many = 0] = listeners.map(({ packets }) => packets.reduce((sum, { payload }) => sum + payload.length, 0));
  expect(few).toBeLessThan(usual * 0.6);
  expect(many).toBeGreaterThan(usual * 1.4);
});

test("a prompt over which an announcement comes goes on while its samples are made", async () => {
  const prepared: string[] = [];
  await using bench = await MediaBench.open({
    prepare: async (item, format) => {
      prepared.push(format);
      if (format !== "PCMU") await new Promise(() => undefined);
      const path = join(bench.directory, "long.raw");
      await writeFile(path, new Uint8Array(80_000).fill(item.kind === "audio" ? 42 : 0));
      return { path, durationMs: 10_000 };
    },
  });
  const prompt = { promptId: "p", items: [{ kind: "audio", uri: "long" }], offsetMs: 0, start: 0, bargeIn: false } as const;
  const plan = endpointPlan(5000, { kind: "prompt", prompt });
  bench.apply(plan);
  await bench.until(() => bench.network.rtp.some(({ payload }) => payload[0] === 42));
  bench.apply({ ...plan, announcement: { ...prompt, promptId: "a", items: [{ kind: "silence", durationMs: 1000 }] } });
  bench.network.rtp.length = 0;
  await bench.pass(400);
  expect(prepared).toEqual(["PCMU", "linear/8000"]);
  expect(new Set(bench.network.rtp.map(({ payload }) => payload[0]))).toEqual(new Set([42]));
});
