/** What a customer is told of real calls: which statuses, in which order and shape, and of which leg. */
import { describe, expect, test } from "vitest";
import { uuidOf } from "../../../src/kernel/index.ts";
import { callNow, caller, callsComeFrom, type Behaviour } from "../../scenario/scene.ts";
import { ownedNumber } from "../../support/call-house.ts";
import { customer, events } from "./customer.ts";

const hour = 3_600_000;

describe.each<[name: string, behaviour: Behaviour, changes: object, statuses: readonly string[]]>([
  ["answered until the plan ends", { answersAfterMs: 1000 }, {}, ["Queued", "Initiated", "Ringing", "InProgress", "Completed"]],
  [
    "answered until maxDuration",
    { answersAfterMs: 1000 },
    { maxDuration: 2 },
    ["Queued", "Initiated", "Ringing", "InProgress", "Completed"],
  ],
  ["busy", { rejectsWith: 486 }, {}, ["Queued", "Initiated", "Ringing", "Busy"]],
  ["busy everywhere", { rejectsWith: 600 }, {}, ["Queued", "Initiated", "Ringing", "Busy"]],
  ["not answered within hangupDelay", {}, { hangupDelay: 3 }, ["Queued", "Initiated", "Ringing", "NoAnswer"]],
  ["not available", { rejectsWith: 480 }, {}, ["Queued", "Initiated", "Ringing", "NoAnswer"]],
  ["declined", { rejectsWith: 603 }, {}, ["Queued", "Initiated", "Ringing", "NoAnswer"]],
  ["forbidden", { rejectsWith: 403 }, {}, ["Queued", "Initiated", "Ringing", "Failed"]],
  ["not found", { rejectsWith: 404 }, {}, ["Queued", "Initiated", "Ringing", "Failed"]],
  ["out of order", { rejectsWith: 503 }, {}, ["Queued", "Initiated", "Ringing", "Failed"]],
])("%s", (_name, behaviour, changes, statuses) => {
  test("OnChange tells every status", async () => {
    const at = await customer(behaviour);
    await at.start(changes, hour);
    expect(at.statuses()).toEqual(statuses);
  });

  test("OnCompletion tells the last", async () => {
    const at = await customer(behaviour);
    await at.start({ ...changes, callback: { url: events, strategy: "OnCompletion" } }, hour);
    expect(at.statuses()).toEqual(statuses.slice(-1));
  });
});

test("the shape, the times and the duration", async () => {
  const at = await customer();
  const call = await at.start({ from: "theCompany" }, 20_000);
  const [message = ""] = Object.keys(call.parties);
  const told = at.told();
  const body = (name: string, updatedDate: unknown, duration: number) => ({
    messageId: uuidOf(message),
    conversationTrackingId: uuidOf(call.id),
    to: "+12025550100",
    from: "theCompany",
    status: { name, updatedDate },
    direction: "Outbound",
    originatingService: "VoiceConversation",
    respectQuietHours: false,
    duration,
  });
  const created = new Date(call.createdAt).toISOString();
  const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(told.map(({ body: sent }) => sent)).toEqual([
    body("Queued", created, 0),
    body("Initiated", created, 0),
    body("Ringing", iso, 0),
    body("InProgress", iso, 0),
    body("Completed", iso, 5),
  ]);
  expect(Object.keys(told.at(-1)?.body ?? {})).toEqual(Object.keys(body("", "", 0)));
  const dates = told.map(({ body: sent }) => (sent["status"] as { readonly updatedDate: string }).updatedDate);
  expect(dates).toEqual(dates.toSorted());
  // One key, so that they arrive in order, and ids of their own.
  expect([new Set(told.map(({ key }) => key)).size, new Set(told.map(({ id }) => id)).size]).toEqual([1, 5]);
});

test("without a callback nobody is told", async () => {
  const at = await customer();
  await at.start({ callback: undefined }, 20_000);
  expect(at.told()).toEqual([]);
});

test("a hang-up by the far end, and one by the program", async () => {
  const at = await customer();
  await at.start();
  at.far.usage().bye();
  await at.clock.advanceAsync(100);
  expect(at.statuses().at(-1)).toBe("Completed");
  const other = await customer();
  const call = await other.start();
  const [{ messageId } = {}] = await other.messages(call);
  await other.ask("PUT", `/voice/conversation/${String(messageId)}`, { action: "hangup" });
  expect(other.statuses().at(-1)).toBe("Completed");
});

test("the duration of who is still there goes on", async () => {
  const at = await customer();
  const call = await at.start();
  await at.clock.advanceAsync(3000);
  expect(await at.messages(call)).toMatchObject([{ status: { status: "InProgress" }, duration: 3 }]);
});

