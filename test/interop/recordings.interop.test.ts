import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { MPEGDecoder } from "mpg123-decoder";
import { afterAll, beforeAll, expect, test } from "vitest";
import { envelopeCorrelation, heardFrom } from "../support/audio/energy-envelope.ts";
import { speak } from "../support/audio/flite.ts";
import { requireTools } from "../support/peers/interop-tools.ts";
import { RtpEndpoint } from "../support/peers/rtp-endpoint.ts";
import { Sipp } from "../support/peers/sipp.ts";
import { ServerProcess } from "../support/server-process.ts";
import { eventually, memberOf } from "../support/waiting.ts";
import { createTrunk, farewell, nextNumber, placeCall } from "./outgoing-calls.ts";

// A call is recorded by the API while the server is killed in the middle of it: what the far end was told is in the file.

const pieces = ["The first sentence comes before the server dies.", farewell] as const;
const twice = {
  start: "first",
  nodes: {
    first: { verb: "say", text: pieces[0], exits: { done: "wait" } },
    wait: { verb: "collect", maxDigits: 1, timeoutMs: 60_000, into: "x", exits: { digits: "second" } },
    second: { verb: "say", text: pieces[1], exits: { done: "end" } },
    end: { verb: "hang-up" },
  },
} as const;

let server: ServerProcess;
beforeAll(async () => {
  server = await ServerProcess.start({ environment: { CALLWRIGHT_RECORDINGS_ENCRYPT: "true" } });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

async function audio(recordingId: string, headers: Record<string, string> = {}): Promise<Buffer> {
  const authorization = `Basic ${Buffer.from(`${server.admin.email}:${server.admin.password}`).toString("base64")}`;
  const response = await fetch(`${server.url}/v1/recordings/${recordingId}/audio`, { headers: { authorization, ...headers } });
  expect(response.ok).toBe(true);
  return Buffer.from(await response.arrayBuffer());
}

const show = async (recordingId: string) =>
  (await server.request("GET", `/v1/recordings/${recordingId}`)).json() as Record<string, unknown>;

test("a recording survives the death of the server, on both channels, as WAV and as MP3", async (context) => {
  requireTools(context, "sipp");
  const number = nextNumber();
  await using endpoint = await RtpEndpoint.open();
  await using sipp = await Sipp.start({ scenario: "uas-answer", rtpPort: endpoint.port });
  await createTrunk(server, number, { port: sipp.port });
  const callId = await placeCall(server, number, twice);
  const begin = async (body: object) =>
    String(memberOf((await server.succeed("POST", `/v1/calls/${callId}/recordings`, body)).json(), "id"));
  const ids = await eventually("the call is answered", async () => {
    const answer = await server.request("POST", `/v1/calls/${callId}/recordings`, {});
    return answer.status === 201 ? [String(memberOf(answer.json(), "id")), await begin({ channels: 1, format: "mp3" })] : undefined;
  });
  const [wavId = "", mp3Id = ""] = ids;
  const said = await Promise.all(pieces.map((text) => speak(text)));
  await eventually("the first sentence", () => envelopeCorrelation(endpoint.heard(), said[0] ?? new Int16Array()) >= heardFrom, 20_000);
  await delay(1500);
  const live = await audio(wavId);
  expect(live.subarray(0, 4).toString()).toBe("RIFF");
  expect(envelopeCorrelation(channelOf(live, 1), said[0] ?? new Int16Array())).toBeGreaterThanOrEqual(heardFrom);

  // What a stop answers is what the record of it says later.
  const shortId = await begin({ channels: 1 });
  const stopped = (await server.succeed("POST", `/v1/calls/${callId}/recordings/${shortId}/stop`, {})).json();
  const { endedAt, endReason } = await eventually("the short one is finished", async () => {
    const short = await show(shortId);
    return short["state"] === "ready" || short["state"] === "failed" ? short : undefined;
  });
  expect(stopped).toMatchObject({ id: shortId, state: "finishing", endedAt, endReason });
  await server.succeed("DELETE", `/v1/recordings/${shortId}`);

  await server.kill();
  await server.restart();
  await delay(500);
  endpoint.press("1");
  await sipp.succeeded();

  const ready = await eventually("both are ready", async () => {
    const both = await Promise.all(ids.map(show));
    return both.every(({ state }) => state === "ready") ? both : undefined;
  });
  expect(ready).toMatchObject([
    { format: "wav", channels: 2, encrypted: true, sampleRateHz: 8000, endReason: "stopped" },
    { format: "mp3", channels: 1, encrypted: true },
  ]);
  const wav = await audio(wavId);
  const [shown] = ready;
  expect(shown).toMatchObject({ sizeBytes: wav.length, sha256: createHash("sha256").update(wav).digest("hex") });
  for (const piece of said) expect(envelopeCorrelation(channelOf(wav, 1), piece)).toBeGreaterThanOrEqual(heardFrom);
  for (const piece of said) expect(envelopeCorrelation(channelOf(wav, 0), piece)).toBeLessThan(heardFrom);
  expect(await audio(wavId, { range: "bytes=30000-30999" })).toEqual(wav.subarray(30_000, 31_000));

  const decoder = new MPEGDecoder();
  await decoder.ready;
  const { channelData, sampleRate, samplesDecoded } = decoder.decode(await audio(mp3Id));
  decoder.free();
  const samples = Int16Array.from(channelData[0] ?? [], (sample) => Math.round(sample * 32_767));
  for (const piece of said) expect(envelopeCorrelation(samples, piece)).toBeGreaterThanOrEqual(heardFrom);
  expect(Math.abs((samplesDecoded / sampleRate) * 1000 - Number(ready[1]?.["durationMs"]))).toBeLessThan(400);

  // On the disk nothing can be heard, and of the parts nothing is left.
  const files = await eventually("one file each", () => {
    const found = readdirSync(join(server.dataDirectory, "recordings"), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    return found.length === 2 ? found : undefined;
  });
  for (const { parentPath, name } of files) expect(readFileSync(join(parentPath, name)).subarray(0, 8).toString()).toBe("cwsealed");

  await server.succeed("DELETE", `/v1/recordings/${mp3Id}`);
  expect((await server.request("GET", `/v1/recordings/${mp3Id}`)).status).toBe(404);
  await eventually("its file is gone", () => !readdirSync(files[0]?.parentPath ?? "").some((name) => name.startsWith(mp3Id)));
});

/** Of a 16-bit WAV file with two channels. */
function channelOf(wav: Buffer, channel: 0 | 1): Int16Array {
  return Int16Array.from({ length: Math.floor((wav.length - 44) / 4) }, (_, index) => wav.readInt16LE(44 + index * 4 + channel * 2));
}
