import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nativeApi, type NativeApi } from "../../../test/support/fakes/native.ts";

let api: NativeApi;
beforeAll(async () => {
  api = await nativeApi();
});
afterAll(() => api.server.close());

type Case = {
  readonly title: string;
  readonly method?: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  readonly url: string;
  readonly payload?: object | string;
  readonly headers?: Record<string, string>;
  readonly status: number;
  readonly code: string;
  readonly paths?: readonly string[];
};

const call = { to: "+12025550100", flowId: "x" };
const big = JSON.stringify({ data: "x".repeat(1024 * 1024) });

const cases: readonly Case[] = [
  { title: "malformed JSON", url: "/v1/calls", payload: '{"to": ', status: 400, code: "API_BODY_MALFORMED" },
  { title: "a body that poisons prototypes", url: "/v1/calls", payload: '{"__proto__": {}}', status: 400, code: "API_BODY_MALFORMED" },
  { title: "no body", url: "/v1/calls", status: 400, code: "API_MEMBER_INVALID", paths: ["to", "flowId"] },
  { title: "a list for a body", url: "/v1/calls", payload: "[]", status: 400, code: "API_MEMBER_INVALID", paths: [""] },
  { title: "missing members", url: "/v1/calls", payload: {}, status: 400, code: "API_MEMBER_INVALID", paths: ["to", "flowId"] },
  {
    title: "an unknown member",
    url: "/v1/calls",
    payload: { ...call, callerID: "+1" },
    status: 400,
    code: "API_MEMBER_UNKNOWN",
    paths: ["callerID"],
  },
  {
    title: "a text for a number",
    url: "/v1/calls",
    payload: { ...call, ringMs: "5000" },
    status: 400,
    code: "API_MEMBER_INVALID",
    paths: ["ringMs"],
  },
  {
    title: "a number out of range",
    url: "/v1/calls",
    payload: { ...call, ringMs: 1 },
    status: 400,
    code: "API_MEMBER_INVALID",
    paths: ["ringMs"],
  },
  {
    title: "a number for a text",
    url: "/v1/calls",
    payload: { ...call, data: { a: 1 } },
    status: 400,
    code: "API_MEMBER_INVALID",
    paths: ["data.a"],
  },
  { title: "null for a text", url: "/v1/calls", payload: { ...call, to: null }, status: 400, code: "API_MEMBER_INVALID", paths: ["to"] },
  { title: "more than 1 MiB", url: "/v1/calls", payload: big, status: 413, code: "API_BODY_TOO_LARGE" },
  {
    title: "XML",
    url: "/v1/calls",
    payload: "<a/>",
    headers: { "content-type": "text/xml" },
    status: 415,
    code: "API_MEDIA_TYPE_UNSUPPORTED",
  },
  {
    title: "a body where none is read",
    url: "/v1/calls/a/hang-up",
    payload: { now: true },
    status: 400,
    code: "API_MEMBER_UNKNOWN",
    paths: ["now"],
  },
  { title: "a trace of an unknown call", method: "GET", url: "/v1/calls/nothing/trace.pcap", status: 404, code: "CALL_NOT_FOUND" },
  { title: "an unknown query", method: "GET", url: "/v1/calls?page=1", status: 400, code: "API_MEMBER_UNKNOWN", paths: ["page"] },
  { title: "a page of 0", method: "GET", url: "/v1/calls?limit=0", status: 400, code: "API_MEMBER_INVALID", paths: ["limit"] },
  { title: "a page of 201", method: "GET", url: "/v1/flows?limit=201", status: 400, code: "API_MEMBER_INVALID", paths: ["limit"] },
  { title: "a page of many", method: "GET", url: "/v1/flows?limit=many", status: 400, code: "API_MEMBER_INVALID", paths: ["limit"] },
  {
    title: "a cursor of our own making",
    method: "GET",
    url: "/v1/numbers?cursor=abc",
    status: 400,
    code: "API_MEMBER_INVALID",
    paths: ["cursor"],
  },
  {
    title: "a day that is none",
    method: "GET",
    url: "/v1/calls?createdFrom=2026-02-31",
    status: 400,
    code: "API_MEMBER_INVALID",
    paths: ["createdFrom"],
  },
  { title: "an unknown id", method: "GET", url: "/v1/calls/nothing", status: 404, code: "CALL_NOT_FOUND" },
  { title: "an unknown flow", method: "GET", url: "/v1/flows/nothing", status: 404, code: "API_RESOURCE_UNKNOWN" },
  { title: "an unknown address", method: "GET", url: "/v1/nothing", status: 404, code: "API_ROUTE_UNKNOWN" },
  { title: "an address that is no text", method: "GET", url: "/v1/calls/%zz", status: 400, code: "API_REQUEST_MALFORMED" },
  { title: "a method that is not taken", method: "PUT", url: "/v1/flows", payload: {}, status: 405, code: "API_METHOD_NOT_ALLOWED" },
  {
    title: "an event id that is none",
    method: "GET",
    url: "/v1/events?lastEventId=x",
    status: 400,
    code: "API_MEMBER_INVALID",
    paths: ["lastEventId"],
  },
  {
    title: "a number that cannot be",
    url: "/v1/numbers",
    payload: { number: "+1202" },
    status: 400,
    code: "API_MEMBER_INVALID",
    paths: ["number"],
  },
  {
    title: "a flow that is not there",
    url: "/v1/numbers",
    payload: { number: "+12025550155", flowId: "x" },
    status: 400,
    code: "API_MEMBER_INVALID",
    paths: ["flowId"],
  },
  {
    title: "a flow with mistakes",
    url: "/v1/flows",
    payload: { name: "x", document: { start: "a", nodes: {} } },
    status: 422,
    code: "FLOW_INVALID",
    paths: ["document.nodes"],
  },
  {
    title: "a name for an address",
    url: "/v1/trunks",
    payload: { name: "T", host: "sip.example.com", sourceAddresses: ["192.0.2.1", "sip.example.com", "999.0.0.1"] },
    status: 400,
    code: "API_MEMBER_INVALID",
    paths: ["sourceAddresses.1", "sourceAddresses.2"],
  },
  {
    title: "an unknown role",
    url: "/v1/users",
    payload: { email: "a@b.c", password: "12345678", roles: ["king"] },
    status: 400,
    code: "API_MEMBER_INVALID",
    paths: ["roles.0"],
  },
  {
    title: "a nested unknown member",
    url: "/v1/users",
    payload: { email: "a@b.c", password: "12345678", roles: [], phone: { username: "a", password: "12345678", pin: 1 } },
    status: 400,
    code: "API_MEMBER_UNKNOWN",
    paths: ["phone.pin"],
  },
];

describe("refused as problem+json", () => {
  test.each(cases)("$title", async ({ method = "POST", url, payload, headers, status, code, paths }) => {
    const answer = await api.ask("administrator", method, url, payload, { ...headers, "x-request-id": "trace-1" });
    expect(answer.headers["content-type"]).toContain("application/problem+json");
    expect(answer.body).toMatchObject({ type: "about:blank", status, code, requestId: "trace-1" });
    expect(answer.status).toBe(status);
    expect(answer.headers["x-request-id"]).toBe("trace-1");
    expect(answer.body.title).not.toBe("Error");
    expect(answer.body.errors?.map(({ path }) => path)).toEqual(paths);
  });
});

test("a wrong method says which are right", async () => {
  const { headers } = await api.ask("administrator", "PUT", "/v1/flows/abc", {});
  expect(headers["allow"]).toBe("DELETE, GET, HEAD, PATCH");
});