test("reject before the answer is no answer", async () => {
  const at = await customer({});
  const call = await at.start();
  const [{ messageId } = {}] = await at.messages(call);
  const { status } = await at.ask("PUT", `/voice/conversation/${String(messageId)}`, { action: "reject" });
  await at.clock.advanceAsync(1000);
  expect({ status, statuses: at.statuses() }).toEqual({ status: 200, statuses: ["Queued", "Initiated", "Ringing", "NoAnswer"] });
});

test("nobody is there at all", async () => {
  const at = await customer();
  await at.house.addTrunk({ id: "d".repeat(24), host: "192.0.2.77", prefixes: ["+1202555017"] });
  await at.start({ to: { phone: "+12025550170" }, hangupDelay: 60 }, hour);
  expect(at.statuses()).toEqual(["Queued", "Initiated", "Unknown"]);
});

test("a number that no trunk takes", async () => {
  const at = await customer();
  for (const { id } of at.house.directory.trunks.list("a".repeat(24))) await at.house.directory.trunks.remove("a".repeat(24), id);
  await at.start();
  expect(at.statuses()).toEqual(["Queued", "Failed"]);
});

const dialled = "https://app.example/dial";

const dialling = (dial: object = {}) => ({
  dialPlan: {
    verbs: [
      { type: "DIAL", from: "+18144043093", to: { phone: "+12025550190" }, callback: { url: dialled, strategy: "OnChange" }, ...dial },
      { type: "SAY", message: { text: "Goodbye", language: "en-US" } },
    ],
  },
});

describe("DIAL", () => {
  test("is told to its own callback, as a message of its own, and the next verb follows", async () => {
    const at = await customer();
    const call = await at.start(dialling());
    await at.clock.advanceAsync(3000);
    expect(at.statuses(dialled)).toEqual(["Queued", "Initiated", "Ringing", "InProgress"]);
    at.second.usage().bye();
    await at.clock.advanceAsync(100);
    expect(at.statuses(dialled).at(-1)).toBe("Completed");
    expect(at.statuses()).toEqual(["Queued", "Initiated", "Ringing", "InProgress"]);
    expect(at.hears(call)).toBe("Goodbye");
    const [first, second] = await at.messages(call);
    expect(at.told(dialled)[0]?.body).toMatchObject({
      messageId: second?.["messageId"],
      conversationTrackingId: uuidOf(call.id),
      to: "+12025550190",
      from: "+18144043093",
      direction: "Outbound",
    });
    expect(first?.["messageId"]).not.toBe(second?.["messageId"]);
    await at.promptEnds(call);
    await at.clock.advanceAsync(100);
    expect(at.statuses().at(-1)).toBe("Completed");
    for (const message of [first, second]) {
      const { status, body } = await at.ask("GET", `/voice/tracking/${String(message?.["messageId"])}`);
      expect({ status, body }).toMatchObject({ status: 200, body: { status: { status: "Completed" }, to: message?.["to"] } });
    }
  });

  test("with maxDuration ends after it", async () => {
    const at = await customer();
    await at.start(dialling({ maxDuration: 2 }), 10_000);
    expect(at.statuses(dialled)).toEqual(["Queued", "Initiated", "Ringing", "InProgress", "Completed"]);
    expect(at.told(dialled).at(-1)?.body["duration"]).toBe(2);
  });

  test("with hangupDelay gives up after it", async () => {
    const at = await customer({ answersAfterMs: 1000 }, {});
    const call = await at.start(dialling({ hangupDelay: 4 }), 10_000);
    expect(at.statuses(dialled)).toEqual(["Queued", "Initiated", "Ringing", "NoAnswer"]);
    expect(at.hears(call)).toBe("Goodbye");
  });

  test("to a SIP address on a host that may be called", async () => {
    const at = await customer();
    await at.start(dialling({ to: { sip: "bob@192.0.2.9" }, callback: { url: dialled, strategy: "OnCompletion" } }), 6000);
    at.far.usage().bye();
    await at.clock.advanceAsync(100);
    expect(at.told(dialled).map(({ body }) => [body["to"], body["status"]])).toEqual([
      ["bob@192.0.2.9", { name: "Completed", updatedDate: expect.any(String) }],
    ]);
  });
});

