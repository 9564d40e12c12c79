import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { nativeApi, type NativeApi } from "../../../../test/support/fakes/native.ts";
import type { LegMessage } from "../../../calls/index.ts";

let api: NativeApi;
let callId: string;

const us = { address: "192.0.2.1", port: 5060 };
const far = { address: "192.0.2.9", port: 5062 };
const startMs = Date.UTC(2026, 0, 1);

function message(order: number, direction: "sent" | "received", start: string): LegMessage {
  const text = `${start}\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=a\r\nTo: <sip:b@h>\r\nCall-ID: c@h\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n`;
  return {
    order,
    at: startMs + order * 10,
    direction,
    protocol: "udp",
    local: us,
    remote: far,
    callId: "c@h",
    legId: "leg-1",
    bytes: Buffer.from(text),
  };
}

beforeEach(async () => {
  api = await nativeApi();
  const { body } = await api.ask("manager", "POST", "/v1/calls", { to: "+12025550100", callerId: api.number, flowId: api.flowId });
  callId = body.id;
  const invite = message(1, "sent", "INVITE sip:b@h SIP/2.0");
  api.traces.messages.set(callId, [invite, { ...invite, order: 2, at: startMs + 510 }, message(60, "received", "SIP/2.0 200 OK")]);
});
afterEach(() => api.server.close());

test("as JSON", async () => {
  const { status, body } = await api.ask("manager", "GET", `/v1/calls/${callId}/trace`);
  expect(status).toBe(200);
  expect(body).toMatchObject({ callId, keeping: "no" });
  expect(body.messages).toHaveLength(3);
  expect(body.messages[0]).toEqual({
    at: "2026-01-01T00:00:00.010Z",
    sinceMs: 0,
    direction: "sent",
    protocol: "udp",
    from: us,
    to: far,
    method: "INVITE",
    status: null,
    reason: null,
    sipCallId: "c@h",
    legId: "leg-1",
    repeatOf: null,
    text: expect.stringMatching(/^INVITE sip:b@h SIP\/2.0\r\nVia/),
  });
  expect(body.messages[1]).toMatchObject({ sinceMs: 500, repeatOf: 0 });
  expect(body.messages[2]).toMatchObject({
    direction: "received",
    from: far,
    to: us,
    method: "INVITE",
    status: 200,
    reason: "OK",
    repeatOf: null,
  });
});

test("as a ladder", async () => {
  const { status, headers, text } = await api.ask("manager", "GET", `/v1/calls/${callId}/trace.txt`);
  expect([status, headers["content-type"]]).toEqual([200, "text/plain; charset=us-ascii"]);
  expect(text.split("\n")[0]).toBe(`call ${callId}: ${api.number} to +12025550100`);
  expect(text).toMatch(/500 .*INVITE \(again\)/);
});

test("as a capture file", async () => {
  const { status, headers } = await api.ask("manager", "GET", `/v1/calls/${callId}/trace.pcap`);
  expect([status, headers["content-type"]]).toEqual([200, "application/vnd.tcpdump.pcap"]);
  expect(headers["content-disposition"]).toBe(`attachment; filename="${callId}.pcap"`);
});

test("is kept when that is asked for", async () => {
  const { status, body } = await api.ask("manager", "POST", `/v1/calls/${callId}/trace`);
  expect([status, body.keeping]).toEqual([200, "until-its-end"]);
  expect((await api.ask("manager", "GET", `/v1/calls/${callId}/trace`)).body.keeping).toBe("until-its-end");
});

describe.each(["GET /trace", "GET /trace.txt", "GET /trace.pcap", "POST /trace"])("%s", (route) => {
  const [method, path] = route.split(" ") as ["GET", string];

  test("is not for users, whose callers may wish to be anonymous, and not there in another account", async () => {
    expect((await api.ask("user", method, `/v1/calls/${callId}${path}`)).body.code).toBe("API_ROLE_MISSING");
    const call = await api.views.get(api.accountId, callId);
    if (call !== undefined) api.views.put({ ...call, accountId: "another" });
    const { status, body } = await api.ask("administrator", method, `/v1/calls/${callId}${path}`);
    expect([status, body.code]).toEqual([404, "CALL_NOT_FOUND"]);
  });
});
