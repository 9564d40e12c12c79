import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { FlowDocument } from "../../src/flows/index.ts";
import { envelopeCorrelation, heardFrom } from "../support/audio/energy-envelope.ts";
import { speak } from "../support/audio/flite.ts";
import { heardTones, tone } from "../support/audio/tones.ts";
import { samplesAt8Khz } from "../support/audio/wav.ts";
import { requireTools } from "../support/peers/interop-tools.ts";
import { type Phone, type PhoneAccount, type PhoneCodec, phoneCodecs } from "../support/peers/phone.ts";
import { type RealPhone, realPhones } from "../support/peers/real-phones.ts";
import { ServerProcess } from "../support/server-process.ts";
import { nextNumber, ownNumber } from "./outgoing-calls.ts";
import { accountFor, agreedWith, callIdOf, expectTones, messagesOf, recordingOf, sipUri } from "./phone-calls.ts";

// Real phones in each of their codecs: with a flow that speaks and listens, and with each other.

const tools = ["baresip", "linphonec"] as const;
const voices = { PCMU: "PCMU/8000", PCMA: "PCMA/8000", G722: "G722/8000", opus: "opus/48000/2" } as const satisfies Record<
  PhoneCodec,
  string
>;
const isWide = (codec: PhoneCodec) => codec === "G722" || codec === "opus";

/** A phone that says a tone of this frequency, as well as its codec can. */
async function startPhone(tool: RealPhone, account: PhoneAccount, codec: PhoneCodec, frequencyHz: number): Promise<Phone> {
  const saysAtHz = isWide(codec) ? 16_000 : 8_000;
  return await realPhones[tool]({ account, codec, says: tone(frequencyHz, 30, saysAtHz), saysAtHz });
}

const sentence = "Good morning to you.";
const promptHz = 1_000;
const [callerHz, calleeHz] = [600, 1_400];
/** Above what an 8 kHz signal can carry: they pass only where both sides are wide, and nothing between them is narrow. */
const [wideCallerHz, wideCalleeHz] = [5_000, 6_000];

type RecordedFile = { readonly channels?: 2; readonly format?: "mp3" };

/**
 * A tone and a sentence, then what the phone says for two seconds. The sentence comes twice, as a phone that lacks the processor for a moment mends a
 * packet here and there.
 */
const exchange = (file: RecordedFile): FlowDocument => ({
  start: "exchange",
  nodes: {
    exchange: {
      verb: "record",
      prompt: [{ toneHz: promptHz, durationMs: 1_000 }, { say: sentence }, { say: sentence }],
      beep: false,
      maxMs: 2_000,
      silenceMs: 0,
      finishOn: "",
      ...file,
      ...(file.channels === 2 && { hears: "both" }),
      exits: { done: "end" },
    },
    end: { verb: "hang-up" },
  },
});

/** Of what is recorded in which codec. */
const files: Readonly<Record<PhoneCodec, RecordedFile>> = {
  PCMU: {},
  PCMA: { channels: 2 },
  G722: { format: "mp3" },
  opus: { channels: 2, format: "mp3" },
};

let server: ServerProcess;
let said: Int16Array;

beforeAll(async () => {
  server = await ServerProcess.start();
  said = await speak(sentence);
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

beforeEach((context) => requireTools(context, "ffmpeg", ...tools));

/** linphonec's G.722 is 6 dB from everybody else's: that of ffmpeg and of baresip, which agree. */
function excessDb(tool: RealPhone, codec: PhoneCodec): number {
  return tool === "linphonec" && codec === "G722" ? 6 : 0;
}

async function exchangeWith(tool: RealPhone, codec: PhoneCodec): Promise<void> {
  const number = nextNumber();
  await ownNumber(server, number, exchange(files[codec]));
  await using phone = await startPhone(tool, await accountFor(server, tool), codec, callerHz);
  await phone.registered();
  await phone.call(sipUri(server, number));
  await phone.ended();
  const callId = await callIdOf(server, number);
  expect(agreedWith(await messagesOf(server, callId), phone.port).voice).toBe(voices[codec]);
  const heard = await phone.heard();
  expectTones(heard, [promptHz], { atLeastS: 0.7, levelDb: excessDb(tool, codec) });
  expect(envelopeCorrelation(samplesAt8Khz(heard), said)).toBeGreaterThanOrEqual(heardFrom);
  const recording = await recordingOf(server, callId);
  const { format = "wav", channels = 1 } = files[codec];
  expect(recording.codec).toBe(format === "mp3" ? "mp3" : "pcm_s16le");
  expect(recording.channels).toHaveLength(channels);
  const [theirs, ours] = recording.channels;
  if (theirs === undefined) throw new Error("a recording without a channel");
  expect(theirs.samples.length / theirs.sampleRateHz).toBeCloseTo(2, 0);
  expectTones(theirs, [callerHz], { atLeastS: 1.7, levelDb: -excessDb(tool, codec) });
  if (ours !== undefined) expect(heardTones(ours, callerHz).seconds).toBe(0);
}

test.concurrent.for(phoneCodecs)(
  "both phones call a flow in %s: they hear its tone and its sentence, and it records theirs",
  async (codec) => {
    await Promise.all(tools.map((tool) => exchangeWith(tool, codec)));
  },
);

const pairs: readonly (readonly [RealPhone, PhoneCodec, RealPhone, PhoneCodec])[] = [
  ["baresip", "PCMU", "linphonec", "PCMU"],
  ["linphonec", "PCMA", "baresip", "PCMA"],
  ["baresip", "G722", "linphonec", "G722"],
  ["linphonec", "opus", "baresip", "opus"],
  ["baresip", "opus", "linphonec", "PCMU"],
  ["linphonec", "opus", "baresip", "G722"],
  ["baresip", "G722", "linphonec", "PCMA"],
  ["linphonec", "PCMU", "baresip", "PCMA"],
  ["linphonec", "G722", "baresip", "opus"],
];

test.concurrent.for(pairs)(
  "%s with %s calls %s with %s: each hears the other's tone and gets its digits",
  async ([tool, codec, otherTool, otherCodec]) => {
    const [account, otherAccount] = [await accountFor(server, "caller"), await accountFor(server, "callee")];
    const bothWide = isWide(codec) && isWide(otherCodec);
    const [saysHz, hearsHz] = bothWide ? [wideCallerHz, wideCalleeHz] : [callerHz, calleeHz];
    const starting = {
      callee: startPhone(otherTool, otherAccount, otherCodec, hearsHz),
      caller: startPhone(tool, account, codec, saysHz),
    };
    await using callee = await starting.callee;
    await using caller = await starting.caller;
    await Promise.all([caller.registered(), callee.registered()]);
    await caller.call(sipUri(server, otherAccount.username));
    await callee.answered();
    await caller.press("15");
    await callee.press("93");
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await caller.hangUp();
    await callee.ended();

    const messages = await messagesOf(server, await callIdOf(server, otherAccount.username));
    expect(agreedWith(messages, caller.port).voice).toBe(voices[codec]);
    expect(agreedWith(messages, callee.port).voice).toBe(voices[otherCodec]);
    expect(callee.digits()).toBe("15");
    expect(caller.digits()).toBe("93");
    // Opus at the bit rates of calls takes more of what is so high.
    const withinDb = bothWide ? 3 : 2;
    const differenceDb = excessDb(otherTool, otherCodec) - excessDb(tool, codec);
    expectTones(await callee.heard(), [saysHz], { atLeastS: 1, levelDb: differenceDb, withinDb });
    expectTones(await caller.heard(), [hearsHz], { atLeastS: 1, levelDb: -differenceDb, withinDb });
  },
);
