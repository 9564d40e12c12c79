/** Bayeux 1.0 §6: long-polling and callback-polling, the addresses, and bodies that are wrong. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { apiRefusal } from "../../../src/api/http/errors.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";
import { Browser, type RunningServer, runServer } from "./server.ts";

const shake = { channel: "/meta/handshake", version: "1.0", supportedConnectionTypes: ["long-polling", "callback-polling"] };
const requestBytes = 2_000;

let server: RunningServer;
let browser: Browser;
beforeAll(async () => {
  server = await runServer(new VirtualClock(), { limits: { clientsPerUser: 1_000, requestBytes, messagesPerRequest: 4 } });
});
afterAll(() => server.close());
beforeEach(() => {
  browser = new Browser(server);
});

describe("addresses", () => {
  test.each(["", "/", "/handshake", "/connect", "/a/b"])("'%s' below the path", async (suffix) => {
    const answer = await browser.ask(suffix, { body: JSON.stringify([shake]) });
    expect(answer).toMatchObject({ status: 200, type: "application/json; charset=utf-8", messages: [{ successful: true }] });
    expect(await browser.ask(`${suffix}?message=${encodeURIComponent(JSON.stringify([shake]))}`)).toMatchObject({ status: 200 });
  });

  test("the server's other addresses are not ours", async () => {
    expect(await browser.ask("-other", { body: JSON.stringify([shake]) })).toMatchObject({ status: 404 });
  });

  test.each(["PUT", "DELETE"])("%s is not for us", async (method) => {
    expect(await browser.ask("", { method })).toMatchObject({ status: 404 });
  });
});

describe("§6.1.1: long-polling", () => {
  test.each(["application/json", "application/json; charset=UTF-8", "text/json", "text/plain"])("JSON as %s", async (type) => {
    expect(await browser.ask("", { body: JSON.stringify([shake]), type })).toMatchObject({ messages: [{ successful: true }] });
  });

  test("form fields: single or repeated, each a message or an array", async () => {
    const { clientId } = await browser.handshake();
    const subscribe = (id: string) => ({ channel: "/meta/subscribe", clientId, subscription: "/a", id });
    const ask = async (...fields: unknown[]) => {
      const body = fields.map((field) => `message=${encodeURIComponent(JSON.stringify(field))}`).join("&");
      const { messages } = await browser.ask("", { body, type: "application/x-www-form-urlencoded" });
      return messages.map(({ id }) => id);
    };
    expect(await ask(subscribe("1"))).toEqual(["1"]);
    expect(await ask([subscribe("1"), subscribe("2")])).toEqual(["1", "2"]);
    expect(await ask(subscribe("1"), [subscribe("2"), subscribe("3")])).toEqual(["1", "2", "3"]);
  });
});

describe("bodies that are wrong are answered in Bayeux's form, with a status that makes clients try again", () => {
  test.each([
    ["not JSON", "{", 400, "400::json_invalid"],
    ["nothing", "", 400, "400::json_invalid"],
    ["an empty array", "[]", 400, "400::message_missing"],
    ["not an object", "5", 400, "400::message_invalid"],
    ["an array of other things", "[null]", 400, "400::message_invalid"],
    ["too many messages", JSON.stringify(Array.from({ length: 5 }, () => shake)), 400, "400::too_many_messages"],
    ["too many bytes", JSON.stringify([{ ...shake, ext: "x".repeat(requestBytes) }]), 413, "413::request_too_large"],
  ])("%s", async (_case, body, status, error) => {
    const answer = await browser.ask("", { body, method: "POST" });
    expect(answer).toMatchObject({ status, messages: [{ successful: false, error }] });
  });

  test("a form without a message", async () => {
    const answer = await browser.ask("", { body: "other=1", type: "application/x-www-form-urlencoded" });
    expect(answer).toMatchObject({ status: 400, messages: [{ error: "400::message_missing" }] });
  });

  test("a GET without a message", async () => {
    expect(await browser.ask("")).toMatchObject({ status: 400, messages: [{ error: "400::message_missing" }] });
  });
});

/** By callback-polling. */
const get = (messages: unknown, jsonp?: string) =>
  browser.ask(
    `?message=${encodeURIComponent(JSON.stringify(messages))}${jsonp === undefined ? "" : `&jsonp=${encodeURIComponent(jsonp)}`}`,
  );

describe("§6.2: callback-polling", () => {
  test.each([
    [undefined, "jsonpcallback"],
    ["cb", "cb"],
    ["org.cometd._$1", "org.cometd._$1"],
  ])("the function %s is called with the array", async (jsonp, name) => {
    const answer = await get([shake], jsonp);
    expect(answer).toMatchObject({ status: 200, type: "text/javascript; charset=utf-8" });
    expect(answer.text.startsWith(`${name}([{"channel":"/meta/handshake"`)).toBe(true);
    expect(answer.text.endsWith("}])")).toBe(true);
  });

  test.each(["", "alert(1)//", "a;b", "a b", "1a", "a..b", "<script>", "a".repeat(200)])(
    "'%s' is not the name of a function",
    async (jsonp) => {
      const answer = await get([shake], jsonp);
      expect(answer).toMatchObject({
        status: 400,
        type: "application/json; charset=utf-8",
        messages: [{ error: "400::callback_invalid" }],
      });
    },
  );

  test("a connect is held and brings events; line ends that JavaScript minds are escaped", async () => {
    const clientId = await browser.subscriber("/a");
    server.bayeux.publish("ann", "/a", "\u2028");
    const answer = await get([{ channel: "/meta/connect", clientId, connectionType: "callback-polling" }], "cb");
    expect(answer.text).toBe(
      `cb([{"channel":"/a","data":"\\u2028"},{"channel":"/meta/connect","clientId":"${clientId}","successful":true}])`,
    );
  });
});

/** A handshake while the login fails like this. */
const shakeWith = async (error: Error) => {
  const other = await runServer(new VirtualClock(), { authenticate: () => Promise.reject(error) });
  try {
    return await new Browser(other).ask("", { body: JSON.stringify([shake]) });
  } finally {
    await other.close();
  }
};

describe("a login that cannot be checked", () => {
  test("wrong credentials: denied, for good", async () => {
    expect(await shakeWith(apiRefusal("API_CREDENTIALS_WRONG"))).toMatchObject({
      status: 200,
      messages: [{ error: "403::handshake_denied", advice: { reconnect: "none" } }],
    });
  });

  test("too many attempts: denied for as long as that lasts", async () => {
    expect(await shakeWith(apiRefusal("API_RATE_LIMITED", { retryAfterS: 40 }))).toMatchObject({
      messages: [{ error: "403::handshake_denied", advice: { reconnect: "handshake", interval: 40_000 } }],
    });
  });

  test("a defect: 500, so that the client tries again", async () => {
    expect(await shakeWith(new Error("defect"))).toMatchObject({ status: 500, messages: [{ error: "500::server_failed" }] });
  });
});
