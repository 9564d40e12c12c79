/** A flow waits until it is known who answered; what follows depends on it, also when the process dies meanwhile. */
import { expect, test } from "vitest";
import type { Call, Detection } from "../../src/calls/index.ts";
import { documentHash } from "../../src/flows/validation/canonical-json.ts";
import { accountId, ownedNumber, storyOf } from "../support/call-house.ts";
import { crash, heardBy, numberToDial, scene, type Scene } from "./scene.ts";

const saying = (text: string) => ({ start: "say", nodes: { say: { verb: "say", text } } });
const given = (text: string) => ({ document: saying(text), hash: documentHash(saying(text)) });

const hangUp: Detection = { strategy: "hang-up", cutOffMs: 4000 };
const leaveMessage: Detection = { strategy: "continue", flow: given("A message") };

type Answered = Scene & { readonly callId: string };

/** A call that was answered and is being listened to. */
async function answered(detection: Detection): Promise<Answered> {
  const at = await scene(saying("unused"), { answersAfterMs: 1000 });
  const order = { by: "u", to: numberToDial, callerId: ownedNumber, flow: given("For a person"), detection };
  const started = at.house.calls.originate(accountId, order);
  await at.clock.advanceAsync(1500);
  return { ...at, callId: (await started).id };
}

async function callOf({ house, callId }: Answered): Promise<Call> {
  const call = await house.views.get(accountId, callId);
  if (call === undefined) throw new Error("no call");
  return call;
}

async function decides(at: Answered, result: "human" | "machine" | "unknown"): Promise<void> {
  const endpoint = at.house.media.plans.get(at.callId)?.endpoints[0];
  const { detectId = "" } = endpoint?.detect ?? {};
  at.house.media.happen(at.callId, endpoint?.endpointId ?? "", { kind: "answered-by", detectId, result });
  await at.clock.advanceAsync(300);
}

function speaks({ house, callId }: Answered): string | undefined {
  const source = house.media.plans.get(callId)?.endpoints[0]?.source;
  const item = source?.kind === "prompt" ? source.prompt.items[0] : undefined;
  return item?.kind === "speech" ? item.text : undefined;
}

test("until it is decided nothing is heard, and the engine is asked", async () => {
  const at = await answered(hangUp);
  expect(heardBy(at, await callOf(at))).toEqual(["silence"]);
  expect(at.house.media.plans.get(at.callId)?.endpoints[0]?.detect).toMatchObject({ cutOffMs: 4000 });
  expect(storyOf(at.journal, at.callId)).not.toContain("script.started");
});

test.each(["human", "unknown"] as const)("%s: the flow of the call runs", async (result) => {
  for (const detection of [hangUp, leaveMessage]) {
    const at = await answered(detection);
    await decides(at, result);
    expect(speaks(at)).toBe("For a person");
    expect(Object.values((await callOf(at)).parties)[0]).toMatchObject({ answeredBy: result });
    expect(at.house.media.plans.get(at.callId)?.endpoints[0]?.detect).toBeUndefined();
  }
});

test("a machine ends the call, and the outcome says so", async () => {
  const at = await answered(hangUp);
  await decides(at, "machine");
  expect(at.far.log.ends).toEqual(["ended"]);
  expect(await callOf(at)).toMatchObject({ outcome: { result: "completed", side: "local", text: "A machine answered" } });
});

test("a machine gets the other document, when there is one", async () => {
  const at = await answered(leaveMessage);
  await decides(at, "machine");
  expect(speaks(at)).toBe("A message");
  expect(at.far.log.ends).toEqual([]);
});

test("an engine that says nothing is not waited for: unknown", async () => {
  const at = await answered(hangUp);
  await at.clock.advanceAsync(4000);
  expect(speaks(at)).toBeUndefined();
  await at.clock.advanceAsync(1000);
  expect(speaks(at)).toBe("For a person");
});

test("the process dies while it listens: it listens again, and decides as if nothing had been", async () => {
  const at = await answered(leaveMessage);
  await crash(at, 300);
  expect(at.house.media.plans.get(at.callId)?.endpoints[0]?.detect).toMatchObject({ cutOffMs: 5000 });
  await decides(at, "machine");
  expect(speaks(at)).toBe("A message");
});

test("the process was away too long to tell: unknown, at once", async () => {
  const at = await answered(hangUp);
  await crash(at, 10_000);
  await at.clock.advanceAsync(10);
  expect(speaks(at)).toBe("For a person");
});

test("a word of the engine that comes twice, or about something else, changes nothing", async () => {
  const at = await answered(hangUp);
  const endpointId = at.house.media.plans.get(at.callId)?.endpoints[0]?.endpointId ?? "";
  at.house.media.happen(at.callId, endpointId, { kind: "answered-by", detectId: "other", result: "machine" });
  await decides(at, "human");
  at.house.media.happen(at.callId, endpointId, {
    kind: "answered-by",
    detectId: `detect ${Object.keys((await callOf(at)).parties)[0]}`,
    result: "machine",
  });
  await at.clock.advanceAsync(500);
  expect(speaks(at)).toBe("For a person");
});
