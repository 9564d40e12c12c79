import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FlowDocument } from "../../src/flows/index.ts";
import { freePort } from "../support/free-ports.ts";
import { type BrowserPhone, BrowserPhones } from "../support/peers/browser-phone.ts";
import { isInstalled } from "../../tools/interop-tools.ts";
import { requireTools } from "../support/peers/interop-tools.ts";
import { breachesOf } from "../support/peers/message-rules.ts";
import { Sipp } from "../support/peers/sipp.ts";
import { ServerProcess } from "../support/server-process.ts";
import { eventually } from "../support/waiting.ts";
import { addPhone, type Credentials, ladder, saw, startFarEnd } from "./call-flows.ts";
import { changeCall, createTrunk, nextNumber, ownNumber, placeCall, secret } from "./outgoing-calls.ts";

// JsSIP in Chromium as a phone of the server, over WebSocket (RFC 7118). Signalling only: a browser's media is DTLS-SRTP, which the server does not speak on
// this path, so the page puts a stand-in in place of RTCPeerConnection that offers and answers plain RTP.

let server: ServerProcess;
let phones: BrowserPhones | undefined;
let url: string;

beforeAll(async () => {
  const port = await freePort();
  url = `ws://127.0.0.1:${port}`;
  server = await ServerProcess.start({ environment: { CALLWRIGHT_SIP_LISTENERS: url } });
  if (isInstalled("chromium")) phones = await BrowserPhones.start();
});

