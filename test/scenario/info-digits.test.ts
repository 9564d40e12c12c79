/** Digits in INFO, from peers and to them, beside and instead of telephone-events. */
import { expect, test } from "vitest";
import { createOffer, formatSdp } from "../../src/sdp/index.ts";
import type { SipResponse } from "../../src/sip/index.ts";
import { accountId, ownedNumber } from "../support/call-house.ts";
import { callNow, caller, callsComeFrom, crash, type CallingOptions, type FarEnd, mediaAt, requests, scene, type Scene } from "./scene.ts";

const trunkAddress = "192.0.2.50";

const asking = {
  start: "ask",
  nodes: {
    ask: { verb: "collect", prompt: [{ say: "Your number" }], maxDigits: 3, into: "pin", exits: { digits: "told", timeout: "told" } },
    told: { verb: "say", text: "{{ pin }}" },
  },
};

const sending = {
  start: "send",
  nodes: {
    send: { verb: "send-digits", digits: "12#", exits: { done: "sent", error: "lost" } },
    sent: { verb: "say", text: "Sent" },
    lost: { verb: "say", text: "Lost" },
  },
};

async function calledIn(document: unknown, options: Partial<CallingOptions> = {}): Promise<Scene & { first: FarEnd }> {
  const at = await scene(document);
  await callsComeFrom(at.house, trunkAddress);
  const first = caller(at, trunkAddress, { to: ownedNumber, ...options });
  await at.clock.advanceAsync(300);
  return { ...at, first };
}

type At = Awaited<ReturnType<typeof calledIn>>;

async function inform(at: At, content: string, contentType = "application/dtmf-relay", headers: [string, string][] = []) {
  let answer: { status: number; response?: SipResponse } | undefined;
  at.first.usage().request("INFO", { headers, ...(content !== "" && { body: { contentType, content } }) }, (outcome) => (answer = outcome));
  await at.clock.advanceAsync(50);
  return answer;
}

async function hear(at: At, digit: string, by?: "tone"): Promise<void> {
  const call = await callNow(at);
  at.house.media.happen(call.id, Object.keys(call.legs)[0] ?? "", { kind: "digit", digit, durationMs: 80, ...(by && { by }) });
  await at.clock.advanceAsync(5);
}

async function textHeard(at: Scene): Promise<string | undefined> {
  const source = at.house.media.plans.get((await callNow(at)).id)?.endpoints[0]?.source;
  const item = source?.kind === "prompt" ? source.prompt.items[0] : undefined;
  return item?.kind === "speech" ? item.text : undefined;
}

async function digitsOf(at: Scene): Promise<string> {
  const call = await callNow(at);
  const events = at.journal.records.flatMap(({ streams }) => streams.flatMap((part) => (part.callId === call.id ? part.events : [])));
  return events.flatMap((event) => (event.kind === "digit.received" && event.repeatsAt === undefined ? event.digit : [])).join("");
}

test("digits in INFO of each form are collected, end the prompt, and are answered 200", async () => {
  const at = await calledIn(asking);
  expect(await textHeard(at)).toBe("Your number");
  expect(await inform(at, "Signal=4\r\nDuration=160\r\n")).toMatchObject({ status: 200 });
  expect(await textHeard(at)).toBeUndefined();
  await inform(at, "11", "application/dtmf");
  await inform(at, "Signal=10");
  expect(await digitsOf(at)).toBe("4#*");
});

test("a peer that sends each digit both ways is heard once; the first way holds", async () => {
  const byInfo = await calledIn(asking);
  for (const digit of ["1", "1", "2"]) {
    await inform(byInfo, `Signal=${digit}`);
    await hear(byInfo, digit);
  }
  expect(await digitsOf(byInfo)).toBe("112");
  const byRtp = await calledIn(asking);
  for (const digit of ["1", "1", "2"]) {
    await hear(byRtp, digit);
    expect(await inform(byRtp, `Signal=${digit}`)).toMatchObject({ status: 200 });
  }
  expect(await digitsOf(byRtp)).toBe("112");
  byRtp.first
    .usage()
    .reoffer({ contentType: "application/sdp", content: formatSdp(createOffer(mediaAt(trunkAddress, { telephoneEvent: false }))) });
  await byRtp.clock.advanceAsync(100);
  await inform(byRtp, "Signal=9");
  expect(await digitsOf(byRtp)).toBe("1129");
});

