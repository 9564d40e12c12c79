/** The vendor's page "Perform a voice conversation": the same fields in the same order and of the same types. */
import { beforeAll, expect, test } from "vitest";
import { isId, idOfUuid } from "../../../src/kernel/index.ts";
import { type RouteeApi, routeeApi, smallConversation } from "../../support/fakes/routee.ts";

let api: RouteeApi;
beforeAll(async () => {
  api = await routeeApi();
});

const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
const say = { type: "SAY", message: { language: "en-US", gender: "female", text: "Please hold." } };

/** All that the page has a row for. */
const whole = {
  from: "theCompany",
  to: { phone: "+12025550100" },
  dialPlan: {
    verbs: [
      say,
      { type: "PLAY", fileURL: "https://a.example/x.wav" },
      { type: "PAUSE", duration: 2 },
      { type: "DIAL", from: "+12012000001", to: { phone: "+12012000002" } },
      { type: "COLLECT", eventUrl: "https://a.example/collect?attempt=1" },
    ],
  },
  callback: { url: "https://app.example/events", strategy: "OnChange" },
  maxDuration: 600,
  machineDetection: { strategy: "Continue", eventUrl: "https://app.example/machine" },
};

test("a whole conversation is echoed with its defaults", async () => {
  const { status, headers, text, body } = await api.ask("POST", "/voice/conversation", whole);
  expect({ status, type: headers["content-type"] }).toEqual({ status: 200, type: "application/json; charset=utf-8" });
  const dialPlan = {
    verbs: [
      { ...say, repeat: 0, bargeIn: false },
      { type: "PLAY", fileURL: "https://a.example/x.wav", repeat: 0, bargeIn: false },
      { type: "PAUSE", duration: 2 },
      { type: "DIAL", from: "+12012000001", to: { phone: "+12012000002" }, record: false },
      { type: "COLLECT", eventUrl: "https://a.example/collect?attempt=1", maxDigits: 30, submitOnHash: false },
    ],
  };
  expect(body).toEqual({
    trackingId: uuid,
    direction: "Outbound",
    from: "theCompany",
    to: { phone: "+12025550100" },
    dialPlan,
    dialPlans: [dialPlan],
    callback: whole.callback,
    hangupDelay: 20,
    createdAt: "2026-01-01T00:00:00.000Z",
    maxDuration: 600,
    machineDetection: whole.machineDetection,
  });
  const rows = ["trackingId", "direction", "from", "to", "dialPlan", "dialPlans", "callback", "hangupDelay", "createdAt", "maxDuration"];
  expect(Object.keys(JSON.parse(text) as object)).toEqual([...rows, "machineDetection"]);
});

test("what was not asked for is left out, not null", async () => {
  const { body } = await api.ask("POST", "/voice/conversation", {
    from: "18144043093",
    to: { phone: "12025550100" },
    dialPlanUrl: "https://app.example/plan",
  });
  expect(body).toEqual({
    trackingId: uuid,
    direction: "Outbound",
    from: "+18144043093",
    to: { phone: "+12025550100" },
    dialPlanUrl: "https://app.example/plan",
    hangupDelay: 20,
    createdAt: expect.any(String),
  });
});

test("a SIP address, with and without its scheme", async () => {
  for (const sip of ["user@example.com:55080", "sip:user@example.com:55080"]) {
    const { status, body } = await api.ask("POST", "/voice/conversation", smallConversation({ to: { sip } }));
    expect({ status, to: body["to"] }).toEqual({ status: 200, to: { sip: "user@example.com:55080" } });
  }
});

test("a bare URL as callback, booleans as texts", async () => {
  const collect = { type: "COLLECT", eventUrl: "https://a.example/c", maxDigits: 4, submitOnHash: "true" };
  const { body } = await api.ask(
    "POST",
    "/voice/conversation",
    smallConversation({ callback: "https://a.example/e", dialPlan: { verbs: [collect] } }),
  );
  expect(body["callback"]).toEqual({ url: "https://a.example/e", strategy: "OnCompletion" });
  expect(body["dialPlan"]).toEqual({ verbs: [{ ...collect, submitOnHash: true }] });
});

test("members that are unknown are passed over, null counts as left out", async () => {
  const { status, body } = await api.ask(
    "POST",
    "/voice/conversation",
    smallConversation({ dialPlanUrl: null, callback: null, colour: "red" }),
  );
  expect({ status, colour: body["colour"], callback: body["callback"] }).toEqual({ status: 200 });
});

test("ids are the call's and its parties' own", async () => {
  const { body } = await api.ask("POST", "/voice/conversation", smallConversation());
  const callId = idOfUuid(String(body["trackingId"]));
  expect(callId !== undefined && isId(callId)).toBe(true);
  const call = await api.views.get(api.accountId, callId ?? "");
  const tracking = await api.ask("GET", `/voice/tracking/conversation/${String(body["trackingId"])}`);
  const [message] = tracking.body["content"] as readonly Record<string, unknown>[];
  expect(idOfUuid(String(message?.["messageId"]))).toBe(Object.keys(call?.parties ?? {})[0]);
});

test("a conversation and its messages are read", async () => {
  const { body } = await api.ask("POST", "/voice/conversation", whole);
  const trackingId = String(body["trackingId"]);
  const read = await api.ask("GET", `/voice/conversation/${trackingId}`);
  expect(read.body).toEqual({ ...body, recordings: [] });
  api.clock.advance(1000);
  api.calls.ring(idOfUuid(trackingId) ?? "");
  const page = await api.ask("GET", `/voice/tracking/conversation/${trackingId}`);
  const message = {
    messageId: uuid,
    conversationTrackingId: trackingId,
    to: "+12025550100",
    from: "theCompany",
    status: { status: "Ringing", date: "2026-01-01T00:00:01.000Z" },
    originatingService: "VoiceConversation",
    direction: "Outbound",
    duration: 0,
    recordings: [],
  };
  expect(page.body).toEqual({
    content: [message],
    first: true,
    last: true,
    number: 0,
    numberOfElements: 1,
    size: 20,
    totalElements: 1,
    totalPages: 1,
  });
  const [{ messageId } = { messageId: "" }] = page.body["content"] as readonly { messageId: string }[];
  expect((await api.ask("GET", `/voice/tracking/${messageId}`)).body).toEqual(message);
  const second = await api.ask("GET", `/voice/tracking/conversation/${trackingId}?page=1&size=1`);
  expect(second.body).toMatchObject({ content: [], number: 1, size: 1, totalElements: 1, first: false, last: true });
  expect((await api.ask("GET", `/voice/tracking/conversation/${trackingId}?size=0`)).body).toMatchObject({
    code: "400000000",
    properties: { size: "must be a whole number from 1 to 100" },
  });
});

test("languages that no voice speaks are told in the tracking", async () => {
  const verbs = ["el-GR", "en-US", "el-GR", "de-DE"].map((language) => ({ type: "SAY", message: { text: "Hi", language } }));
  const { body } = await api.ask("POST", "/voice/conversation", smallConversation({ dialPlan: { verbs } }));
  const page = await api.ask("GET", `/voice/tracking/conversation/${String(body["trackingId"])}`);
  expect(page.body["content"]).toMatchObject([
    { remarks: ["No voice speaks el-GR; en-US is spoken.", "No voice speaks de-DE; en-US is spoken."] },
  ]);
});
