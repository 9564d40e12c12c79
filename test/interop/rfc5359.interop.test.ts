import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../support/free-ports.ts";
import { requireTools } from "../support/peers/interop-tools.ts";
import { RtpEndpoint } from "../support/peers/rtp-endpoint.ts";
import { headerOf, mediaDirection, type TracedMessage } from "../support/peers/sip-trace.ts";
import type { Sipp, SippScenario } from "../support/peers/sipp.ts";
import { type Credentials as Login, ServerProcess } from "../support/server-process.ts";
import { eventually } from "../support/waiting.ts";
import { addAgent } from "./agent-desktop.ts";
import { addPhone, type Credentials, saw, startFarEnd, startPhone } from "./call-flows.ts";
import { changeCall, placeCall, quiet } from "./outgoing-calls.ts";

// The services of RFC 5359 through the server: Alice and Bill are phones of one account, Bob and Carol far ends behind trunks or phones that are signed in.
// Where the RFC's proxy passes a re-INVITE on, the server answers it: it is the far end of each dialog.

let server: ServerProcess;
let alice: Credentials;

beforeAll(async () => {
  server = await ServerProcess.start({ legs: 60 });
  alice = await addPhone(server, "alice");
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

const called = ">INVITE <401 >ACK >INVITE <180 <200 >ACK";
const answeredAndHungUp = "<INVITE >180 >200 <ACK <BYE >200";
const answeredAndHangingUp = "<INVITE >180 >200 <ACK >BYE <200";

function aliceCalls(
  number: string,
  scenario: SippScenario,
  keys: Readonly<Record<string, string>> = {},
  as: Credentials = alice,
): Promise<Sipp> {
  return startPhone(as, { scenario, target: { port: server.sipPort, user: number }, keys });
}

function uriOf(number: string): string {
  return `sip:${number}@127.0.0.1:${server.sipPort}`;
}

const tagIn = (address: string) => /;tag=([^;>]+)/.exec(address)?.[1] ?? "";

/** The dialog of a phone that called, as Replaces names it to the server (RFC 3891 §6.1): its to-tag is the server's. */
function replacesOf(answer: TracedMessage): string {
  return `${headerOf(answer, "call-id")};to-tag=${tagIn(headerOf(answer, "to"))};from-tag=${tagIn(headerOf(answer, "from"))}`;
}

function offersIn(messages: readonly TracedMessage[]): readonly string[] {
  return messages.filter(({ method, body }) => method === "INVITE" && body !== "").map(mediaDirection);
}

describe.concurrent("RFC 5359, hold", () => {
  test("§2.1 a phone holds and resumes: recvonly answers sendonly", async (context) => {
    requireTools(context, "sipp");
    const bob = await startFarEnd(server, { scenario: "rfc3665/bob-is-hung-up" });
    await using atBob = bob.sipp;
    await using atAlice = await aliceCalls(bob.number, "rfc5359/alice-holds");
    const messages = await saw(atAlice, `${called} >INVITE <200 >ACK >INVITE <200 >ACK >BYE <200`);
    const answers = messages.filter(({ status, headers }) => status === 200 && headers.get("cseq")?.[0]?.endsWith("INVITE") === true);
    expect(answers.map(mediaDirection)).toEqual(["sendrecv", "recvonly", "sendrecv"]);
    // One more session version for each answer that changed (RFC 3264 §8).
    const versions = answers.map(({ body }) => Number(/^o=\S+ \d+ (\d+)/m.exec(body)?.[1]));
    expect(versions.map((version) => version - (versions[0] ?? 0))).toEqual([0, 1, 2]);
    await saw(atBob, answeredAndHungUp);
  });

  test("§2.2 consultation: the phone calls Carol while Bob is held, and comes back to him", async (context) => {
    requireTools(context, "sipp");
    const bob = await startFarEnd(server, { scenario: "rfc3665/bob-is-hung-up" });
    await using atBob = bob.sipp;
    const carol = await startFarEnd(server, { scenario: "rfc3665/bob-is-hung-up" });
    await using atCarol = carol.sipp;
    await using first = await aliceCalls(bob.number, "rfc5359/alice-holds");
    await first.waitForMessage("the answer to hold", (message) => message.status === 200 && mediaDirection(message) === "recvonly");
    await using second = await aliceCalls(carol.number, "rfc3665/alice-hangs-up");
    await saw(second, `${called} >BYE <200`);
    await saw(atCarol, answeredAndHungUp);
    await saw(first, `${called} >INVITE <200 >ACK >INVITE <200 >ACK >BYE <200`);
    await saw(atBob, answeredAndHungUp);
  });

  test("§2.3 music: who is held by the server is offered sendonly and hears something", async (context) => {
    requireTools(context, "sipp");
    await using endpoint = await RtpEndpoint.open();
    const bob = await startFarEnd(server, { scenario: "uas-answer", rtpPort: endpoint.port });
    await using atBob = bob.sipp;
    const id = await placeCall(server, bob.number, quiet);
    await atBob.waitForMessage("ACK", ({ method }) => method === "ACK");
    await changeCall(server, id, "Hold");
    const from = endpoint.packets.length;
    await endpoint.waitForPackets(from + 100);
    const heard = endpoint.heard(endpoint.packets.slice(from));
    expect(Math.max(...heard.map(Math.abs))).toBeGreaterThan(500);
    await changeCall(server, id, "Connected");
    await eventually("the third ACK", async () => (await atBob.messages()).filter(({ method }) => method === "ACK").length >= 3);
    await changeCall(server, id, "Disconnected");
    const messages = await saw(atBob, "<INVITE >180 >200 <ACK <INVITE >200 <ACK <INVITE >200 <ACK <BYE >200");
    expect(offersIn(messages)).toEqual(["sendrecv", "sendonly", "sendrecv"]);
  });
});

describe.concurrent("RFC 5359, transfer", () => {
  test("§2.4 unattended: Alice refers Bob to Carol, hears how it goes and is hung up", async (context) => {
    requireTools(context, "sipp");
    const bob = await startFarEnd(server, { scenario: "rfc3665/bob-is-hung-up" });
    await using atBob = bob.sipp;
    const carol = await startFarEnd(server, { scenario: "rfc3665/bob-hangs-up" });
    await using atCarol = carol.sipp;
    await using atAlice = await aliceCalls(bob.number, "rfc5359/alice-refers", { refer_to: uriOf(carol.number) });
    const messages = await atAlice.succeeded();
    const told = messages.filter(({ method }) => method === "NOTIFY");
    expect(told.map(({ body }) => body.split("\r\n")[0])).toEqual(["SIP/2.0 100 Trying", "SIP/2.0 180 Ringing", "SIP/2.0 200 OK"]);
    for (const notify of told) {
      expect(headerOf(notify, "event")).toMatch(/^refer\b/);
      expect(headerOf(notify, "content-type")).toMatch(/^message\/sipfrag\b/);
    }
    expect(told.map((notify) => headerOf(notify, "subscription-state").split(";")[0])).toEqual(["active", "active", "terminated"]);
    await saw(atAlice, `${called} >REFER <202 ${"<NOTIFY >200 ".repeat(3)}<BYE >200`);
    const atCarolSeen = await saw(atCarol, answeredAndHangingUp);
    expect(atCarolSeen[0] && headerOf(atCarolSeen[0], "referred-by")).toContain(alice.username);
    await saw(atBob, answeredAndHungUp);
  });

  test("§2.4 the target is busy: Alice is told 486 and still talks to Bob", async (context) => {
    requireTools(context, "sipp");
    const bob = await startFarEnd(server, { scenario: "rfc3665/bob-is-hung-up" });
    await using atBob = bob.sipp;
    const carol = await startFarEnd(server, { scenario: "rfc3665/bob-is-busy" });
    await using atCarol = carol.sipp;
    await using atAlice = await aliceCalls(bob.number, "rfc5359/alice-is-refused-a-transfer", { refer_to: uriOf(carol.number) });
    const messages = await saw(atAlice, `${called} >REFER <202 ${"<NOTIFY >200 ".repeat(3)}>BYE <200`);
    expect(messages.findLast(({ method }) => method === "NOTIFY")?.body).toMatch(/^SIP\/2\.0 486 /);
    await saw(atCarol, "<INVITE >180 >486 <ACK");
    await saw(atBob, answeredAndHungUp);
  });

  test("§2.5 attended: Alice holds Bob, talks to Carol and makes the two calls one by Replaces", async (context) => {
    requireTools(context, "sipp");
    const bob = await startFarEnd(server, { scenario: "rfc3665/bob-is-hung-up" });
    await using atBob = bob.sipp;
    const carol = await startFarEnd(server, { scenario: "rfc3665/bob-hangs-up-after-2-s" });
    await using atCarol = carol.sipp;
    await using first = await aliceCalls(bob.number, "rfc5359/alice-holds-and-is-hung-up");
    const answer = await first.waitForMessage("hold", (message) => message.status === 200 && mediaDirection(message) === "recvonly");
    const replaces = encodeURIComponent(replacesOf(answer));
    await using second = await aliceCalls(carol.number, "rfc5359/alice-refers", { refer_to: `${uriOf(bob.number)}?Replaces=${replaces}` });
    await saw(second, `${called} >REFER <202 ${"<NOTIFY >200 ".repeat(2)}<BYE >200`);
    await saw(first, `${called} >INVITE <200 >ACK <BYE >200`);
    await saw(atCarol, answeredAndHangingUp);
    await saw(atBob, answeredAndHungUp);
  });
});

describe.concurrent("RFC 5359, forwarding and several phones", () => {
  test.for([
    ["§2.7 at once, to her address", "rfc5359/bob-forwards", "<INVITE >302 <ACK", "sip:carol@127.0.0.1"],
    ["§2.9 after ringing, to her number", "rfc5359/bob-rings-and-forwards", "<INVITE >180 >302 <ACK", "tel"],
  ] as const)("%s: Bob sends calls on to Carol by 302", async ([, scenario, atBobSeen, forward], context) => {
    requireTools(context, "sipp");
    const carol = await startFarEnd(server, { scenario: "rfc3665/bob-is-hung-up" });
    await using atCarol = carol.sipp;
    const forward_to = forward === "tel" ? `tel:${carol.number}` : `${forward}:${carol.sipp.port}`;
    const bob = await startFarEnd(server, { scenario, keys: { forward_to } });
    await using atBob = bob.sipp;
    await using atAlice = await aliceCalls(bob.number, "rfc3665/alice-hangs-up");
    await saw(atBob, atBobSeen);
    await saw(atCarol, answeredAndHungUp);
    expect((await atAlice.succeeded()).at(-1)?.status).toBe(200);
  });

  test("§2.12 find me: both of Bob's phones ring, the one that answers has the call, the other is cancelled", async (context) => {
    requireTools(context, "sipp");
    const account = await addPhone(server, "bob");
    await using atDesk = await signedIn(account, "rfc3665/bob-is-hung-up");
    await using atHome = await signedIn(account, "rfc3665/bob-is-cancelled");
    await using atAlice = await aliceCalls(account.username, "rfc3665/alice-hangs-up");
    await saw(atAlice, `${called} >BYE <200`);
    const desk = await saw(atDesk, answeredAndHungUp);
    const home = await saw(atHome, "<INVITE >180 <CANCEL >200 >487 <ACK");
    // Two INVITEs of a user agent, not two branches of a proxy: dialogs of their own.
    expect(desk[0] && headerOf(desk[0], "call-id")).not.toBe(home[0] && headerOf(home[0], "call-id"));
  });

  test("§2.16 pickup: Bill takes the call that rings at Bob's by Replaces", async (context) => {
    requireTools(context, "sipp");
    const bill = await addPhone(server, "bill");
    const bob = await startFarEnd(server, { scenario: "rfc3665/bob-is-cancelled" });
    await using atBob = bob.sipp;
    await using atAlice = await aliceCalls(bob.number, "rfc3665/alice-is-hung-up");
    const ringing = await atBob.waitForMessage("180", ({ status }) => status === 180);
    const [ours, bobs] = [tagIn(headerOf(ringing, "from")), tagIn(headerOf(ringing, "to"))];
    const replaces = `${headerOf(ringing, "call-id")};to-tag=${ours};from-tag=${bobs};early-only`;
    await using atBill = await aliceCalls(bob.number, "rfc5359/bill-picks-up", { replaces }, bill);
    await saw(atBill, ">INVITE <401 >ACK >INVITE <200 >ACK >BYE <200");
    await saw(atBob, "<INVITE >180 <CANCEL >200 >487 <ACK");
    await saw(atAlice, `${called} <BYE >200`);
  });
});

describe("RFC 5359, by the server's own hand", () => {
  test("§2.18 click to dial: the user's phone rings first, then the one called", async (context) => {
    requireTools(context, "sipp");
    const { login, account } = await addAgent(server, "clara", "5018");
    const bob = await startFarEnd(server, { scenario: "rfc3665/bob-hangs-up" });
    await using atBob = bob.sipp;
    await using atClara = await signedIn(account, "rfc3665/bob-is-hung-up");
    await dialAs(login, bob.number);
    const atUser = await saw(atClara, answeredAndHungUp);
    const atOther = await saw(atBob, answeredAndHangingUp);
    expect(atUser[0]?.startLine).toContain(account.username);
    expect(atOther[0]?.startLine).toContain(bob.number);
  });
});

/** A phone that has registered the port it then listens on. */
async function signedIn(account: Credentials, scenario: SippScenario): Promise<Sipp> {
  const target = { port: server.sipPort, user: account.username };
  const sipPort = await freePort();
  const contact = `Contact: <sip:${account.username}@127.0.0.1:${sipPort}>;expires=600`;
  const registering = await startPhone(account, { scenario: "rfc3665/register", target, sipPort, keys: { contact } });
  try {
    await saw(registering, ">REGISTER <401 >REGISTER <200");
  } finally {
    await registering[Symbol.asyncDispose]();
  }
  return await startPhone(account, { scenario, sipPort });
}

/** Dials as a user does in a contact centre's desktop. */
async function dialAs(login: Login, phoneNumber: string): Promise<void> {
  const devices = (await server.succeed("GET", "/api/v2/me/devices?fields=*", undefined, login)).json() as {
    readonly devices: readonly { readonly id: string }[];
  };
  await server.succeed("POST", "/api/v2/me", { operationName: "StartContactCenterSession", channels: ["voice"] }, login);
  const dial = { operationName: "Dial", destination: { phoneNumber } };
  await server.succeed("POST", `/api/v2/me/devices/${devices.devices[0]?.id}/calls`, dial, login);
}
