import { beforeAll, describe, expect, test } from "vitest";
import { type EvoApi, evoApi } from "../../../../test/support/fakes/evo.ts";

let api: EvoApi;
beforeAll(async () => {
  api = await evoApi();
});

const json = "application/json; charset=utf-8";
const xml = "application/xml";
const jsv = "text/jsv";

describe("the format of an answer", () => {
  test.each<[url: string, headers: Record<string, string>, type: string]>([
    ["/auth/status", {}, json],
    ["/auth/status", { accept: "*/*" }, json],
    ["/auth/status", { accept: "application/xml" }, xml],
    ["/auth/status", { accept: "text/xml;q=0.1, application/jsv" }, xml],
    ["/auth/status", { accept: "application/xml, application/json;q=0.1" }, json],
    ["/auth/status", { accept: "text/jsv" }, jsv],
    ["/auth/status", { accept: "image/png" }, json],
    ["/auth/status", { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" }, json],
    ["/auth/status?format=xml", { accept: "application/json" }, xml],
    ["/auth/status?format=JSV.zip", {}, jsv],
    ["/auth/status?format=csv", { accept: "text/jsv" }, jsv],
    ["/auth/status.xml", { accept: "application/json" }, xml],
    ["/auth/status.JSV?format=xml", {}, jsv],
    ["/xml/reply/GetAuthStatus", { accept: "application/json" }, xml],
    ["/xml/reply/getauthstatus?format=jsv", {}, jsv],
    ["/api/GetAuthStatus", { accept: "text/jsv" }, jsv],
    ["/api/GetAuthStatus.xml", {}, xml],
    ["/auth.xml", {}, xml],
    ["/sessions.jsv?format=xml&countPerPage=1", {}, jsv],
  ])("GET %s %j: %s", async (url, headers, type) => {
    const answer = await api.ask("user", "GET", url, undefined, headers);
    expect({ status: answer.status, type: answer.headers["content-type"], vary: answer.headers["vary"] }).toEqual({
      status: 200,
      type,
      vary: "Accept",
    });
  });

  test.each([
    [{ accept: "*/*", "content-type": "text/jsv" }, jsv],
    [{ accept: "application/json, application/xml", "content-type": "text/xml" }, xml],
    [{ accept: "*/*", "content-type": "application/x-www-form-urlencoded" }, json],
  ])("POST with %j: %s", async (headers, type) => {
    const answer = await api.ask("user", "POST", "/api/GetAuthStatus", "", headers);
    expect({ status: answer.status, type: answer.headers["content-type"] }).toEqual({ status: 200, type });
  });

  test("the same facts in each", async () => {
    const { id } = api.users.user;
    expect((await api.ask("user", "GET", "/auth/status.jsv")).text).toMatch(new RegExp(`^{id:${id},isAuthenticated:True,firstName:user,`));
    expect((await api.ask("user", "GET", "/auth/status.xml")).text).toContain(`<Id>${id}</Id><IsAuthenticated>true</IsAuthenticated>`);
    expect((await api.ask("user", "GET", "/auth/status.json")).text).toMatch(new RegExp(`^{"id":"${id}","isAuthenticated":true,`));
  });
});

describe("JSONP", () => {
  test("wraps an answer in the function that is named", async () => {
    const { status, headers, text } = await api.ask(undefined, "GET", "/auth/status?callback=my.call_1$");
    expect({ status, type: headers["content-type"] }).toEqual({ status: 200, type: "text/javascript" });
    expect(text).toMatch(/^my\.call_1\$\({"isAuthenticated":false,.*}\)$/);
  });

  test("a refusal has to say 200", async () => {
    const { status, text } = await api.ask(undefined, "GET", "/sessions?callback=cb");
    expect(status).toBe(200);
    expect(text).toBe('cb({"responseStatus":{"errorCode":"Unauthorized","message":"Not Authenticated","errors":[]}})');
  });

  test.each(["alert(1)//", "a b", "a-b", "<script>", "1a", "a..b", "a\u2028"])("refuses the name %j", async (name) => {
    const { status, body } = await api.ask(undefined, "GET", `/auth/status?callback=${encodeURIComponent(name)}`);
    expect({ status, field: body.responseStatus?.errors[0]?.fieldName }).toEqual({ status: 400, field: "callback" });
  });

  test("a suffix is stronger", async () => {
    expect((await api.ask(undefined, "GET", "/auth/status.xml?callback=cb")).headers["content-type"]).toBe(xml);
    expect((await api.ask(undefined, "GET", "/auth/status.json?callback=cb")).text).toMatch(/^cb\(/);
  });
});

describe("a POST that stands for another method", () => {
  test.each([
    ["header", {}, "", { "x-http-method-override": "DELETE" }],
    ["query", {}, "?X-Http-Method-Override=delete", {}],
  ])("by its %s", async (_where, payload, query, headers) => {
    const { id } = await api.startCall();
    expect((await api.ask("manager", "POST", `/sessions/${id}${query}`, payload, headers)).status).toBe(204);
    expect((await api.ask("manager", "GET", `/sessions/${id}`)).body.ended).toBe(true);
  });

  test("a link cannot", async () => {
    const { id } = await api.startCall();
    const { body } = await api.ask("manager", "GET", `/sessions/${id}?X-Http-Method-Override=DELETE`, undefined, {
      "x-http-method-override": "DELETE",
    });
    expect(body.ended).toBe(false);
  });
});
