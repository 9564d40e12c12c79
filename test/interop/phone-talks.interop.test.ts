import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CallView } from "../../src/api/contract/calls.ts";
import { heardTones, tone } from "../support/audio/tones.ts";
import type { Wav } from "../support/audio/wav.ts";
import { requireTools } from "../support/peers/interop-tools.ts";
import { realPhones } from "../support/peers/real-phones.ts";
import { ServerProcess } from "../support/server-process.ts";
import { nextNumber, ownNumber } from "./outgoing-calls.ts";
import { accountFor, callIdOf, expectTones, sipUri } from "./phone-calls.ts";

// What real phones hear while the talk changes around them.

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** Of what was heard, from one moment to another, in seconds; from its end when negative. */
function part({ samples, sampleRateHz }: Wav, from: number, to?: number): Wav {
  return { sampleRateHz, samples: samples.slice(from * sampleRateHz, to === undefined ? undefined : to * sampleRateHz) };
}

function loudness({ samples }: Wav): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample ** 2, 0) / Math.max(1, samples.length));
}

test.concurrent.for(["G722", "opus"] as const)(
  "linphonec with %s hears music while it is held, and then its flow again",
  async (codec, context) => {
    requireTools(context, "linphonec");
    const number = nextNumber();
    const prompt = [{ toneHz: 1_000, durationMs: 10_000 }];
    await ownNumber(server, number, { start: "tone", nodes: { tone: { verb: "record", prompt } } });
    await using phone = await realPhones.linphonec({ account: await accountFor(server, "held"), codec });
    await phone.registered();
    await phone.call(sipUri(server, number));
    const callId = await callIdOf(server, number);
    await delay(1_200);
    await server.succeed("POST", `/v1/calls/${callId}/hold`, {});
    await delay(2_000);
    await server.succeed("POST", `/v1/calls/${callId}/retrieve`, {});
    await delay(1_500);
    await phone.hangUp();
    const heard = await phone.heard();
    expect(heardTones(part(heard, 0, 1.2), 1_000).seconds).toBeGreaterThan(0.6);
    const held = part(heard, -2.7, -2);
    expect(heardTones(held, 1_000).seconds).toBe(0);
    expect(loudness(held)).toBeGreaterThan(100);
    expect(heardTones(part(heard, -1), 1_000).seconds).toBeGreaterThan(0.7);
  },
);

test.concurrent("three phones with three codecs: each hears the two others and not itself, and nobody hears who is muted", async (context) => {
  requireTools(context, "baresip", "linphonec");
  const [ann, ben, cleo] = [await accountFor(server, "ann"), await accountFor(server, "ben"), await accountFor(server, "cleo")];
  const [annHz, benHz, cleoHz] = [600, 1_000, 1_400];
  const starting = [
    realPhones.baresip({ account: ann, codec: "opus", says: tone(annHz, 60) }),
    realPhones.linphonec({ account: ben, codec: "PCMU", says: tone(benHz, 60) }),
    realPhones.baresip({ account: cleo, codec: "G722", says: tone(cleoHz, 60, 16_000), saysAtHz: 16_000 }),
  ] as const;
  await using annsPhone = await starting[0];
  await using bensPhone = await starting[1];
  await using cleosPhone = await starting[2];
  await Promise.all([annsPhone.registered(), bensPhone.registered(), cleosPhone.registered()]);
  await annsPhone.call(sipUri(server, ben.username));
  await bensPhone.answered();
  const callId = await callIdOf(server, ben.username);
  await delay(1_500);
  const call = (await server.succeed("POST", `/v1/calls/${callId}/parties`, { to: cleo.username })).json() as CallView;
  await cleosPhone.answered();
  await delay(2_000);
  const [, , cleosParty] = call.parties;
  await server.succeed("PATCH", `/v1/calls/${callId}/parties/${cleosParty?.id}`, { muted: true });
  await delay(1_500);
  await annsPhone.hangUp();
  await delay(1_200);
  await bensPhone.hangUp();
  await cleosPhone.ended();

  const [byAnn, byBen, byCleo] = [await annsPhone.heard(), await bensPhone.heard(), await cleosPhone.heard()];
  expectTones(byAnn, [benHz], { atLeastS: 1 });
  expectTones(byAnn, [benHz, cleoHz], { atLeastS: 1 });
  expectTones(part(byAnn, -1.4), [benHz], { atLeastS: 1 });
  expectTones(byBen, [annHz], { atLeastS: 1 });
  expectTones(byBen, [annHz, cleoHz], { atLeastS: 1 });
  expectTones(byCleo, [annHz, benHz], { atLeastS: 1 });
  expectTones(part(byCleo, -1.4), [benHz], { atLeastS: 1 });
});