const eventUrl = "https://app.example/machine";
const conversationAnsweredBy = async (strategy: object, result: "human" | "machine" | "unknown") => {
  const at = await customer();
  const say = { verbs: [{ type: "SAY", message: { text: "Hello you", language: "en-US" } }] };
  const call = await at.start({ machineDetection: strategy, dialPlan: say });
  expect(at.hears(call)).toBeUndefined();
  const [partyId = ""] = Object.keys(call.parties);
  const [legId = ""] = Object.keys(call.legs);
  const detectId = call.parties[partyId]?.detection?.detectId ?? "";
  at.house.media.happen(call.id, legId, { kind: "answered-by", detectId, result });
  await at.clock.advanceAsync(100);
  return { at, call };
};

describe("machine detection", () => {
  test("Hangup: a machine ends the call, a person hears the plan", async () => {
    const machine = await conversationAnsweredBy({ strategy: "Hangup" }, "machine");
    expect(machine.at.statuses().at(-1)).toBe("Completed");
    expect(await machine.at.messages(machine.call)).toMatchObject([{ answeredBy: "MACHINE" }]);
    const human = await conversationAnsweredBy({ strategy: "Hangup" }, "human");
    expect(human.at.hears(human.call)).toBe("Hello you");
    expect(await human.at.messages(human.call)).toMatchObject([{ answeredBy: "HUMAN" }]);
  });

  test("Continue: a machine gets the plan of the eventUrl", async () => {
    const { at, call } = await conversationAnsweredBy({ strategy: "Continue", eventUrl }, "machine");
    const [messageId = ""] = Object.keys(call.parties);
    expect(at.asked()).toEqual([
      {
        url: eventUrl,
        body: {
          messageId: uuidOf(messageId),
          conversationTrackingId: uuidOf(call.id),
          from: "+18144043093",
          to: "+12025550100",
          answeredBy: "MACHINE",
        },
      },
    ]);
    await at.reply(200, { verbs: [{ type: "SAY", message: { text: "Leave word", language: "en-US" } }] });
    expect(at.hears(call)).toBe("Leave word");
  });

  test("Continue without a plan ends the call", async () => {
    const { at } = await conversationAnsweredBy({ strategy: "Continue", eventUrl }, "machine");
    await at.reply(500, null);
    expect(at.statuses().at(-1)).toBe("Failed");
  });
});

describe("calls to a number", () => {
  const inbound = "https://app.example/inbound-events";
  const dialplanUrl = "https://app.example/inbound?a=1";

  async function called() {
    const at = await customer();
    await callsComeFrom(at.house, "192.0.2.50");
    const payload = { voiceInboundStrategy: { dialplanUrl }, inboundVoiceCallbackUrl: inbound };
    expect(await at.ask("PUT", `/numbers/my/${ownedNumber.slice(1)}`, payload)).toMatchObject({ status: 200 });
    const first = caller(at, "192.0.2.50", { to: ownedNumber, from: "+306999999999" });
    await at.clock.advanceAsync(200);
    return { at, first, call: await callNow(at) };
  }

  test("the number's URL is asked for a plan, and its callback is told", async () => {
    const { at, call, first } = await called();
    const [partyId = ""] = Object.keys(call.parties);
    const body = { messageId: uuidOf(partyId), conversationTrackingId: uuidOf(call.id), from: "+306999999999", to: ownedNumber };
    expect(at.asked()).toEqual([{ url: dialplanUrl, body }]);
    await at.reply(200, { verbs: [{ type: "SAY", message: { text: "Welcome", language: "en-US" } }] });
    expect(at.hears(call)).toBe("Welcome");
    expect(at.statuses(inbound)).toEqual(["Ringing", "InProgress"]);
    first.usage().bye();
    await at.clock.advanceAsync(100);
    expect(at.statuses(inbound)).toEqual(["Ringing", "InProgress", "Completed"]);
    expect(at.told(inbound)[0]?.body).toMatchObject({ ...body, direction: "Inbound" });
    expect((await at.ask("GET", `/voice/conversation/${uuidOf(call.id)}`)).body).toMatchObject({
      direction: "Inbound",
      from: "+306999999999",
    });
  });

  test("without a plan the call is dropped", async () => {
    const { at, first } = await called();
    await at.reply(0, null);
    await at.clock.advanceAsync(1000);
    expect(first.log.ends).toEqual(["ended"]);
    expect(at.statuses(inbound)).toEqual(["Ringing", "InProgress", "Failed"]);
  });
});

test("a restart neither loses nor repeats what is told", async () => {
  const at = await customer({ answersAfterMs: 2000 });
  await at.start({}, 500);
  await at.restart();
  await at.clock.advanceAsync(20_000);
  expect(at.statuses()).toEqual(["Queued", "Initiated", "Ringing", "InProgress", "Completed"]);
  expect(new Set(at.told().map(({ id }) => id)).size).toBe(5);
});
