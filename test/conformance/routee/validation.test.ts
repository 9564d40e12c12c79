/** Every member that may be wrong, alone; and bodies that are none. */
import { beforeAll, describe, expect, test } from "vitest";
import { type RouteeApi, routeeApi, smallConversation } from "../../support/fakes/routee.ts";

let api: RouteeApi;
beforeAll(async () => {
  api = await routeeApi();
});

const plan = (...verbs: readonly unknown[]) => ({ dialPlan: { verbs } });
const say = (changes: object, message: object = {}) =>
  plan({ type: "SAY", message: { text: "Hi", language: "en-US", ...message }, ...changes });
const play = (changes: object) => plan({ type: "PLAY", fileURL: "https://a.example/x.wav", ...changes });
const dial = (changes: object) => plan({ type: "DIAL", from: "+18144043093", to: { phone: "+12025550100" }, ...changes });
const collect = (changes: object) => plan({ type: "COLLECT", eventUrl: "https://a.example/c", ...changes });
const detection = (value: unknown) => ({ machineDetection: value });
const pause = { type: "PAUSE", duration: 1 };
const either = "use either dialPlan or dialPlanUrl";
const e164 = "must be a number in E.164 form, for example +18144043093";
const caller = "must be a number in E.164 form, or a name of letters, digits, spaces, dots, - and _";
const oneOf = "must have exactly one of phone, sip, viber";
const url = "must be an http or https URL";
const strings = "must be a text that is not empty";

