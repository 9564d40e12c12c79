import { join } from "node:path";
import * as fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { codecNames } from "../kernel/index.ts";
import type { Decoder } from "./codec/audio-codec.ts";
import { audioCodecs, loadCodecs } from "./codec/codecs.ts";
import type { SentRtp } from "./fixture/datagram-network.case.ts";
import { FarPhone, tone, toneIn } from "./fixture/far-phone.case.ts";
import { MediaBench } from "./fixture/media-bench.case.ts";
import type { EndpointPlan, RecordingPlan, Source } from "./plan.ts";

/** Whole numbers of turns in the 200 ms that are looked at: none is seen in another. */
const frequencies = [400, 650, 1050, 1750];
const ports = [5000, 5002, 5004, 5006];
const level = 2000;
/** Frames of a step; in the last ones all is as it should be, and nothing is lost. */
const frames = 45;
const quietFrames = 20;
const checkedFrames = 10;
const eventType = 101;

const sourceKinds = ["silence", "prompt", "hold-music", "ringback", "mix", "mix", "mix", "mix"] as const;

/** What one endpoint is to do in one step, and what its peer does. */
const seat = fc.record({
  isThere: fc.nat(7).map((value) => value > 0),
  codec: fc.constantFrom("PCMU", "PCMU", "PCMA", ...codecNames),
  keepsCodec: fc.nat(5).map((value) => value > 0),
  kind: fc.constantFrom(...sourceKinds),
  hears: fc.oneof(
    fc.nat(3).map((one) => [one]),
    fc.subarray([0, 1, 2, 3]),
  ),
  isQuieter: fc.boolean(),
  sends: fc.nat(5).map((value) => value > 0),
  receives: fc.nat(5).map((value) => value > 0),
  volumeDb: fc.constantFrom(0, 0, 0, -6),
  ptimeMs: fc.constantFrom(undefined, undefined, 10, 30, 40, 60),
  comfortNoise: fc.boolean(),
  hearsTones: fc.boolean(),
  dtx: fc.boolean(),
  keepsPrompt: fc.boolean(),
  isPaused: fc.boolean(),
  isAnnounced: fc.nat(4).map((value) => value === 0),
  presses: fc.nat(4).map((value) => value === 0),
  records: fc.constantFrom("no", "no", "peer", "both"),
  keepsRecording: fc.boolean(),
  beeps: fc.boolean(),
  /** Of the peer. */
  isSpeaking: fc.nat(3).map((value) => value > 0),
  restarts: fc.nat(5).map((value) => value === 0),
  key: fc.nat(4).map((value) => value === 0),
  lost: fc.array(fc.nat(quietFrames), { maxLength: 4 }),
  burst: fc.nat(5),
});
type Seat = typeof seat extends fc.Arbitrary<infer Value> ? Value : never;
const story = fc.array(fc.tuple(seat, seat, seat, seat), { minLength: 2, maxLength: 7 });

/** One endpoint's peer, and what plans have asked for it so far. */
class Player {
  phone: FarPhone;
  plan: EndpointPlan | undefined;
  wanted: Seat | undefined;
  said = 0;
  readonly prompts = new Set<string>();
  readonly recordings = new Set<string>();
  readonly digits = new Set<string>();
  readonly #bench: MediaBench;
  readonly #index: number;
  #names = 0;
  #sound: (frame: number) => Int16Array;
  #decoders = new Map<string, Decoder>();
  #isRecording: RecordingPlan | undefined;
  #prompt = "";
  #keyAt = 0;

  constructor(bench: MediaBench, index: number) {
    this.#bench = bench;
    this.#index = index;
    this.phone = new FarPhone(bench, "PCMU", ports[index] ?? 0);
    this.#sound = tone(this.frequencyHz, 8000, level);
  }

