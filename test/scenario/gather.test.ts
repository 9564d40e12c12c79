/** Tones are gathered beside the flow, posted, and answers take the flow's place; none is lost when the process dies. */
import { expect, test } from "vitest";
import type { Call, Json } from "../../src/calls/index.ts";
import type { FlowDocument, PlanFormats } from "../../src/flows/index.ts";
import { uuidOf } from "../../src/kernel/index.ts";
import { accountId, ownedNumber, storyOf } from "../support/call-house.ts";
import { callee, callNow, caller, callsComeFrom, crash, type FarEnd, hangUp, heardBy, scene, type Scene } from "./scene.ts";

/** A language of plans: a list of texts to speak, each cut short by a tone. */
const planFormats: PlanFormats = {
  texts: (answer) => (isTexts(answer) ? flowOf(answer.texts.map((text) => ({ verb: "say", text, bargeIn: true }) as const)) : undefined),
};

function isTexts(answer: Json): answer is { readonly texts: readonly string[] } {
  return typeof answer === "object" && answer !== null && "texts" in answer && Array.isArray(answer["texts"]);
}

type Node = FlowDocument["nodes"][string];

/** Each node leads to the next by `done`. */
function flowOf(nodes: readonly Node[]): FlowDocument {
  const named = nodes.map((node, index) => [`n${index}`, { ...node, exits: { done: `n${index + 1}` } }] as const);
  const last = [`n${nodes.length}`, { verb: "hang-up" }] as const;
  return { start: "n0", nodes: Object.fromEntries<Node>([...named, last]) };
}

const gather: Node = {
  verb: "gather",
  url: "https://app.example/tones",
  body: { call: "{{ call.id | uuid }}", from: "{{ call.from }}" },
  tonesAs: "tones",
  maxDigits: 30,
  submitOnHash: true,
  format: "texts",
  atEnd: "digits",
};

type Called = Scene & { readonly first: FarEnd; readonly call: Call };

async function called(nodes: readonly Node[]): Promise<Called> {
  const at = await scene(flowOf(nodes), { answersAfterMs: 500 }, {}, { planFormats });
  await callsComeFrom(at.house, "192.0.2.50");
  const first = caller(at, "192.0.2.50", { to: ownedNumber });
  await at.clock.advanceAsync(200);
  return { ...at, first, call: await callNow(at) };
}

async function press(at: Called, tones: string): Promise<void> {
  const [legId = ""] = Object.keys(at.call.legs);
  for (const digit of tones) at.house.media.happen(at.call.id, legId, { kind: "digit", digit, durationMs: 80 });
  await at.clock.advanceAsync(50);
}

async function reply(at: Called, status: number, body: Json): Promise<void> {
  at.house.requests.at(-1)?.answer({ status, body, ...(status === 0 && { error: "timeout" }) });
  await at.clock.advanceAsync(50);
}

async function promptEnds(at: Called, reason: "finished" | "digit" = "finished"): Promise<void> {
  const [legId = ""] = Object.keys(at.call.legs);
  at.house.media.happen(at.call.id, legId, { kind: "prompt-ended", promptId: heardBy(at, at.call)[0] ?? "", reason, playedMs: 100 });
  await at.clock.advanceAsync(50);
}

const bodies = (at: Called) => at.house.requests.map(({ request }) => JSON.parse(request.body ?? "null") as Json);

function speaks({ house, call }: Called): string | undefined {
  const source = house.media.plans.get(call.id)?.endpoints[0]?.source;
  const item = source?.kind === "prompt" ? source.prompt.items[0] : undefined;
  return item?.kind === "speech" ? item.text : undefined;
}

const owed = (at: Scene) => at.journal.records.flatMap(({ outbox = [] }) => outbox);

test("an entry is posted with the call's id as a UUID, and the plan that comes back is what is heard at once", async () => {
  const at = await called([gather, { verb: "say", text: "Enter your number" }]);
  await press(at, "42#");
  expect(at.house.requests.map(({ request }) => request)).toMatchObject([
    { method: "POST", url: "https://app.example/tones", headers: { "Content-Type": "application/json" } },
  ]);
  expect(bodies(at)).toEqual([{ call: uuidOf(at.call.id), from: "+4930900", tones: "42" }]);
  expect(speaks(at)).toBe("Enter your number");
  await reply(at, 200, { texts: ["Forty-two"] });
  expect(speaks(at)).toBe("Forty-two");
  expect(storyOf(at.journal, at.call.id).filter((kind) => kind === "script.replaced")).toHaveLength(1);
  await promptEnds(at);
  expect(at.first.log.ends).toEqual(["ended"]);
});

test("the process dies while an answer is awaited: the same request goes out again, and its plan is taken", async () => {
  const at = await called([gather, { verb: "pause", durationMs: 60_000 }]);
  await press(at, "7#");
  await press(at, "8");
  await crash(at, 500);
  expect(at.house.requests.map(({ request: { key, body } }) => [key, body])).toEqual([
    [
      `${at.call.id}-${Object.keys(at.call.parties)[0]}-gathered-1`,
      JSON.stringify({ call: uuidOf(at.call.id), from: "+4930900", tones: "7" }),
    ],
  ]);
  await reply(at, 200, { texts: ["Seven", "Eight"] });
  // The 8 was typed ahead and cuts the first text short.
  expect(bodies(at).at(-1)).toMatchObject({ tones: "8" });
  await reply(at, 0, null);
  expect(speaks(at)).toBe("Eight");
});

