import { beforeEach, describe, expect, test } from "vitest";
import { type EvoApi, evoApi } from "../../../../../test/support/fakes/evo.ts";

let api: EvoApi;
beforeEach(async () => {
  api = await evoApi();
});

describe("POST /sessions/outgoing", () => {
  test("starts a call, answers nothing, and names the session", async () => {
    const order = { flowId: api.flowId, numberToDial: "+12025550100", callerId: api.number };
    const { status, text, headers } = await api.ask("manager", "POST", "/sessions/outgoing", order);
    expect({ status, text, vary: headers["vary"] }).toEqual({ status: 204, text: "", vary: "Accept" });
    expect(headers["content-type"]).toBeUndefined();
    const { body } = await api.ask("manager", "GET", String(headers["location"]));
    expect(body).toMatchObject({
      callState: "Ringing",
      toAddress: "+12025550100",
      fromAddress: api.number,
      createdBy: api.users.manager.id,
    });
  });

  test("shows one of the account's numbers when none is named", async () => {
    const { headers } = await api.ask("administrator", "POST", "/sessions/outgoing", { flowId: api.flowId, numberToDial: "+12025550100" });
    const { body } = await api.ask("administrator", "GET", String(headers["location"]));
    expect(body.fromAddress).toBe(api.number);
    const [row] = api.directory.numbers.list(api.accountId);
    await api.directory.numbers.remove(api.accountId, row?.id ?? "");
    const refused = await api.ask("administrator", "POST", "/sessions/outgoing", { flowId: api.flowId, numberToDial: "+12025550100" });
    expect(refused).toMatchObject({
      status: 400,
      body: { responseStatus: { errorCode: "InvalidCallerId", errors: [{ fieldName: "CallerId" }] } },
    });
  });

  test("takes a number that no trunk takes", async () => {
    const { status, headers } = await api.ask("manager", "POST", "/sessions/outgoing", {
      flowId: api.flowId,
      numberToDial: "+493012345678",
    });
    expect(status).toBe(204);
    const { body } = await api.ask("manager", "GET", String(headers["location"]));
    expect(body).toMatchObject({ ended: true, callState: "Disconnected", dialState: "None", outcome: "No Route", wasMissed: false });
  });

  test("names everything that is wrong at once", async () => {
    const { status, body } = await api.ask("manager", "POST", "/sessions/outgoing", {
      flowId: "x",
      numberToDial: "5550100",
      callerId: "+12025550199",
    });
    expect(status).toBe(400);
    expect(body.responseStatus).toEqual({
      errorCode: "InvalidFlowId",
      message: "There is no flow with this id.",
      errors: [
        { errorCode: "InvalidFlowId", fieldName: "FlowId", message: "There is no flow with this id." },
        {
          errorCode: "InvalidNumberToDial",
          fieldName: "NumberToDial",
          message: "The number must be in E.164 form, for example +18144043093.",
        },
        { errorCode: "InvalidCallerId", fieldName: "CallerId", message: "The caller id must be a number that the account owns." },
      ],
    });
  });

  test("needs a flow and a number", async () => {
    const { status, body } = await api.ask("manager", "POST", "/sessions/outgoing");
    expect(status).toBe(400);
    expect(body.responseStatus?.errors.map(({ errorCode, fieldName }) => `${errorCode} ${fieldName}`)).toEqual([
      "NotEmpty FlowId",
      "NotEmpty NumberToDial",
    ]);
  });
});