  get frequencyHz(): number {
    return frequencies[this.#index] ?? 0;
  }

  /** The plan of the next step. */
  next(wanted: Seat): EndpointPlan | undefined {
    this.wanted = wanted;
    if (!wanted.isThere) {
      this.plan = undefined;
      this.#isRecording = undefined;
      this.digits.clear();
      return undefined;
    }
    if (!wanted.keepsCodec && wanted.codec !== this.phone.codec) {
      this.phone = new FarPhone(this.#bench, wanted.codec, this.phone.localPort, this.phone);
      this.#sound = tone(this.frequencyHz, this.phone.rateHz, level);
    }
    if (wanted.restarts) this.phone.restart();
    const { ptimeMs, comfortNoise, volumeDb, sends, receives } = wanted;
    if (wanted.presses) this.digits.add(this.#name("d"));
    this.plan = this.phone.plan(this.#source(wanted), {
      sends,
      receives,
      digits: [...this.digits].map((digitsId) => ({ digitsId, digits: "1", toneMs: 60, gapMs: 60 })),
      recordings: this.#recordingsOf(wanted),
      ...(wanted.isAnnounced && { announcement: this.#promptOf(this.#name("a"), false) }),
      ...(volumeDb !== 0 && { volumeDb }),
      ...(ptimeMs !== undefined && { ptimeMs }),
      ...(comfortNoise && { comfortNoise: 13 }),
      ...(wanted.hearsTones && { hearsTones: true }),
      ...(wanted.dtx && { opus: { dtx: true } }),
    });
    return this.plan;
  }

  /** Says its frame of a step, with what goes wrong on the way. */
  say(frame: number): void {
    const { wanted, phone } = this;
    if (this.plan === undefined || wanted === undefined) return;
    const [keyFrom, keyUntil] = [4, 9];
    if (wanted.key && frame >= keyFrom && frame <= keyUntil) {
      const [duration, end] = [(frame - keyFrom + 1) * 160, frame === keyUntil ? 0x80 : 0];
      if (frame === keyFrom) this.#keyAt = phone.timestamp;
      phone.send(eventType, Uint8Array.of(3, end | 10, duration >> 8, duration & 0xff), { timestamp: this.#keyAt });
      phone.rest();
      return;
    }
    this.said += 1;
    if (!wanted.isSpeaking) phone.rest();
    else if (wanted.lost.includes(frame)) {
      phone.skip();
      phone.rest();
    } else {
      phone.say(this.#sound(this.said));
      // Its clock is ahead of ours: as many packets more come in the time of one.
      const burst = frame === 2 ? wanted.burst : 0;
      for (let more = 0; more < burst; more++) phone.say(this.#sound(++this.said));
    }
  }

  /** What the peer heard in the last frames, by decoders that heard all before. */
  heardIn(packets: readonly SentRtp[]): Int16Array {
    const { codec, rateHz } = this.phone;
    let decoder = this.#decoders.get(codec);
    if (decoder === undefined) {
      decoder = audioCodecs[codec].createDecoder(rateHz);
      this.#decoders.set(codec, decoder);
    }
    const room = new Int16Array(rateHz / 8);
    const { payloadType } = this.phone.plan({ kind: "silence" });
    const samples: number[] = [];
    for (const packet of packets) {
      if (packet.payloadType !== payloadType) continue;
      const count = decoder.decode(packet.payload, 0, packet.payload.length, room);
      for (let index = 0; index < count; index++) samples.push(room[index] ?? 0);
    }
    return Int16Array.from(samples);
  }

  #name(kind: string): string {
    this.#names += 1;
    return `${kind}-${this.#index}-${this.#names}`;
  }

  #source({ kind, hears, isQuieter, keepsPrompt, isPaused }: Seat): Source {
    if (kind === "prompt") {
      if (!keepsPrompt || this.plan?.source.kind !== "prompt") this.#prompt = this.#name("p");
      return { kind, prompt: this.#promptOf(this.#prompt, isPaused) };
    }
    if (kind !== "mix") return { kind };
    const endpointIds = hears.map((index) => `leg-${ports[index] ?? 0}`);
    return { kind, endpointIds, ...(isQuieter && { gainsDb: { [endpointIds[0] ?? ""]: -3 } }) };
  }

  #promptOf(promptId: string, isPaused: boolean) {
    this.prompts.add(promptId);
    const items = [
      { kind: "tone", frequencyHz: 2300, durationMs: 300 },
      { kind: "silence", durationMs: 110 },
      { kind: "audio", uri: "100x900" },
    ] as const;
    return { promptId, items, offsetMs: 0, start: 0, bargeIn: true, repeat: 1, ...(isPaused && { isPaused: true as const }) };
  }

  #recordingsOf({ records, keepsRecording, beeps }: Seat): readonly RecordingPlan[] {
    if (records === "no") this.#isRecording = undefined;
    else if (!keepsRecording || this.#isRecording === undefined) {
      const recordingId = this.#name("r");
      this.recordings.add(recordingId);
      const path = join(this.#bench.directory, `${recordingId}.wav`);
      this.#isRecording = { recordingId, path, maxMs: 1100, silenceMs: 0, finishOn: "", hears: records, ...(beeps && { beep: true }) };
    }
    return this.#isRecording === undefined ? [] : [this.#isRecording];
  }
}

/** One number is one packet, later numbers are later sound, and nothing is far from what was before. */
function expectOneStream(packets: readonly SentRtp[]): void {
  const seen = new Map<number, SentRtp>();
  let [highest, count] = [packets[0]?.sequenceNumber ?? 0, 0];
  for (const packet of packets) {
    const distance = ((packet.sequenceNumber - highest) << 16) >> 16;
    expect(Math.abs(distance)).toBeLessThan(100);
    expect(seen.has(count + distance), `number ${packet.sequenceNumber} is used once`).toBe(false);
    seen.set(count + distance, packet);
    if (distance <= 0) continue;
    highest = packet.sequenceNumber;
    count += distance;
  }
  const sound = [...seen].toSorted(([one], [other]) => one - other).map(([, packet]) => packet);
  for (const [index, packet] of sound.entries()) {
    if (packet.payloadType === eventType) continue;
    const before = sound.slice(0, index).findLast(({ payloadType }) => payloadType !== eventType);
    if (before === undefined) continue;
    const around = () =>
      sound
        .slice(Math.max(0, index - 4), index + 3)
        .map(lineOf)
        .join("\n");
    if (((packet.timestamp - before.timestamp) | 0) <= 0) throw new Error(`time does not go on\n${around()}`);
  }
}

function lineOf({ sequenceNumber, timestamp, payloadType, marker, payload }: SentRtp): string {
  return `${sequenceNumber} at ${timestamp}: type ${payloadType}${marker ? ", marker" : ""}, ${payload.length} bytes`;
}

/** Nothing but what the plan says is heard by the peer of `listener`, and that is. */
function expectHeard(players: readonly Player[], listener: Player, packets: readonly SentRtp[], sentDigits: ReadonlySet<string>): void {
  const heard = listener.heardIn(packets);
  const { plan, phone } = listener;
  if (plan === undefined || !plan.sends || heard.length === 0 || plan.announcement !== undefined) return;
  if ([...listener.digits].some((digitsId) => !sentDigits.has(digitsId)) || (plan.source.kind !== "mix" && plan.source.kind !== "silence"))
    return;
  const window = heard.slice(-phone.rateHz / 5);
  // Of several tones at once Opus at 12 kbit/s makes speech; with DTX one that goes on is background, and left out.
  const isBlurred = (tones: number) => phone.codec === "opus" && (tones > 1 || plan.opus?.dtx === true);
  const meant = players.filter((speaker) => isMeant(listener, speaker) && speaker.wanted?.isSpeaking === true);
  for (const speaker of players) {
    const found = toneIn(window, speaker.frequencyHz, phone.rateHz).level;
    const what = `${phone.localPort} hears ${speaker.phone.localPort}`;
    if (!isMeant(listener, speaker)) expect(found, what).toBeLessThan(level / 8);
    else if (meant.includes(speaker) && !isBlurred(meant.length)) expect(found, what).toBeGreaterThan(level / 4);
  }
}

function isMeant(listener: Player, speaker: Player): boolean {
  const { source } = listener.plan ?? {};
  const isNamed = source?.kind === "mix" && source.endpointIds.includes(`leg-${speaker.phone.localPort}`);
  return isNamed && speaker !== listener && speaker.plan?.receives === true;
}

beforeAll(loadCodecs);

test("whatever plans follow each other and whatever peers send: one stream, each end told once, and who is to be heard is heard", async () => {
  await fc.assert(
    fc.asyncProperty(story, async (steps) => {
      await using bench = await MediaBench.open();
      const players = ports.map((_, index) => new Player(bench, index));
      const streams = new Map<number, SentRtp[]>();
      const opened = new Set<number>();
      let lives = 0;
      for (const step of steps) {
        const plans = players.flatMap((player, index) => player.next(step[index] as Seat) ?? []);
        for (const port of ports) {
          const isPlanned = plans.some(({ localPort }) => localPort === port);
          if (isPlanned && !opened.has(port)) lives += 1;
          if (isPlanned) opened.add(port);
          else if (opened.delete(port)) {
            // What was sent so far is one stream; the next one has nothing to do with it.
            expectOneStream(streams.get(port) ?? []);
            streams.delete(port);
          }
        }
        bench.apply(...plans);
        const checked = new Map<number, SentRtp[]>();
        for (let frame = 0; frame < frames; frame++) {
          if (frame % 5 === 0) await bench.pass(0);
          for (const player of players) player.say(frame);
          bench.clock.advance(20);
          await Promise.resolve();
          for (const packet of bench.network.rtp.splice(0)) {
            streams.set(packet.fromPort, [...(streams.get(packet.fromPort) ?? []), packet]);
            const late = checked.get(packet.fromPort) ?? [];
            if (frame >= frames - checkedFrames - 5) checked.set(packet.fromPort, [...late, packet]);
          }
        }
        const sentDigits = new Set(bench.eventsOf("digits-sent").map(({ digitsId }) => digitsId));
        for (const player of players) expectHeard(players, player, checked.get(player.phone.localPort) ?? [], sentDigits);
      }
      for (const packets of streams.values()) expectOneStream(packets);
      bench.apply();
      await bench.until(() => bench.eventsOf("closed").length >= lives, 20);
      expect(bench.eventsOf("closed")).toHaveLength(lives);
      const ends = [
        ...bench.eventsOf("prompt-ended").map(({ promptId }) => promptId),
        ...bench.eventsOf("recording-ended").map(({ recordingId }) => recordingId),
      ];
      const begun = players.flatMap(({ prompts, recordings }) => [...prompts, ...recordings]);
      expect(ends.toSorted()).toEqual(begun.toSorted());
      const sent = bench.eventsOf("digits-sent").map(({ digitsId }) => digitsId);
      expect(new Set(sent).size).toBe(sent.length);
      bench.network.rtp.length = 0;
      await bench.pass(200);
      expect(bench.network.rtp).toEqual([]);
      expect(bench.network.openPorts).toEqual([]);
      expect(bench.clock.armed).toBe(0);
    }),
    { numRuns: 20 },
  );
});
