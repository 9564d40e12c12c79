import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { nativeApi, type NativeApi } from "../../../../test/support/fakes/native.ts";

let api: NativeApi;
let callId: string;
beforeEach(async () => {
  api = await nativeApi();
  const call = await api.calls.originate(api.accountId, { by: "x", to: "+12025550100", callerId: api.number, flowId: api.flowId });
  callId = call.id;
});
afterEach(() => api.server.close());

const ask = (method: "POST" | "PATCH" | "DELETE", path: string, body?: object) =>
  api.ask("manager", method, `/v1/calls/${callId}${path}`, body);

const prompt = [
  { say: "Hello", voice: "kal" },
  { play: "https://example.org/a.wav" },
  { pauseMs: 500 },
  { toneHz: 440, durationMs: 100 },
  { networkTone: "busy", durationMs: 3000 },
];
const items = [
  { kind: "speech", text: "Hello", voice: "kal" },
  { kind: "audio", uri: "https://example.org/a.wav" },
  { kind: "silence", durationMs: 500 },
  { kind: "tone", frequencyHz: 440, durationMs: 100 },
  { kind: "network-tone", tone: "busy", durationMs: 3000 },
];

describe("asks the call", () => {
  test.each([
    ["POST", "/announcements", { prompt, volumeDb: -3 }, { kind: "announce", items, volumeDb: -3 }],
    ["POST", "/announcements", { prompt, partyId: "p", repeat: 2 }, { kind: "announce", items, partyId: "p", repeat: 2 }],
    ["DELETE", "/announcements/n", undefined, { kind: "end-announcement", announcementId: "n" }],
    [
      "POST",
      "/parties/p/playback",
      { prompt, repeat: -1, bargeIn: true, positionMs: 1_000 },
      { kind: "play", partyId: "p", items, repeat: -1, bargeIn: true, offsetMs: 1_000 },
    ],
    [
      "PATCH",
      "/parties/p/playback",
      { isPaused: true, positionMs: 0 },
      { kind: "change-playback", partyId: "p", isPaused: true, positionMs: 0 },
    ],
    ["DELETE", "/parties/p/playback", undefined, { kind: "end-playback", partyId: "p" }],
  ] as const)("%s %s", async (method, path, body, command) => {
    const answer = await ask(method, path, body);
    expect([answer.status, answer.body.id]).toEqual([200, callId]);
    expect(api.calls.commands).toEqual([{ ...command, by: api.users.manager.id }]);
  });
});

describe("a prompt that cannot be", () => {
  test.each([
    ["nothing", {}],
    ["two things", { say: "a", pauseMs: 100 }],
    ["a voice of no text", { play: "https://example.org/a.wav", voice: "kal" }],
    ["a tone without an end", { toneHz: 440 }],
    ["a country of nothing", { toneHz: 440, durationMs: 100, country: "DE" }],
    ["a text with a length", { say: "a", durationMs: 100 }],
  ])("%s", async (_what, part) => {
    const { status, body } = await ask("POST", "/announcements", { prompt: [{ say: "fine" }, part] });
    expect([status, body.code, body.errors?.map(({ path }) => path)]).toEqual([400, "API_MEMBER_INVALID", ["prompt.1"]]);
    expect(api.calls.commands).toEqual([]);
  });

  test.each([
    ["none at all", { prompt: [] }, "prompt"],
    ["too loud", { prompt, volumeDb: 21 }, "volumeDb"],
    ["of a wrong type", { prompt: [{ say: 5 }] }, "prompt.0.say"],
  ])("%s", async (_what, body, path) => {
    const answer = await ask("POST", "/announcements", body);
    expect([answer.status, answer.body.errors?.map((error) => error.path)]).toEqual([400, [path]]);
  });
});

test("a change of nothing is refused", async () => {
  expect((await ask("PATCH", "/parties/p/playback", {})).status).toBe(400);
  expect((await ask("PATCH", "/parties/p", {})).status).toBe(400);
});
