import { afterAll, beforeAll, expect, test } from "vitest";
import { nativeApi, type NativeApi } from "../../../../test/support/fakes/native.ts";

let api: NativeApi;
beforeAll(async () => {
  api = await nativeApi();
  const { accountId, users, clock } = api;
  const dates = { accountId, createdAt: clock.now(), updatedAt: clock.now() };
  await api.directory.lines.insert({ ...dates, id: "line", userId: users.user.id, number: "5001" });
});
afterAll(() => api.server.close());

test("a message goes out as its sender's, and every phone's answer is told", async () => {
  const answer = await api.ask("manager", "POST", "/v1/messages", { to: "5001", text: "Lunch?" });
  expect([answer.status, answer.body.deliveries]).toEqual([200, [{ phone: "5001", status: 200 }]]);
  expect(api.messages.sent).toEqual([{ accountId: api.accountId, by: api.users.manager.id, to: "5001", text: "Lunch?" }]);
});

test.each([
  ["nobody of that name", { to: "5999", text: "x" }, 422, "CALL_DESTINATION_UNKNOWN"],
  ["a text with more bytes than letters", { to: "5001", text: "\u00fc".repeat(401) }, 422, "MESSAGE_TOO_LARGE"],
  ["no text", { to: "5001", text: "" }, 400, "API_MEMBER_INVALID"],
])("%s is refused", async (_name, payload, status, code) => {
  const answer = await api.ask("user", "POST", "/v1/messages", payload);
  expect([answer.status, answer.body.code]).toEqual([status, code]);
});