test("the process dies after a plan took over: that one goes on, from where it was", async () => {
  const at = await called([gather, { verb: "say", text: "Old" }]);
  await press(at, "1#");
  await reply(at, 200, { texts: ["First", "Second"] });
  await promptEnds(at);
  await crash(at, 2000);
  expect(speaks(at)).toBe("Second");
  await press(at, "5");
  expect(bodies(at)).toMatchObject([{ tones: "5" }]);
});

test("tones that were pressed before a death are posted with those after it", async () => {
  const at = await called([gather, { verb: "say", text: "Old" }]);
  await press(at, "12");
  await crash(at, 500);
  await press(at, "3#");
  expect(bodies(at)).toMatchObject([{ tones: "123" }]);
});

test("a plan that comes while somebody is dialled ends that call and is heard alone", async () => {
  const at = await called([gather, { verb: "dial", to: "+12025550199" }]);
  await at.clock.advanceAsync(1000);
  expect(heardBy(at, at.call)).toHaveLength(2);
  await press(at, "0#");
  await reply(at, 200, { texts: ["Back again"] });
  await at.clock.advanceAsync(500);
  expect(at.far.log.ends).toEqual(["ended"]);
  expect([speaks(at), heardBy(at, at.call).length]).toEqual(["Back again", 1]);
});

test("with the end of the call what was not posted is owed, in the record of the end, and outlives a death", async () => {
  const at = await called([gather, { verb: "say", text: "Old" }]);
  await press(at, "99");
  at.first.usage().bye();
  await at.clock.advanceAsync(2);
  await crash(at, 100);
  const [item] = owed(at);
  expect(owed(at)).toEqual([
    {
      id: `${at.call.id}-${Object.keys(at.call.parties)[0]}-gathered`,
      accountId,
      key: item?.id,
      url: "https://app.example/tones",
      body: { call: uuidOf(at.call.id), from: "+4930900", tones: "99" },
    },
  ]);
  const record = at.journal.records.find(({ outbox }) => outbox !== undefined);
  expect(record?.streams[0]?.events.map(({ kind }) => kind)).toContain("party.left");
});

test.each([
  ["empty", [""]],
  ["nothing", []],
] as const)("at the end %s is owed when the flow says so", async (atEnd, tones) => {
  const at = await called([
    { ...gather, atEnd },
    { verb: "say", text: "Old" },
  ]);
  await press(at, "99");
  await hangUp(at, at.call);
  expect(owed(at).map(({ body }) => (body as { tones: string }).tones)).toEqual(tones);
});

test("a plan that is fetched when the call is answered runs; without one the flow takes its exit", async () => {
  const fetching = { verb: "fetch-plan", url: "https://app.example/plan", body: {}, format: "texts" } as const;
  const document: FlowDocument = {
    start: "f",
    nodes: { f: { ...fetching, exits: { failed: "bye" } }, bye: { verb: "say", text: "Sorry" } },
  };
  for (const [status, body, text] of [
    [200, { texts: ["Fetched"] }, "Fetched"],
    [200, { texts: "no" }, "Sorry"],
    [500, { texts: ["Fetched"] }, "Sorry"],
  ] as const) {
    const at = await scene(document, {}, {}, { planFormats });
    await callsComeFrom(at.house, "192.0.2.50");
    const first = caller(at, "192.0.2.50", { to: ownedNumber });
    await at.clock.advanceAsync(200);
    const there = { ...at, first, call: await callNow(at) };
    await reply(there, status, body);
    expect(speaks(there)).toBe(text);
  }
});

test("a call to a SIP host that may be called runs the document it was given, under a name", async () => {
  const at = await scene(flowOf([]), {}, {}, { sipHosts: ["192.0.2.77"] });
  const far = callee(at, "192.0.2.77", { answersAfterMs: 100 });
  const document = { start: "say", nodes: { say: { verb: "say", text: "Given", repeat: -1 } } };
  const { documentHash } = await import("../../src/flows/validation/canonical-json.ts");
  const order = { by: "u", callerId: { name: "theCompany" }, flow: { document, hash: documentHash(document) }, callback: { url: "x" } };
  const refused = (uri: string) => at.house.calls.originate(accountId, { ...order, to: { kind: "uri", uri } });
  for (const uri of [
    "sip:bob@192.0.2.78",
    "sip:bob@192.0.2.77?Subject=x",
    "sip:bo\r\nb@192.0.2.77",
    "sip:b>b@192.0.2.77",
    "sip:bob@192.0.2.77;transport=ws",
    "sip:192.0.2.77",
    "bob",
  ]) {
    await expect(refused(uri)).rejects.toMatchObject({ code: "CALL_HOST_NOT_ALLOWED" });
  }
  for (const name of ["+12025550100", "", "a".repeat(33), "x>y"]) {
    const named = { ...order, to: "+12025550100", callerId: { name } };
    await expect(at.house.calls.originate(accountId, named)).rejects.toMatchObject({ code: "CALL_CALLER_ID_INVALID" });
  }
  void at.house.calls.originate(accountId, { ...order, to: { kind: "uri", uri: "sip:bob@192.0.2.77" } });
  await at.clock.advanceAsync(500);
  const there = { ...at, first: far, call: await callNow(at) };
  expect(there.call).toMatchObject({ from: "theCompany", to: "sip:bob@192.0.2.77", callback: { url: "x" } });
  expect(speaks(there)).toBe("Given");
  expect(at.house.media.plans.get(there.call.id)?.endpoints[0]?.source).toMatchObject({ prompt: { repeat: -1 } });
  const [invite] = at.network.seen.flatMap(({ message }) => (message.kind === "request" && message.method === "INVITE" ? [message] : []));
  expect([invite?.uri, invite?.headers.get("From")]).toEqual(["sip:bob@192.0.2.77", expect.stringContaining("<sip:theCompany@192.0.2.1>")]);
});
