import { afterAll, beforeAll, expect, test } from "vitest";
import type { FlowDocument } from "../../src/flows/index.ts";
import { Baresip } from "../support/peers/baresip.ts";
import { type InteropTool, requireTools } from "../support/peers/interop-tools.ts";
import { Linphone } from "../support/peers/linphone.ts";
import type { Phone, PhoneAccount } from "../support/peers/phone.ts";
import { RtpEndpoint } from "../support/peers/rtp-endpoint.ts";
import { Sipp } from "../support/peers/sipp.ts";
import { ServerProcess } from "../support/server-process.ts";
import { eventually, memberOf } from "../support/waiting.ts";
import { addPhone } from "./call-flows.ts";
import { createTrunk, nextNumber } from "./outgoing-calls.ts";

// What a person presses on a real phone in a call: hold, resume and digits, over UDP and TCP. A far end behind a trunk tells what came through.

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

type StartPhone = (options: { readonly account: PhoneAccount; readonly says: Int16Array }) => Promise<Phone>;
const starts = {
  baresip: (options) => Baresip.start(options),
  linphonec: (options) => Linphone.start(options),
} satisfies Partial<Record<InteropTool, StartPhone>>;

const phones = [
  ["baresip", "udp"],
  ["baresip", "tcp"],
  ["linphonec", "udp"],
  ["linphonec", "tcp"],
] as const;

/** These play music of their own to whom they hold, so there is no silence. */
const holdsWithMusic: ReadonlySet<InteropTool> = new Set(["linphonec"]);

async function accountFor(name: string, transport: "tcp" | "udp"): Promise<PhoneAccount> {
  const credentials = await addPhone(server, name);
  return { ...credentials, port: server.sipPort, ...(transport === "tcp" && { transport }) };
}

function sipUri(user: string, transport: "tcp" | "udp" = "udp"): string {
  return `sip:${user}@127.0.0.1:${server.sipPort}${transport === "tcp" ? ";transport=tcp" : ""}`;
}

/** 440 Hz at 8 kHz. */
function tone(seconds: number): Int16Array {
  return Int16Array.from({ length: seconds * 8_000 }, (_, index) => Math.round(8_000 * Math.sin((2 * Math.PI * 440 * index) / 8_000)));
}

/** Of the last half second at least. */
async function loudnessAt(endpoint: RtpEndpoint): Promise<number> {
  const from = endpoint.packets.length;
  await endpoint.waitForPackets(from + 25);
  const samples = endpoint.heard(endpoint.packets.slice(from));
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample ** 2, 0) / Math.max(1, samples.length));
}

test.for(phones)("%s over %s calls, holds, resumes and hangs up; its voice goes and comes back", async ([tool, transport], context) => {
  requireTools(context, "sipp", tool);
  const number = nextNumber();
  await using endpoint = await RtpEndpoint.open();
  await using sipp = await Sipp.start({ scenario: "uas-answer", rtpPort: endpoint.port });
  await createTrunk(server, number, { port: sipp.port });
  await using phone = await starts[tool]({ account: await accountFor(`${tool}-${transport}`, transport), says: tone(60) });
  await phone.registered();
  await phone.call(sipUri(number, transport));
  await eventually("its voice", async () => (await loudnessAt(endpoint)) > 1_000);
  await phone.hold();
  if (!holdsWithMusic.has(tool)) await eventually("silence", async () => (await loudnessAt(endpoint)) < 20);
  await phone.resume();
  await eventually("its voice again", async () => (await loudnessAt(endpoint)) > 1_000);
  await phone.hangUp();
  await sipp.succeeded();
  const trace = await traceOf(number);
  expect(trace).toMatch(/^a=(sendonly|inactive)\r?$/m);
  expect(trace).toMatch(/^a=(recvonly|inactive)\r?$/m);
});

/** All messages of the only call to this number, of both its legs. */
async function traceOf(number: string): Promise<string> {
  const { items } = (await server.succeed("GET", `/v1/calls?to=${encodeURIComponent(number)}`)).json() as {
    readonly items: readonly { readonly id: string }[];
  };
  return (await server.succeed("GET", `/v1/calls/${items[0]?.id}/trace.txt`)).text;
}

/** Hangs up when 4 and 2 were pressed, and not before. */
const secret: FlowDocument = {
  start: "collect",
  nodes: {
    collect: { verb: "collect", maxDigits: 2, timeoutMs: 60_000, into: "pressed", exits: { digits: "compare" } },
    compare: { verb: "branch", branches: [{ when: "pressed == '42'", exit: "right" }], exits: { right: "end", else: "stay" } },
    stay: { verb: "pause", durationMs: 60_000, exits: { done: "end" } },
    end: { verb: "hang-up" },
  },
};

test.for([
  ["RFC 4733 events", false],
  ["INFO", true],
] as const)("linphonec presses 42 by %s, and the flow has each digit once", async ([, digitsByInfo], context) => {
  requireTools(context, "linphonec");
  const number = nextNumber();
  const flow = await server.succeed("POST", "/v1/flows", { name: `secret ${number}`, document: secret });
  await server.succeed("POST", "/v1/numbers", { number, flowId: memberOf(flow.json(), "id") });
  await using phone = await Linphone.start({ account: await accountFor("presser", "udp"), digitsByInfo });
  await phone.registered();
  await phone.call(sipUri(number));
  await phone.press("42");
  await phone.ended();
  expect(/^INFO /m.test(await traceOf(number))).toBe(digitsByInfo);
});