/** T a tone, I an INFO, E an event, each with its digit; 50 ms from one INFO to what follows, 5 else. "." is two seconds. */
test.each([
  ["a tone, and its INFO after it", "T1 I1 I2 T2 I1", "121"],
  ["an INFO, and its tone after it", "I1 T1 I1 T1", "11"],
  ["quick presses of one key", "T1 T1 I1 I1 . I1", "111"],
  ["quick presses of several", "T1 T2 T1 I1 I2 I1 . I2", "1212"],
  ["a voice that sounds like a digit shuts nothing out", "T5 . I5 I6", "556"],
  ["a voice between them", "T5 I6 I7 T7", "567"],
  ["tones alone", "T1 . T1 T2", "112"],
  ["a tone does not take the way of events", "E1 T2 I3", "12"],
  ["events after a tone, and INFO beside them", "T1 E2 I2 E3 T4 I4", "1234"],
])("of INFO, tones and events each press is one digit: %s", async (_name, heard, expected) => {
  const at = await calledIn(asking);
  for (const [way = "", digit = ""] of heard.split(" ")) {
    if (way === ".") await at.clock.advanceAsync(2000);
    else if (way === "I") expect(await inform(at, `Signal=${digit}`)).toMatchObject({ status: 200 });
    else await hear(at, digit, way === "T" ? "tone" : undefined);
  }
  expect(await digitsOf(at)).toBe(expected);
});

test("a digit is answered when it is on disk, and its repeat to the next process is not counted again", async () => {
  const at = await calledIn(asking);
  await inform(at, "Signal=1");
  at.network.lose = (message) => message.kind === "response" && message.headers.get("CSeq")?.endsWith("INFO") === true;
  void inform(at, "Signal=2");
  await at.clock.advanceAsync(60);
  at.network.lose = () => false;
  await crash(at, 300);
  await at.clock.advanceAsync(3000);
  expect(await digitsOf(at)).toBe("12");
});

test.each<[string, string, string, [string, string][], number, string | undefined, string | undefined]>([
  ["an unknown body (RFC 3261 §21.4.13)", "x", "text/plain", [], 415, "Accept", "application/dtmf-relay, application/dtmf"],
  ["a package (RFC 6086 §4.2.2)", "x", "text/plain", [["Info-Package", "foo"]], 469, "Recv-Info", ""],
  ["a digit that is none", "Signal=z", "application/dtmf-relay", [], 400, undefined, undefined],
  ["nothing (RFC 2976)", "", "", [], 200, undefined, undefined],
])("INFO with %s", async (_name, content, type, headers, status, name, value) => {
  const at = await calledIn(asking);
  const answer = await inform(at, content, type, headers);
  expect(answer?.status).toBe(status);
  if (name !== undefined) expect(answer?.response?.headers.all(name).join(", ")).toBe(value);
  expect(await digitsOf(at)).toBe("");
});

const withoutEvents = formatSdp(createOffer(mediaAt(trunkAddress, { telephoneEvent: false })));

test("a peer without telephone-event gets digits in INFO, one after the other, with their durations", async () => {
  const at = await calledIn(sending, { offer: withoutEvents, received: (_request, respond) => (respond(200), true) });
  expect(requests(at.network, "INFO")).toHaveLength(2);
  await at.clock.advanceAsync(600);
  const sent = requests(at.network, "INFO");
  expect(sent.map(({ body }) => Buffer.from(body).toString())).toEqual(
    ["1", "2", "#"].map((digit) => `Signal=${digit}\r\nDuration=100\r\n`),
  );
  expect(sent[0]?.headers.get("Content-Type")).toBe("application/dtmf-relay");
  expect(await textHeard(at)).toBe("Sent");
  const call = await callNow(at);
  expect(at.house.media.plans.get(call.id)?.endpoints[0]?.digits).toEqual([]);
  expect(call.parties[Object.keys(call.parties)[0] ?? ""]?.digitsToSend).toBeUndefined();
});

test("a peer that takes no digits in INFO hears them as tones", async () => {
  const at = await calledIn(sending, { offer: withoutEvents });
  await at.clock.advanceAsync(300);
  expect(requests(at.network, "INFO")).toHaveLength(1);
  const call = await callNow(at);
  const [digits] = at.house.media.plans.get(call.id)?.endpoints[0]?.digits ?? [];
  expect(digits).toMatchObject({ digits: "12#", toneMs: 100 });
  at.house.media.happen(call.id, Object.keys(call.legs)[0] ?? "", { kind: "digits-sent", digitsId: digits?.digitsId ?? "" });
  await at.clock.advanceAsync(5);
  expect(await textHeard(at)).toBe("Sent");
});

test("a peer with telephone-event gets no INFO", async () => {
  const at = await calledIn(sending);
  await at.clock.advanceAsync(1000);
  expect(requests(at.network, "INFO")).toEqual([]);
});

test("digits in INFO that were under way at a crash are not sent again", async () => {
  const at = await calledIn(sending, { offer: withoutEvents, received: (_request, respond) => (respond(200), true) });
  await crash(at, 200);
  await at.clock.advanceAsync(2000);
  expect(requests(at.network, "INFO").length).toBeLessThan(3);
  expect(await textHeard(at)).toBe("Lost");
  expect(await at.house.views.list(accountId, { live: true }, { limit: 1 })).toMatchObject({ items: [{ recoveries: 1 }] });
});
