/** Plans on real calls: what is heard, what is asked of the customer's server, and what its answers do. */
import { describe, expect, test } from "vitest";
import { uuidOf } from "../../../src/kernel/index.ts";
import { customer, type Customer } from "./customer.ts";

const eventUrl = "https://app.example/collect?attempt=1";
const dialPlanUrl = "https://app.example/plan";
const say = (text: string, changes: object = {}) => ({ type: "SAY", message: { text, language: "en-US" }, ...changes });
const collect = (changes: object = {}) => ({ type: "COLLECT", eventUrl, ...changes });
const plan = (...verbs: readonly object[]) => ({ dialPlan: { verbs } });
const tones = (at: Customer) => at.asked().map(({ body }) => body["collectedTones"]);
const posted = (at: Customer) => at.told(eventUrl).map(({ body }) => body["collectedTones"]);

test("SAY, PLAY and PAUSE follow each other, then the call ends", async () => {
  const at = await customer();
  const play = { type: "PLAY", fileURL: "https://a.example/x.wav", repeat: 2 };
  const call = await at.start(
    plan(say("{{ call.id }} {% x %}", { repeat: -1, bargeIn: true }), play, { type: "PAUSE", duration: 2 }, say("Bye")),
  );
  const heard = () => at.house.media.plans.get(call.id)?.endpoints[0]?.source;
  expect(heard()).toMatchObject({
    prompt: { items: [{ kind: "speech", text: "{{ call.id }} {% x %}", voice: "slt" }], repeat: -1, bargeIn: true },
  });
  await at.promptEnds(call, "digit");
  expect(heard()).toMatchObject({ prompt: { items: [{ kind: "audio", uri: "https://a.example/x.wav" }], repeat: 2, bargeIn: false } });
  // What cannot be played is passed over.
  await at.promptEnds(call, "failed");
  expect(heard()).toEqual({ kind: "silence" });
  await at.clock.advanceAsync(1900);
  expect(heard()).toEqual({ kind: "silence" });
  await at.clock.advanceAsync(100);
  expect(at.hears(call)).toBe("Bye");
  await at.promptEnds(call);
  expect((await at.now(call)).outcome?.result).toBe("completed");
});

describe("COLLECT", () => {
  test("anywhere in the plan it is for the whole call; # sends the tones before it", async () => {
    const at = await customer();
    const call = await at.start(plan(say("Number?"), collect({ submitOnHash: true }), { type: "PAUSE", duration: 10 }));
    await at.press(call, "12#");
    const [messageId = ""] = Object.keys(call.parties);
    expect(at.asked()).toEqual([
      {
        url: eventUrl,
        body: {
          messageId: uuidOf(messageId),
          conversationTrackingId: uuidOf(call.id),
          from: "+18144043093",
          to: "+12025550100",
          collectedTones: "12",
        },
      },
    ]);
    await at.reply(200, plan(say("Thanks")).dialPlan);
    expect(at.hears(call)).toBe("Thanks");
  });

  test("of several the last counts", async () => {
    const at = await customer();
    const call = await at.start(
      plan(collect(), { type: "PAUSE", duration: 9 }, collect({ eventUrl: "https://app.example/b", maxDigits: 1 })),
    );
    await at.press(call, "1");
    expect(at.asked().map(({ url }) => url)).toEqual(["https://app.example/b"]);
  });

  test("maxDigits sends too; without either nothing is sent before the end", async () => {
    const at = await customer();
    const call = await at.start(plan(collect({ maxDigits: 2 }), { type: "PAUSE", duration: 9 }));
    await at.press(call, "123");
    expect(tones(at)).toEqual(["12"]);
    const other = await customer();
    const quiet = await other.start(plan(collect(), { type: "PAUSE", duration: 9 }));
    await other.press(quiet, "12#3");
    expect(other.asked()).toEqual([]);
    expect(await other.messages(quiet)).toMatchObject([{ collectedTones: "12#3" }]);
  });

  test("a tone during a verb with bargeIn sends all tones so far, and stops it", async () => {
    const at = await customer();
    const call = await at.start(plan(collect(), say("Listen"), say("Menu", { bargeIn: true }), say("After")));
    await at.press(call, "1");
    expect([tones(at), at.hears(call)]).toEqual([[], "Listen"]);
    await at.promptEnds(call);
    await at.promptEnds(call, "digit");
    await at.press(call, "2");
    expect(tones(at)).toEqual(["12"]);
    // No valid plan: the old one goes on.
    await at.reply(200, { hello: "world" });
    expect(at.hears(call)).toBe("After");
  });

  test("the end of the call sends an empty text, whatever was pressed", async () => {
    const at = await customer();
    const call = await at.start(plan(collect(), { type: "PAUSE", duration: 2 }));
    await at.press(call, "12");
    await at.clock.advanceAsync(5000);
    expect(posted(at)).toEqual([""]);
    expect(at.told(eventUrl)[0]?.body).toMatchObject({ conversationTrackingId: uuidOf(call.id), to: "+12025550100" });
  });

  test("goes on in the plan that takes over", async () => {
    const at = await customer();
    const call = await at.start(plan(collect({ maxDigits: 1 }), { type: "PAUSE", duration: 9 }));
    await at.press(call, "1");
    await at.reply(200, plan({ type: "PAUSE", duration: 9 }).dialPlan);
    await at.press(call, "2");
    expect(tones(at)).toEqual(["1", "2"]);
  });

  test("a plan that ends while an answer is awaited waits for it", async () => {
    const at = await customer();
    const call = await at.start(plan(collect({ submitOnHash: true }), { type: "PAUSE", duration: 1 }), 1400);
    await at.press(call, "1#");
    await at.clock.advanceAsync(2000);
    await at.reply(200, plan(say("Late but there")).dialPlan);
    expect(at.hears(call)).toBe("Late but there");
  });
});