test.each<[name: string, changes: object, path: string, message: string]>([
  ["no to", { to: undefined }, "to", "is required"],
  ["to as a text", { to: "+12025550100" }, "to", "must be an object"],
  ["to as a list", { to: [] }, "to", "must be an object"],
  ["to without a member", { to: {} }, "to", oneOf],
  ["to with two", { to: { phone: "+12025550100", sip: "a@b.example" } }, "to", oneOf],
  ["a phone that is none", { to: { phone: "12" } }, "to.phone", e164],
  ["a phone that is a number", { to: { phone: 12025550100 } }, "to.phone", strings],
  ["an empty phone", { to: { phone: " " } }, "to.phone", strings],
  ["a long phone", { to: { phone: "1".repeat(251) } }, "to.phone", "must not be longer than 250 characters"],
  ["a SIP address without user", { to: { sip: "example.com" } }, "to.sip", "must be a SIP address, for example user@example.com:5060"],
  ["a SIP address with headers", { to: { sip: "a@b.example?X=1" } }, "to.sip", "must be a SIP address, for example user@example.com:5060"],
  ["a SIP address with spaces", { to: { sip: "a b@c.example" } }, "to.sip", "must be a SIP address, for example user@example.com:5060"],
  ["Viber", { to: { viber: "306971234567" } }, "to.viber", "cannot be called: no trunk for Viber is configured"],
  ["no from", { from: undefined }, "from", "is required"],
  ["from as a number", { from: 1 }, "from", strings],
  ["a long from", { from: "a".repeat(33) }, "from", "must not be longer than 32 characters"],
  ["a from of another alphabet", { from: "Εταιρεία" }, "from", caller],
  ["a from of punctuation", { from: '"x" <sip:y>' }, "from", caller],
  ["a from that is a short number", { from: "12345" }, "from", caller],
  ["a from that others own", { from: "+12025550111" }, "from", "The caller id must be a number that the account owns."],
  ["neither plan nor address", { dialPlan: undefined }, "dialPlan", either],
  ["both", { dialPlanUrl: "https://a.example/p" }, "dialPlan", either],
  ["a plan as a list", { dialPlan: [] }, "dialPlan", "must be an object"],
  ["a plan without verbs", { dialPlan: {} }, "dialPlan.verbs", "is required"],
  ["no verbs", plan(), "dialPlan.verbs", "must be a list of 1 to 100 items"],
  ["verbs as an object", { dialPlan: { verbs: {} } }, "dialPlan.verbs", "must be a list of 1 to 100 items"],
  ["too many verbs", plan(...Array.from({ length: 101 }, () => pause)), "dialPlan.verbs", "must be a list of 1 to 100 items"],
  ["a verb as a text", plan("PAUSE"), "dialPlan.verbs[0]", "must be an object"],
  ["a verb without type", plan(pause, {}), "dialPlan.verbs[1].type", "is required"],
  ["an unknown verb", plan({ type: "HANGUP" }), "dialPlan.verbs[0].type", "must be one of SAY, PLAY, PAUSE, DIAL, COLLECT"],
  ["a verb in small letters", plan({ type: "say" }), "dialPlan.verbs[0].type", "must be one of SAY, PLAY, PAUSE, DIAL, COLLECT"],
  ["a verb of the prototype", plan({ type: "toString" }), "dialPlan.verbs[0].type", "must be one of SAY, PLAY, PAUSE, DIAL, COLLECT"],
  ["no message", plan({ type: "SAY" }), "dialPlan.verbs[0].message", "is required"],
  ["a message as a text", plan({ type: "SAY", message: "Hi" }), "dialPlan.verbs[0].message", "must be an object"],
  ["no text", say({}, { text: undefined }), "dialPlan.verbs[0].message.text", "is required"],
  ["a blank text", say({}, { text: "\n" }), "dialPlan.verbs[0].message.text", strings],
  ["a long text", say({}, { text: "x".repeat(4001) }), "dialPlan.verbs[0].message.text", "must not be longer than 4000 characters"],
  ["a text of braces", say({}, { text: "{{".repeat(400) }), "dialPlan.verbs[0].message.text", "has too many braces"],
  ["a text with NUL", say({}, { text: "a\0" }), "dialPlan.verbs[0].message.text", "must not contain U+0000 or lone surrogates"],
  ["half a character", say({}, { text: "a\ud800" }), "dialPlan.verbs[0].message.text", "must not contain U+0000 or lone surrogates"],
  ["no language", say({}, { language: undefined }), "dialPlan.verbs[0].message.language", "is required"],
  ["a gender", say({}, { gender: "none" }), "dialPlan.verbs[0].message.gender", "must be one of male, female"],
  ["repeat as a text", say({ repeat: "1" }), "dialPlan.verbs[0].repeat", "must be a whole number from -1 to 1000"],
  ["repeat -2", say({ repeat: -2 }), "dialPlan.verbs[0].repeat", "must be a whole number from -1 to 1000"],
  ["repeat 1001", play({ repeat: 1001 }), "dialPlan.verbs[0].repeat", "must be a whole number from -1 to 1000"],
  ["half a repeat", play({ repeat: 0.5 }), "dialPlan.verbs[0].repeat", "must be a whole number from -1 to 1000"],
  ["bargeIn as a number", play({ bargeIn: 1 }), "dialPlan.verbs[0].bargeIn", "must be true or false"],
  ["no file", play({ fileURL: undefined }), "dialPlan.verbs[0].fileURL", "is required"],
  ["a path", play({ fileURL: "/etc/passwd" }), "dialPlan.verbs[0].fileURL", url],
  ["a file address", play({ fileURL: "file:///etc/passwd" }), "dialPlan.verbs[0].fileURL", url],
  [
    "a long address",
    play({ fileURL: `https://a.example/${"x".repeat(2000)}` }),
    "dialPlan.verbs[0].fileURL",
    "must not be longer than 2000 characters",
  ],
  ["no duration", plan({ type: "PAUSE" }), "dialPlan.verbs[0].duration", "is required"],
  ["length for duration", plan({ type: "PAUSE", length: 5 }), "dialPlan.verbs[0].duration", "is required"],
  ["duration 0", plan({ type: "PAUSE", duration: 0 }), "dialPlan.verbs[0].duration", "must be a whole number from 1 to 3600"],
  ["duration 3601", plan({ type: "PAUSE", duration: 3601 }), "dialPlan.verbs[0].duration", "must be a whole number from 1 to 3600"],
  ["a DIAL without from", dial({ from: undefined }), "dialPlan.verbs[0].from", "is required"],
  ["a DIAL without to", dial({ to: undefined }), "dialPlan.verbs[0].to", "is required"],
  ["a DIAL to nobody", dial({ to: { phone: "x" } }), "dialPlan.verbs[0].to.phone", e164],
  ["DIAL hangupDelay 0", dial({ hangupDelay: 0 }), "dialPlan.verbs[0].hangupDelay", "must be a whole number from 1 to 600"],
  ["DIAL maxDuration 0", dial({ maxDuration: 0 }), "dialPlan.verbs[0].maxDuration", "must be a whole number from 1 to 86400"],
  ["a DIAL's callback", dial({ callback: {} }), "dialPlan.verbs[0].callback.url", "is required"],
  ["a DIAL's record", dial({ record: "yes" }), "dialPlan.verbs[0].record", "must be true or false"],
  ["MP3", dial({ record: true, recordingFormat: "MP3" }), "dialPlan.verbs[0].recordingFormat", "only WAV is supported"],
  ["another format", dial({ recordingFormat: "OGG" }), "dialPlan.verbs[0].recordingFormat", "must be one of MP3, WAV"],
  [
    "recordingCallbackUrl",
    dial({ recordingCallbackUrl: "https://a.example/r" }),
    "dialPlan.verbs[0].recordingCallbackUrl",
    "is not supported",
  ],
  ["a DIAL's detection", dial(detection({ strategy: "Hangup" })), "dialPlan.verbs[0].machineDetection", "is not supported for DIAL"],
  [
    "two DIALs",
    { dialPlan: { verbs: [...dial({}).dialPlan.verbs, ...dial({}).dialPlan.verbs] } },
    "dialPlan.verbs",
    "may have one DIAL only",
  ],
  ["eventUrl", collect({ eventUrl: "a.example" }), "dialPlan.verbs[0].eventUrl", url],
  ["maxDigits 0", collect({ maxDigits: 0 }), "dialPlan.verbs[0].maxDigits", "must be a whole number from 1 to 255"],
  ["maxDigits 256", collect({ maxDigits: 256 }), "dialPlan.verbs[0].maxDigits", "must be a whole number from 1 to 255"],
  ["submitOnHash", collect({ submitOnHash: "#" }), "dialPlan.verbs[0].submitOnHash", "must be true or false"],
  ["dialPlanUrl", { dialPlan: undefined, dialPlanUrl: "ftp://a.example" }, "dialPlanUrl", url],
  ["callback as a number", { callback: 1 }, "callback", "must be an object"],
  ["callback as no URL", { callback: "x" }, "callback", url],
  ["a callback without url", { callback: { strategy: "OnChange" } }, "callback.url", "is required"],
  [
    "a strategy",
    { callback: { url: "https://a.example", strategy: "onchange" } },
    "callback.strategy",
    "must be one of OnChange, OnCompletion",
  ],
  ["hangupDelay 0", { hangupDelay: 0 }, "hangupDelay", "must be a whole number from 1 to 60"],
  ["hangupDelay 61", { hangupDelay: 61 }, "hangupDelay", "must be a whole number from 1 to 60"],
  ["hangupDelay as a text", { hangupDelay: "20" }, "hangupDelay", "must be a whole number from 1 to 60"],
  ["maxDuration 0", { maxDuration: 0 }, "maxDuration", "must be a whole number of at least 1"],
  ["maxDuration beyond int32", { maxDuration: 2 ** 31 }, "maxDuration", "must be a whole number of at least 1"],
  ["machineDetection as a text", detection("Hangup"), "machineDetection", "must be an object"],
  ["no strategy", detection({}), "machineDetection.strategy", "is required"],
  ["another strategy", detection({ strategy: "Wait" }), "machineDetection.strategy", "must be one of Hangup, Continue"],
  ["Continue without eventUrl", detection({ strategy: "Continue" }), "machineDetection.eventUrl", "is required for Continue"],
  ["an eventUrl", detection({ strategy: "Continue", eventUrl: 3 }), "machineDetection.eventUrl", strings],
])("%s", async (_name, changes, path, message) => {
  const { status, body } = await api.ask("POST", "/voice/conversation", smallConversation(changes));
  expect({ status, body }).toEqual({
    status: 400,
    body: { code: "400000000", developerMessage: "Validation Error!", entity: "VoiceConversation", properties: { [path]: message } },
  });
});

