import { afterAll, beforeAll, expect, test } from "vitest";
import type { CallView } from "../../src/api/contract/calls.ts";
import type { FlowDocument } from "../../src/flows/index.ts";
import { keyTones } from "../support/audio/tones.ts";
import { sendByFfmpeg } from "../support/peers/ffmpeg.ts";
import { requireTools } from "../support/peers/interop-tools.ts";
import type { PhoneCodec } from "../support/peers/phone.ts";
import { type RealPhone, realPhones } from "../support/peers/real-phones.ts";
import { Sipp } from "../support/peers/sipp.ts";
import { ServerProcess } from "../support/server-process.ts";
import { eventually } from "../support/waiting.ts";
import { nextNumber, ownNumber } from "./outgoing-calls.ts";
import { accountFor, callIdOf, callsComeIn, mediaPortIn, sipUri, usualVoices } from "./phone-calls.ts";

// Digits of real far ends, by each way there is: the flow gets each of them once.

const pressed = "4*77";

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start();
  await callsComeIn(server);
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** Takes digits up to #, presses them as well (for those who take them) and hangs up. */
async function echo({ presses = true } = {}): Promise<string> {
  const number = nextNumber();
  const next = presses ? "press" : "end";
  const exits = { digits: next, timeout: next, "no-match": next };
  const document: FlowDocument = {
    start: "collect",
    nodes: {
      collect: { verb: "collect", maxDigits: 20, timeoutMs: 10_000, interDigitTimeoutMs: 10_000, finishOn: "#", into: "keys", exits },
      press: { verb: "send-digits", digits: "{{ keys }}", exits: { done: "end" } },
      end: { verb: "hang-up" },
    },
  };
  await ownNumber(server, number, document);
  return number;
}

/** What the flow at this number collected. */
async function keysOf(number: string): Promise<unknown> {
  const callId = await callIdOf(server, number);
  return await eventually(
    `the digits of ${number}`,
    async () => ((await server.succeed("GET", `/v1/calls/${callId}`)).json() as CallView).flow?.variables["keys"] as string | undefined,
  );
}

const phones = [
  ["baresip", "PCMU"],
  ["baresip", "opus"],
  ["linphonec", "opus"],
  ["linphonec", "G722"],
] as const satisfies readonly (readonly [RealPhone, PhoneCodec])[];

test.concurrent.for(phones)("%s with %s presses keys as events, and gets them back", async ([tool, codec], context) => {
  requireTools(context, tool);
  const number = await echo();
  await using phone = await realPhones[tool]({ account: await accountFor(server, tool), codec });
  await phone.registered();
  await phone.call(sipUri(server, number));
  await phone.press(`${pressed}#`);
  expect(await keysOf(number)).toBe(pressed);
  await phone.ended();
  expect(phone.digits()).toBe(pressed);
});

test.concurrent.for(usualVoices)("keys as tones in $rtpmap, from a far end without telephone-event", async (voice, context) => {
  requireTools(context, "sipp", "ffmpeg");
  const number = await echo({ presses: false });
  await using sipp = await Sipp.start({
    scenario: "uac-listen",
    target: { port: server.sipPort, user: number },
    voice: { ...voice, events: false },
  });
  const answer = await sipp.waitForMessage("the answer", ({ status }) => status === 200);
  expect(answer.body).not.toContain("telephone-event");
  await sendByFfmpeg({ sampleRateHz: 8_000, samples: keyTones(`${pressed}#`, 200) }, voice, mediaPortIn(answer));
  expect(await keysOf(number)).toBe(pressed);
  await sipp.succeeded();
});