describe("reading", () => {
  test("the whole of a session", async () => {
    const { id, createdAt } = await api.startCall();
    const [leg] = Object.values(api.calls.answer(id).legs);
    const [endpoint] = api.directory.numbers.list(api.accountId);
    const { text } = await api.ask("manager", "GET", `/sessions/${id}`);
    const date = `${new Date(createdAt).toISOString().slice(0, 19)}Z`;
    expect(JSON.parse(text)).toEqual({
      dialState: "Active",
      callState: "Connected",
      queueState: "None",
      accountId: api.accountId,
      accountName: "Example",
      customerBreadcrumb: [],
      endpointId: endpoint?.id,
      endpointName: api.number,
      destination: "+12025550100",
      toAddress: "+12025550100",
      fromAddress: api.number,
      channel: "Voice",
      ended: false,
      callSid: leg?.id,
      holdReason: "None",
      displayName: "+12025550100",
      log: [],
      members: [
        {
          identity: "+12025550100",
          displayName: "+12025550100",
          isOriginalMember: true,
          callState: "Connected",
          role: "None",
          callSid: leg?.id,
          muted: false,
        },
      ],
      direction: "Outgoing",
      wasMissed: false,
      id,
      dateCreated: date,
      dateLastModified: date,
      createdBy: api.users.manager.id,
    });
    expect(date).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  test("one's own live sessions, with their log", async () => {
    const mine = await api.startCall("user");
    const over = await api.startCall("user");
    await api.startCall("manager");
    api.calls.end(over.id);
    const { body } = await api.ask("user", "GET", "/sessions/my");
    expect(body.sessions?.map(({ id }) => id)).toEqual([mine.id]);
    expect(body.sessions?.[0]?.log).toHaveLength(1);
  });

  test("somebody else's session is refused, another account's does not exist", async () => {
    const theirs = await api.startCall("manager");
    const mine = await api.startCall("user");
    const elsewhere = api.views.put({ ...theirs, id: api.ids.next(), accountId: api.ids.next() });
    for (const method of ["GET", "PATCH", "DELETE"] as const) {
      const refused = await api.ask("user", method, `/sessions/${theirs.id}`);
      expect(refused).toMatchObject({ status: 403, body: { responseStatus: { errorCode: "Forbidden" } } });
      for (const id of [elsewhere.id, api.ids.next(), "unknown"]) {
        const unknown = await api.ask("administrator", method, `/sessions/${id}`);
        expect(unknown).toMatchObject({ status: 404, body: { responseStatus: { errorCode: "NotFound" } } });
      }
    }
    expect((await api.ask("user", "GET", `/sessions/${mine.id}`)).status).toBe(200);
  });

  test("a session in which the user's phone took part is the user's too", async () => {
    const call = await api.startCall("manager");
    const user = { kind: "user", userId: api.users.user.id, name: "User Example" } as const;
    const party = {
      id: api.ids.next(),
      role: "agent",
      address: user,
      joinedAt: call.createdAt,
      ringMs: 1,
      answeredAt: call.createdAt,
      by: "x",
    } as const;
    api.views.put({ ...call, parties: { ...call.parties, [party.id]: party } });
    const { body } = await api.ask("user", "GET", `/sessions/${call.id}`);
    expect(body).toMatchObject({ answeredById: user.userId, answeredByName: user.name });
    expect(body.members?.[1]).toMatchObject({ identity: user.userId, endpointId: user.userId, role: "Agent", isOriginalMember: false });
  });
});

describe("DELETE /sessions/{sessionId}", () => {
  test("hangs up, once", async () => {
    const { id } = await api.startCall("user");
    const { status, text } = await api.ask("user", "DELETE", `/sessions/${id}`);
    expect({ status, text }).toEqual({ status: 204, text: "" });
    expect((await api.ask("user", "GET", `/sessions/${id}`)).body).toMatchObject({ ended: true, outcome: "Completed" });
    expect((await api.ask("user", "DELETE", `/sessions/${id}`)).status).toBe(409);
  });
});

const patch = (id: string, change: object, query = "") => api.ask("manager", "PATCH", `/sessions/${id}${query}`, change);

describe("PATCH /sessions/{sessionId}", () => {
  test("holds with a reason, and takes back", async () => {
    const { id } = await api.startCall();
    api.calls.answer(id);
    const held = await patch(id, { callState: "Hold", holdReason: "Transferring", consoleData: '{"note":1}' });
    expect(held).toMatchObject({ status: 200 });
    expect(held.body).toMatchObject({
      callState: "Hold",
      holdReason: "Transferring",
      heldByUserId: api.users.manager.id,
      consoleData: '{"note":1}',
    });
    expect(held.body.members?.[0]?.callState).toBe("Hold");
    const back = await patch(id, { callState: "Connected", holdReason: "None", queueState: "None" });
    expect(back.body).toMatchObject({ callState: "Connected", holdReason: "None", consoleData: '{"note":1}' });
    expect(back.body.heldByUserId).toBeUndefined();
  });

  test("hangs up after storing data", async () => {
    const { id } = await api.startCall();
    const { status, body } = await patch(id, { callState: "Disconnected", consoleData: "done", holdReason: "None", queueState: "None" });
    expect({ status, ...body }).toMatchObject({ status: 200, ended: true, callState: "Disconnected", consoleData: "done" });
    expect(body.dateCompleted).toMatch(/Z$/);
  });

  test("path, query and form win over the body", async () => {
    const { id } = await api.startCall();
    const { body } = await patch(id, { sessionId: "other", consoleData: "body" }, "?ConsoleData=query,%20{as:it}%20is");
    expect(body).toMatchObject({ id, consoleData: "query, {as:it} is" });
  });

  test.each([
    [{ callState: "Ringing" }, 400, "ArgumentException"],
    [{ callState: "Passive" }, 400, "ArgumentException"],
    [{ callState: 4 }, 400, "ArgumentException"],
    [{ callState: "Up" }, 400, "RequestBindingException"],
    [{ callState: "Hold", consoleData: "x" }, 409, "Conflict"],
    [{ callState: "Connected", consoleData: "x" }, 409, "Conflict"],
    [{ holdReason: "Transferring", consoleData: "x" }, 409, "Conflict"],
    [{ queueState: "Queued", consoleData: "x" }, 409, "Conflict"],
  ])("refuses %j while it rings, and changes nothing", async (change, status, errorCode) => {
    const { id } = await api.startCall();
    const refused = await patch(id, change);
    expect(refused).toMatchObject({ status, body: { responseStatus: { errorCode } } });
    if (status === 400) expect(refused.body.responseStatus?.errors[0]?.fieldName).toBe("CallState");
    expect((await api.ask("manager", "GET", `/sessions/${id}`)).body.consoleData).toBeUndefined();
  });

  test("an ended session is not changed", async () => {
    const { id } = await api.startCall();
    api.calls.end(id);
    for (const change of [{ callState: "Hold" }, { callState: "Disconnected" }, { consoleData: "x" }]) {
      expect(await patch(id, change)).toMatchObject({ status: 409, body: { responseStatus: { errorCode: "Conflict" } } });
    }
    expect(await patch(id, {})).toMatchObject({ status: 200, body: { ended: true } });
  });
});