test("every mistake is named", async () => {
  const { body } = await api.ask("POST", "/voice/conversation", {
    dialPlan: { verbs: [{ type: "PAUSE" }, { type: "SAY" }] },
    hangupDelay: 0,
  });
  expect(Object.keys(body["properties"] as object)).toEqual([
    "to",
    "from",
    "dialPlan.verbs[0].duration",
    "dialPlan.verbs[1].message",
    "hangupDelay",
  ]);
});

test.each<[name: string, changes: object]>([
  ["hangupDelay 1", { hangupDelay: 1 }],
  ["hangupDelay 60", { hangupDelay: 60 }],
  ["maxDuration 1", { maxDuration: 1 }],
  ["the largest maxDuration", { maxDuration: 2 ** 31 - 1 }],
  ["100 verbs", plan(...Array.from({ length: 100 }, () => pause))],
  ["4000 characters for ever", say({ repeat: -1 }, { text: "x".repeat(4000) })],
  ["what looks like a template", say({ repeat: 1000, bargeIn: "true" }, { text: "{{ call.id }} {% if %}" })],
  ["255 digits", collect({ maxDigits: 255 })],
  ["a COLLECT that tells nobody", collect({ eventUrl: undefined })],
  ["a name as from", { from: "The Company 1.0-b_c" }],
])("limits are part of what is allowed: %s", async (_name, changes) => {
  expect(await api.ask("POST", "/voice/conversation", smallConversation(changes))).toMatchObject({ status: 200 });
});