afterAll(async () => {
  await phones?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

async function open(account: Credentials): Promise<BrowserPhone> {
  if (phones === undefined) throw new Error("Chromium did not start");
  return await phones.open({ url, uri: `sip:${account.username}@127.0.0.1`, password: account.password });
}

async function signedIn(name: string): Promise<{ readonly phone: BrowserPhone; readonly account: Credentials }> {
  const account = await addPhone(server, name);
  const phone = await open(account);
  await phone.hears("registered");
  return { phone, account };
}

/** Somebody behind a trunk is called, and the flow dials the browser. */
async function dialled(account: Credentials, farEnd: string): Promise<string> {
  const flow: FlowDocument = { start: "dial", nodes: { dial: { verb: "dial", to: account.username } } };
  return await placeCall(server, farEnd, flow);
}

test("a wrong password is refused", async (context) => {
  requireTools(context, "chromium");
  const account = await addPhone(server, "stranger");
  const phone = await open({ ...account, password: "wrong" });
  await phone.hears("registration failed: Authentication Error");
  await phone.do("stop");
});

test("signs in, calls, hears ringing, holds, resumes and hangs up; all of it is RFC 3261 to the letter", async (context) => {
  requireTools(context, "chromium", "sipp");
  const { phone } = await signedIn("caller");
  const bob = await startFarEnd(server, { scenario: "rfc3665/bob-is-hung-up" });
  await using atBob = bob.sipp;
  await phone.call(`sip:${bob.number}@127.0.0.1`);
  await phone.hears("ringing 180");
  await phone.hears("confirmed");
  await phone.do("hold");
  await phone.hears("held by local");
  await phone.do("unhold");
  await phone.hears("resumed by local");
  await phone.do("hangUp");
  await phone.hears("ended by local: Terminated");
  await saw(atBob, "<INVITE >180 >200 <ACK <BYE >200");
  const messages = await eventually("the answer to BYE", async () => {
    const seen = await phone.messages();
    return seen.at(-2)?.method === "BYE" && seen;
  });
  expect(breachesOf(messages)).toEqual([]);
  expect(ladder(messages)).toBe(
    ">REGISTER <401 >REGISTER <200 >INVITE <401 >ACK >INVITE <180 <200 >ACK >INVITE <200 >ACK >INVITE <200 >ACK >BYE <200",
  );
  for (const { direction, headers } of messages) if (direction === "received") expect(headers.get("via")?.[0]).toMatch(/^SIP\/2\.0\/WS /);
  await phone.do("stop");
});

test("gives up while the other phone rings", async (context) => {
  requireTools(context, "chromium", "sipp");
  const { phone } = await signedIn("impatient");
  const bob = await startFarEnd(server, { scenario: "rfc3665/bob-is-cancelled" });
  await using atBob = bob.sipp;
  await phone.call(`sip:${bob.number}@127.0.0.1`);
  await phone.hears("ringing 180");
  await phone.do("hangUp");
  await phone.hears("failed by local: Canceled");
  await saw(atBob, "<INVITE >180 <CANCEL >200 >487 <ACK");
  await eventually("the ACK", async () => (await phone.messages()).at(-1)?.method === "ACK");
  expect(breachesOf(await phone.messages())).toEqual([]);
  await phone.do("stop");
});

test("presses digits by INFO, and the flow has them", async (context) => {
  requireTools(context, "chromium");
  const { phone } = await signedIn("presser");
  const number = nextNumber();
  await ownNumber(server, number, secret);
  await phone.call(`sip:${number}@127.0.0.1`);
  await phone.hears("confirmed");
  await phone.press("42");
  await phone.hears("ended by remote: Terminated");
  expect((await phone.messages()).filter(({ method }) => method === "INFO")).toHaveLength(2);
  expect(breachesOf(await phone.messages())).toEqual([]);
  await phone.do("stop");
});

describe("is called", () => {
  test("answers, is held and taken back by the server, and is hung up", async (context) => {
    requireTools(context, "chromium", "sipp");
    const { phone, account } = await signedIn("callee");
    const number = nextNumber();
    await using atBob = await Sipp.start({ scenario: "uas-answer" });
    await createTrunk(server, number, { port: atBob.port });
    const id = await dialled(account, number);
    await phone.hears(/^called by /);
    await phone.do("answer");
    await phone.hears("confirmed");
    await changeCall(server, id, "Hold");
    await phone.hears("held by remote");
    await changeCall(server, id, "Connected");
    await phone.hears("resumed by remote");
    await changeCall(server, id, "Disconnected");
    await phone.hears("ended by remote: Terminated");
    expect(breachesOf(await phone.messages())).toEqual([]);
    await atBob.succeeded();
    await phone.do("stop");
  });

  test("refuses: the far end is hung up; and who gives up while it rings cancels it", async (context) => {
    requireTools(context, "chromium", "sipp");
    const { phone, account } = await signedIn("busy");
    const number = nextNumber();
    await using atBob = await Sipp.start({ scenario: "rfc3665/bob-is-hung-up", keys: { user: "bob" }, calls: 2 });
    await createTrunk(server, number, { port: atBob.port });
    await dialled(account, number);
    await phone.hears(/^called by /);
    await phone.do("reject");
    await phone.hears("failed by local: Rejected");
    const id = await dialled(account, number);
    await phone.hears(/^called by /);
    await changeCall(server, id, "Disconnected");
    await phone.hears("failed by remote: Canceled");
    await atBob.succeeded();
    expect(breachesOf(await phone.messages())).toEqual([]);
    await phone.do("stop");
  });
});

test("the server dies and comes back: the browser connects and signs in again, and can be called", async (context) => {
  requireTools(context, "chromium", "sipp");
  const { phone, account } = await signedIn("returning");
  await server.kill();
  await phone.hears("disconnected");
  await server.restart();
  await phone.hears("connected", 20_000);
  await phone.hears("registered", 20_000);
  const number = nextNumber();
  await using atBob = await Sipp.start({ scenario: "rfc3665/bob-is-hung-up", keys: { user: "bob" } });
  await createTrunk(server, number, { port: atBob.port });
  const id = await dialled(account, number);
  await phone.hears(/^called by /);
  await phone.do("answer");
  await phone.hears("confirmed");
  await changeCall(server, id, "Disconnected");
  await phone.hears("ended by remote: Terminated");
  await atBob.succeeded();
  await phone.do("stop");
});
