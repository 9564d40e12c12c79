import type { RecordingView } from "../../src/api/contract/recordings.ts";
import { expect } from "vitest";
import type { CallTraceView } from "../../src/api/contract/traces.ts";
import { heardTones } from "../support/audio/tones.ts";
import type { Wav } from "../support/audio/wav.ts";
import { type DecodedSound, decodeSound } from "../support/peers/ffmpeg.ts";
import type { PhoneAccount } from "../support/peers/phone.ts";
import type { RtpVoice } from "../support/peers/rtp-endpoint.ts";
import type { TracedMessage } from "../support/peers/sip-trace.ts";
import type { ServerProcess } from "../support/server-process.ts";
import { eventually } from "../support/waiting.ts";
import { addPhone } from "./call-flows.ts";

// What the tests with real phones share: their accounts, whom they call, and what a call said on the wire.

export async function accountFor(server: ServerProcess, name: string, transport: "tcp" | "udp" = "udp"): Promise<PhoneAccount> {
  const credentials = await addPhone(server, name);
  return { ...credentials, port: server.sipPort, ...(transport === "tcp" && { transport }) };
}

/** A user, or a number, of the server. */
export function sipUri(server: ServerProcess, user: string, transport: "tcp" | "udp" = "udp"): string {
  return `sip:${user}@127.0.0.1:${server.sipPort}${transport === "tcp" ? ";transport=tcp" : ""}`;
}

/** The only call to this number or user. */
export async function callIdOf(server: ServerProcess, to: string): Promise<string> {
  const { items } = (await server.succeed("GET", `/v1/calls?to=${encodeURIComponent(to)}`)).json() as {
    readonly items: readonly { readonly id: string }[];
  };
  const [call, ...others] = items;
  if (call === undefined || others.length > 0) throw new Error(`${items.length} calls to ${to}`);
  return call.id;
}

/** All SIP messages of a call, of both its legs. */
export async function messagesOf(server: ServerProcess, callId: string): Promise<CallTraceView["messages"]> {
  return ((await server.succeed("GET", `/v1/calls/${callId}/trace`)).json() as CallTraceView).messages;
}

const staticNames: Readonly<Record<string, string>> = { 0: "PCMU/8000", 8: "PCMA/8000", 9: "G722/8000" };

/**
 * The format of the voice in the latest answer that the peer at this SIP port gave or got, as "opus/48000/2", and the formats of its events. One that names
 * several formats of a voice is no answer that a test can say anything by.
 */
export function agreedWith(
  messages: CallTraceView["messages"],
  port: number,
): { readonly voice: string; readonly events: readonly string[] } {
  const answer = messages.findLast(
    ({ method, status, from, to, text }) =>
      method === "INVITE" && status === 200 && (from.port === port || to.port === port) && /^m=/m.test(text),
  );
  if (answer === undefined) throw new Error(`nothing was agreed with port ${port}`);
  const types = /^m=audio \d+ \S+ (.*?)\r?$/m.exec(answer.text)?.[1]?.split(" ") ?? [];
  const names = types.map((type) => new RegExp(`^a=rtpmap:${type} (\\S+)`, "m").exec(answer.text)?.[1] ?? staticNames[type] ?? type);
  const events = names.filter((name) => name.startsWith("telephone-event/"));
  const [voice = "", ...others] = names.filter((name) => !events.includes(name));
  if (others.length > 0) throw new Error(`agreed on ${names.join(", ")}`);
  return { voice, events };
}

/** The only recording of a call once its file is made, read by ffmpeg. */
export async function recordingOf(server: ServerProcess, callId: string): Promise<DecodedSound> {
  const recording = await eventually("a recording that is ready", async () => {
    const { items } = (await server.succeed("GET", `/v1/recordings?callId=${callId}`)).json() as {
      readonly items: readonly RecordingView[];
    };
    if (items.length > 1) throw new Error(`${items.length} recordings of call ${callId}`);
    return items.find(({ state }) => state === "ready");
  });
  return await decodeSound((await server.succeed("GET", `/v1/recordings/${recording.id}/audio`)).bytes);
}

/** Calls from 127.0.0.1 come by a trunk from now on, unless they are of a phone with an account. */
export async function callsComeIn(server: ServerProcess): Promise<void> {
  const trunk = { name: "carrier", host: "127.0.0.1", port: 5999, transport: "udp", prefixes: [], priority: 50 };
  await server.succeed("POST", "/v1/trunks", { ...trunk, sourceAddresses: ["127.0.0.1"] });
}

/** Where the media of a description go. */
export function mediaPortIn({ body }: TracedMessage): number {
  return Number(/^m=audio (\d+) /m.exec(body)?.[1]);
}

/** As a far end offers the codecs that everybody knows. */
export const usualVoices = [
  { payloadType: 0, rtpmap: "PCMU/8000" },
  { payloadType: 8, rtpmap: "PCMA/8000" },
  { payloadType: 9, rtpmap: "G722/8000" },
  { payloadType: 96, rtpmap: "opus/48000/2" },
] as const satisfies readonly RtpVoice[];

export type WantedTone = {
  readonly atLeastS: number;
  /** Against what was sent; 0 when not given. */
  readonly levelDb?: number;
  /** 2 when not given: what codecs and the low-pass of resamplers may take. */
  readonly withinDb?: number;
};

/** These tones, together and without anything else, were heard long enough and as loud as they were sent. */
export function expectTones(heard: Wav, frequenciesHz: readonly number[], { atLeastS, levelDb = 0, withinDb = 2 }: WantedTone): void {
  const found = heardTones(heard, ...frequenciesHz);
  const what = `${frequenciesHz.join(" and ")} Hz`;
  expect(found.seconds, what).toBeGreaterThanOrEqual(atLeastS);
  expect(Math.abs(found.levelDb - levelDb), `level of ${what}`).toBeLessThan(withinDb);
}