describe("dialPlanUrl", () => {
  test("is asked when the call is answered, and not before", async () => {
    const at = await customer({ answersAfterMs: 3000 });
    const call = await at.start({ dialPlan: undefined, dialPlanUrl }, 2000);
    expect(at.asked()).toEqual([]);
    await at.clock.advanceAsync(2000);
    const [messageId = ""] = Object.keys(call.parties);
    const body = { messageId: uuidOf(messageId), conversationTrackingId: uuidOf(call.id), from: "+18144043093", to: "+12025550100" };
    expect(at.asked()).toEqual([{ url: dialPlanUrl, body }]);
    await at.reply(200, plan(say("Γειά", { message: { text: "Γειά", language: "el-GR" } })).dialPlan);
    expect(at.hears(call)).toBe("Γειά");
    expect(await at.messages(call)).toMatchObject([{ remarks: ["No voice speaks el-GR; en-US is spoken."] }]);
  });

  test("is told SIP addresses as they were given", async () => {
    const at = await customer();
    await at.start({ dialPlan: undefined, dialPlanUrl, to: { sip: "bob@192.0.2.9" } });
    expect(at.asked()).toMatchObject([{ body: { to: "bob@192.0.2.9" } }]);
    expect(at.told()[0]?.body).toMatchObject({ to: "bob@192.0.2.9" });
  });

  test.each<[name: string, status: number, answer: unknown]>([
    ["late", 0, null],
    ["an error", 500, plan(say("x")).dialPlan],
    ["no plan", 200, { verbs: [] }],
    ["a plan with a mistake", 200, { verbs: [say("x"), { type: "HANGUP" }] }],
    ["a text", 200, "<html>"],
    ["two DIALs", 200, { verbs: [1, 2].map(() => ({ type: "DIAL", from: "a", to: { phone: "+12025550100" } })) }],
  ])("%s: the call is dropped as Failed", async (_name, status, answer) => {
    const at = await customer();
    await at.start({ dialPlan: undefined, dialPlanUrl });
    await at.reply(status, answer);
    await at.clock.advanceAsync(1000);
    expect(at.statuses()).toEqual(["Queued", "Initiated", "Ringing", "InProgress", "Failed"]);
    expect(at.house.requests).toHaveLength(1);
  });
});
