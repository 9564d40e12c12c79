import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeMuLaw } from "../support/audio/g711.ts";
import { rtpCapture } from "../support/audio/rtp-capture.ts";
import { tone } from "../support/audio/tones.ts";
import type { Wav } from "../support/audio/wav.ts";
import { FfmpegReceiver, sendByFfmpeg } from "../support/peers/ffmpeg.ts";
import { requireTools } from "../support/peers/interop-tools.ts";
import { RtpEndpoint } from "../support/peers/rtp-endpoint.ts";
import { Sipp } from "../support/peers/sipp.ts";
import { ServerProcess } from "../support/server-process.ts";
import { eventually } from "../support/waiting.ts";
import type { FlowDocument } from "../../src/flows/index.ts";
import { createTrunk, nextNumber, ownNumber } from "./outgoing-calls.ts";
import { callIdOf, callsComeIn, expectTones, mediaPortIn, recordingOf, usualVoices } from "./phone-calls.ts";

// The media of the server in the hands of ffmpeg and SIPp: what it sends is decoded by others, and what others encode is recorded.

const frequencyHz = 1_000;

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start();
  await callsComeIn(server);
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** A number where this is done, and then hung up. */
async function numberFor(node: FlowDocument["nodes"][string]): Promise<{ readonly port: number; readonly user: string }> {
  const number = nextNumber();
  await ownNumber(server, number, { start: "only", nodes: { only: { ...node, exits: { done: "end" } }, end: { verb: "hang-up" } } });
  return { port: server.sipPort, user: number };
}

/** A tone of so many seconds; nothing is recorded that matters. */
const sounding = (seconds: number) =>
  numberFor({ verb: "record", prompt: [{ toneHz: frequencyHz, durationMs: seconds * 1_000 }], beep: false, maxMs: 1_000 });
const recording = (seconds: number) => numberFor({ verb: "record", beep: false, silenceMs: 0, maxMs: seconds * 1_000 });

/** Nothing but a codec lies between. */
const oneTone = (heard: Wav, atLeastS: number) => expectTones(heard, [frequencyHz], { atLeastS, withinDb: 1 });

test.concurrent.for(usualVoices)("ffmpeg decodes the tone of a prompt in $rtpmap", async (voice, context) => {
  requireTools(context, "sipp", "ffmpeg");
  await using ffmpeg = await FfmpegReceiver.start(voice, 16_000);
  await using sipp = await Sipp.start({ scenario: "uac-listen", target: await sounding(2), rtpPort: ffmpeg.port, voice });
  await sipp.succeeded();
  oneTone(await ffmpeg.heard(), 1.8);
});

const said = [
  ...usualVoices.map((voice) => ({ ...voice, ptimeMs: 20 })),
  { ...usualVoices[0], ptimeMs: 10 },
  { ...usualVoices[2], ptimeMs: 30 },
  { ...usualVoices[3], ptimeMs: 60 },
];

test.concurrent.for(said)("what ffmpeg says in $rtpmap, in packets of $ptimeMs ms, is recorded", async (voice, context) => {
  requireTools(context, "sipp", "ffmpeg");
  const target = await recording(2);
  await using sipp = await Sipp.start({ scenario: "uac-listen", target, voice });
  const answer = await sipp.waitForMessage("the answer", ({ status }) => status === 200);
  await sendByFfmpeg({ sampleRateHz: 16_000, samples: tone(frequencyHz, 2.5, 16_000) }, voice, mediaPortIn(answer));
  await sipp.succeeded();
  const { channels } = await recordingOf(server, await callIdOf(server, target.user));
  expect(channels).toHaveLength(1);
  for (const channel of channels) {
    expect(channel.samples.length / channel.sampleRateHz).toBeCloseTo(2, 1);
    oneTone(channel, 1.2);
  }
});

test.concurrent.for([10, 30, 60])("a far end that asks for packets of %i ms gets them", async (ptimeMs, context) => {
  requireTools(context, "sipp", "ffmpeg");
  await using endpoint = await RtpEndpoint.open();
  const voice = { ...usualVoices[0], ptimeMs };
  await using sipp = await Sipp.start({ scenario: "uac-listen", target: await sounding(1), rtpPort: endpoint.port, voice });
  const answer = await sipp.waitForMessage("the answer", ({ status }) => status === 200);
  expect(answer.body).toContain(`a=ptime:${ptimeMs}\r\n`);
  await sipp.succeeded();
  const { packets } = endpoint;
  expect(packets.length).toBeGreaterThanOrEqual(1_000 / ptimeMs);
  expect(new Set(packets.map(({ payload }) => payload.length))).toEqual(new Set([8 * ptimeMs]));
  const steps = packets.slice(1).map(({ timestamp }, index) => timestamp - (packets[index]?.timestamp ?? 0));
  expect(new Set(steps)).toEqual(new Set([8 * ptimeMs]));
  oneTone({ sampleRateHz: 8_000, samples: endpoint.heard() }, 0.8);
});

test.concurrent.for([20, 30])("SIPp plays a capture with packets of %i ms, and that is recorded", async (ptimeMs, context) => {
  requireTools(context, "sipp", "ffmpeg");
  if (process.getuid?.() !== 0) return context.skip("only root may open the raw sockets that SIPp plays by");
  const samples = tone(frequencyHz, 2.5);
  const frameSamples = 8 * ptimeMs;
  const payloads = Array.from({ length: Math.floor(samples.length / frameSamples) }, (_, index) =>
    Uint8Array.from(samples.subarray(index * frameSamples, (index + 1) * frameSamples), encodeMuLaw),
  );
  const target = await recording(2);
  await using sipp = await Sipp.start({ scenario: "uac-say", target, says: rtpCapture(0, payloads, ptimeMs) });
  await sipp.succeeded();
  const { channels } = await recordingOf(server, await callIdOf(server, target.user));
  for (const channel of channels) oneTone(channel, 1.2);
});

test.concurrent("between two far ends with one codec the payloads pass untouched", async (context) => {
  requireTools(context, "sipp");
  const number = nextNumber();
  await using callee = await RtpEndpoint.open();
  await using answering = await Sipp.start({ scenario: "uas-answer", rtpPort: callee.port });
  await createTrunk(server, number, { port: answering.port });
  await using caller = await RtpEndpoint.open();
  const target = await numberFor({ verb: "dial", to: number, maxMs: 3_000 });
  await using calling = await Sipp.start({ scenario: "uac-listen", target, rtpPort: caller.port });
  await callee.waitForPackets(10);
  // 0x7f is minus zero: whoever decodes and encodes it makes 0xff of it. And each payload is of another length.
  const payloads = Array.from({ length: 50 }, (_, index) =>
    Uint8Array.from({ length: 101 + index }, (__, at) => (at % 2 === 0 ? 0x7f : index)),
  );
  for (const payload of payloads) caller.send(payload);
  const passed = await eventually("all of them", () => {
    const found = callee.packets.filter(({ payload }) => payload[0] === 0x7f);
    return found.length >= payloads.length ? found : undefined;
  });
  expect(passed.map(({ payload }) => payload)).toEqual(payloads);
  await calling.succeeded();
  await answering.succeeded();
});