test("a plan of more than 200,000 characters", async () => {
  const long = plan(...Array.from({ length: 60 }, () => ({ type: "SAY", message: { text: "x".repeat(4000), language: "en-US" } })));
  const { body } = await api.ask("POST", "/voice/conversation", smallConversation(long));
  expect(body["properties"]).toEqual({ "dialPlan.verbs": "must not be longer than 200000 characters" });
});

describe("bodies that are none", () => {
  test.each<[string, object | string | undefined, Record<string, string>, number, object]>([
    ["nothing", undefined, {}, 400, { code: "400000000", properties: { body: "must be an object" } }],
    ["an empty text", "", {}, 400, { code: "400000000", developerMessage: "The body is not JSON." }],
    ["half an object", '{"to":', {}, 400, { code: "400000000", developerMessage: "The body is not JSON." }],
    ["a list", "[]", {}, 400, { code: "400000000", properties: { body: "must be an object" } }],
    ["null", "null", {}, 400, { code: "400000000", properties: { body: "must be an object" } }],
    ["a prototype", '{"__proto__":{"to":1}}', {}, 400, { code: "400000000" }],
    ["another type", "to=1", { "content-type": "text/plain" }, 415, { code: "415000000" }],
    ["a form", "to=1", { "content-type": "application/x-www-form-urlencoded" }, 400, { code: "400000000" }],
    ["more than 1 MiB", JSON.stringify(smallConversation({ more: "x".repeat(1_048_577) })), {}, 413, { code: "413000000" }],
  ])("%s", async (_name, payload, headers, status, body) => {
    const answer = await api.ask("POST", "/voice/conversation", payload, headers);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject(body);
  });
});

test("nothing was called for any of it", async () => {
  const fresh = await routeeApi();
  await fresh.ask("POST", "/voice/conversation", smallConversation({ hangupDelay: 0 }));
  expect((await fresh.views.list(fresh.accountId, {}, { limit: 10 })).items).toEqual([]);
});
