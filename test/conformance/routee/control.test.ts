/** The limit of starts, what ends a message, ids that are none, and numbers that take calls. */
import { beforeEach, describe, expect, test } from "vitest";
import { idOfUuid, uuidOf } from "../../../src/kernel/index.ts";
import { validateFlow } from "../../../src/flows/index.ts";
import { type RouteeApi, routeeApi, smallConversation } from "../../support/fakes/routee.ts";

let api: RouteeApi;
beforeEach(async () => {
  api = await routeeApi({ conversationsPerSecond: 1 });
});

async function started(): Promise<{ readonly callId: string; readonly trackingId: string; readonly messageId: string }> {
  const { body } = await api.ask("POST", "/voice/conversation", smallConversation());
  const trackingId = String(body["trackingId"]);
  const callId = idOfUuid(trackingId) ?? "";
  const call = await api.views.get(api.accountId, callId);
  return { callId, trackingId, messageId: uuidOf(Object.keys(call?.parties ?? {})[0] ?? "") };
}

const start = (to = "+12025550100", headers = {}) =>
  api.ask("POST", "/voice/conversation", smallConversation({ to: { phone: to } }), headers);

describe("one conversation a second", () => {
  test("to the same destination", async () => {
    expect((await start()).status).toBe(200);
    api.clock.advance(400);
    const refused = await start();
    expect(refused).toMatchObject({
      status: 429,
      headers: { "retry-after": "1" },
      body: { code: "429013000", developerMessage: "Rate limit exceeded: 1 request per second" },
    });
    api.clock.advance(599);
    expect((await start("12025550100")).status).toBe(429);
    api.clock.advance(1);
    expect((await start()).status).toBe(200);
  });

  test("of the same application only, and to others at once", async () => {
    expect((await start()).status).toBe(200);
    expect((await start("+12025550101")).status).toBe(200);
    const { status } = await start("+12025550100", { authorization: `Bearer ${await api.otherToken()}` });
    // The other account does not own the number it would show.
    expect(status).toBe(400);
  });

  test("what is wrong does not count", async () => {
    expect((await api.ask("POST", "/voice/conversation", smallConversation({ hangupDelay: 0 }))).status).toBe(400);
    expect((await start()).status).toBe(200);
  });

  test("as many as the setting says", async () => {
    const other = await routeeApi({ conversationsPerSecond: 3 });
    const statuses = [];
    for (let count = 0; count < 4; count++) statuses.push((await other.ask("POST", "/voice/conversation", smallConversation())).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
  });
});

const act = (messageId: string, action: unknown) => api.ask("PUT", `/voice/conversation/${messageId}`, { action });

describe("PUT /voice/conversation/{messageId}", () => {
  test("hangup ends what is in progress", async () => {
    const { callId, messageId, trackingId } = await started();
    api.calls.ring(callId);
    expect(await act(messageId, "hangup")).toMatchObject({
      status: 400,
      body: { code: "400013001", developerMessage: "The call is Ringing: hangup is for calls that are InProgress." },
    });
    api.calls.answer(callId);
    expect((await act(messageId, "reject")).body).toMatchObject({ code: "400013001" });
    const answer = await act(messageId, "hangup");
    expect(answer).toMatchObject({
      status: 200,
      body: { messageId, message: "The call was hung up.", createdAt: "2026-01-01T00:00:00.000Z" },
    });
    expect((await api.views.get(api.accountId, callId))?.endedAt).toBeDefined();
    expect((await act(messageId, "hangup")).status).toBe(404);
    expect((await api.ask("GET", `/voice/conversation/${trackingId}`)).status).toBe(200);
  });

  test.each(["inviting", "ringing"])("reject ends what is %s", async (state) => {
    const { callId, messageId } = await started();
    if (state === "ringing") api.calls.ring(callId);
    expect(await act(messageId, "reject")).toMatchObject({ status: 200, body: { message: "The call was rejected." } });
  });

  test("an action that is none", async () => {
    const { messageId } = await started();
    for (const [action, message] of [
      [undefined, "is required"],
      ["Hangup", "must be one of hangup, reject"],
      [1, "must be one of hangup, reject"],
    ]) {
      expect((await act(messageId, action)).body).toMatchObject({ code: "400000000", properties: { action: message } });
    }
    expect((await api.ask("PUT", `/voice/conversation/${messageId}`, "[]")).status).toBe(400);
  });
});

test.each(["x", "8207dc68-e51c-44e8-95d1-a2d87449a2b3", uuidOf("0".repeat(24)), "%00"])("nothing has the id %s", async (id) => {
  for (const url of ["/voice/conversation/", "/voice/tracking/", "/voice/tracking/conversation/"]) {
    expect((await api.ask("GET", `${url}${id}`)).body).toMatchObject({
      code: "404013001",
      developerMessage: expect.stringContaining("not found"),
    });
  }
});

test("a message is found when whoever looks came after it", async () => {
  const { messageId } = await started();
  const later = await routeeApi({ house: api });
  expect((await later.ask("GET", `/voice/tracking/${messageId}`)).body).toMatchObject({ messageId });
});

test("calls that others started are conversations too", async () => {
  const { accountId, users, number, flowId } = api;
  const call = await api.calls.originate(accountId, { by: users.manager.id, to: "+12025550100", callerId: number, flowId, ringMs: 30_000 });
  expect((await api.ask("GET", `/voice/conversation/${uuidOf(call.id)}`)).body).toEqual({
    trackingId: uuidOf(call.id),
    direction: "Outbound",
    from: number,
    to: { phone: "+12025550100" },
    hangupDelay: 30,
    createdAt: "2026-01-01T00:00:00.000Z",
    recordings: [],
  });
});

test("addresses and methods that are none", async () => {
  expect(await api.ask("GET", "/voice/nothing/here/at/all")).toMatchObject({ status: 404, body: { code: "404000000" } });
  expect(await api.ask("DELETE", "/voice/conversation/x")).toMatchObject({
    status: 405,
    headers: { allow: "GET, HEAD, PUT" },
    body: { code: "405000000" },
  });
});

test("a defect says nothing of itself", async () => {
  api.calls.originate = () => Promise.reject(new Error("a secret of the house"));
  const { status, text } = await api.ask("POST", "/voice/conversation", smallConversation());
  expect({ status, text }).toEqual({ status: 500, text: '{"code":"500000000","developerMessage":"Internal error."}' });
});

const address = () => `/numbers/my/${api.number.slice(1)}`;

describe("/numbers/my/{msisdn}", () => {
  const dialplanUrl = "https://app.example/inbound?x=1";

  test("a number gets a flow that asks for a plan", async () => {
    const { body } = await api.ask("GET", address());
    expect(body).toEqual({ trackingId: expect.any(String), msisdn: api.number, services: ["Voice"] });
    const asked = { voiceInboundStrategy: { dialplanUrl }, inboundVoiceCallbackUrl: "https://app.example/events" };
    const answer = await api.ask("PUT", address(), asked);
    expect(answer).toMatchObject({ status: 200, body: { ...body, ...asked } });
    expect((await api.ask("GET", `/numbers/my/${api.number}`)).body).toEqual(answer.body);
    const number = api.directory.numbers.byNumber(api.number);
    const flow = api.directory.flows.get(api.accountId, number?.flowId ?? "");
    expect(validateFlow(flow?.document)).toMatchObject({
      ok: true,
      hash: flow?.hash,
      document: { nodes: { ask: { verb: "fetch-plan", url: dialplanUrl } } },
    });
  });

  test("a change is a new version; what is left out stays", async () => {
    await api.ask("PUT", address(), { voiceInboundStrategy: { dialplanUrl } });
    const { flowId } = api.directory.numbers.byNumber(api.number) ?? {};
    const answer = await api.ask("PUT", address(), { inboundVoiceCallbackUrl: "https://app.example/e" });
    expect(answer.body).toMatchObject({ voiceInboundStrategy: { dialplanUrl }, inboundVoiceCallbackUrl: "https://app.example/e" });
    expect(api.directory.numbers.byNumber(api.number)?.flowId).toBe(flowId);
    expect(api.directory.flows.get(api.accountId, flowId ?? "")?.version).toBe(2);
  });

  test.each([
    [{ forwardCallTo: "12025550100" }, { forwardCallTo: "+12025550100" }, "+12025550100"],
    [{ forwardCallToSip: "sip:a@b.example:5070" }, { forwardCallToSip: "a@b.example:5070" }, "sip:a@b.example:5070"],
  ])("%j leads calls on", async (voiceInboundStrategy, shown, to) => {
    expect((await api.ask("PUT", address(), { voiceInboundStrategy })).body).toMatchObject({ voiceInboundStrategy: shown });
    const { flowId } = api.directory.numbers.byNumber(api.number) ?? {};
    expect(api.directory.flows.get(api.accountId, flowId ?? "")?.document).toMatchObject({ nodes: { forward: { verb: "dial", to } } });
  });

  test("a flow that somebody else gave it is left alone", async () => {
    const number = api.directory.numbers.byNumber(api.number);
    if (number !== undefined) await api.directory.numbers.update({ ...number, flowId: api.flowId });
    const before = api.directory.flows.get(api.accountId, api.flowId);
    await api.ask("PUT", address(), { voiceInboundStrategy: { dialplanUrl } });
    expect(api.directory.flows.get(api.accountId, api.flowId)).toEqual(before);
    expect(api.directory.numbers.byNumber(api.number)?.flowId).not.toBe(api.flowId);
  });

  test.each<[object | string, string, string]>([
    ["[]", "body", "must be an object"],
    [{ voiceInboundStrategy: "x" }, "voiceInboundStrategy", "must be an object"],
    [{ voiceInboundStrategy: {} }, "voiceInboundStrategy", "must have exactly one of dialplanUrl, forwardCallTo, forwardCallToSip"],
    [{ voiceInboundStrategy: { dialplanUrl: "x" } }, "voiceInboundStrategy.dialplanUrl", "must be an http or https URL"],
    [{ voiceInboundStrategy: { forwardCallTo: "x" } }, "voiceInboundStrategy.forwardCallTo", "must be a number in E.164 form"],
    [{ voiceInboundStrategy: { forwardCallToSip: "x" } }, "voiceInboundStrategy.forwardCallToSip", "must be a SIP address"],
    [{ inboundVoiceCallbackUrl: 1 }, "inboundVoiceCallbackUrl", "must be a text that is not empty"],
    [{ inboundSmsCallbackUrl: "https://a.example" }, "inboundSmsCallbackUrl", "numbers here take calls only"],
  ])("%j is refused", async (payload, path, message) => {
    expect(await api.ask("PUT", address(), payload)).toMatchObject({
      status: 400,
      body: { code: "400000000", entity: "Number", properties: { [path]: message } },
    });
  });

  test("a number that the account does not own", async () => {
    expect((await api.ask("GET", "/numbers/my/12025550100")).body).toMatchObject({
      code: "404021001",
      entity: "number",
      value: "12025550100",
    });
  });
});
