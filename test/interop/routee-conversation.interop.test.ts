/** A customer's program against a server as it is shipped: a token, a conversation with the demo phone, what it is asked and told, a restart. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { ServerProcess } from "../support/server-process.ts";
import { eventually } from "../support/waiting.ts";
import { type Received, Receiver } from "../support/webhooks/receiver.ts";

const demoNumber = "+12025550100";
const ownNumber = "+18144043093";

let server: ServerProcess;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await Receiver.open();
  server = await ServerProcess.start({ environment: { CALLWRIGHT_ALLOW_PRIVATE_URLS: "true" } });
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await receiver?.[Symbol.asyncDispose]();
});

type Body = Readonly<Record<string, unknown>>;

async function tokenOf(): Promise<string> {
  const { id, secret } = server.application;
  const answer = await fetch(`${server.url}/oauth/token`, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  expect(answer.status).toBe(200);
  return String(((await answer.json()) as Body)["access_token"]);
}

async function ask(token: string, method: string, path: string, body?: object): Promise<Body> {
  const answer = await fetch(server.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  expect([answer.status, text]).toEqual([200, text]);
  return JSON.parse(text) as Body;
}

function statusesOf(requests: readonly Received[], trackingId: unknown): readonly unknown[] {
  return requests.flatMap(({ body }) => {
    const { conversationTrackingId, status } = body as {
      readonly conversationTrackingId?: unknown;
      readonly status?: { readonly name: string };
    };
    return conversationTrackingId === trackingId && status !== undefined ? [status.name] : [];
  });
}

const whole = ["Queued", "Initiated", "Ringing", "InProgress", "Completed"];

test("the demo phone presses 1, the plan that the program answers with is spoken, every status arrives once and in order", async () => {
  const spoken = { verbs: [{ type: "SAY", message: { text: "You pressed one.", language: "en-US" } }] };
  receiver.manner = (response, { body }) =>
    void response
      .writeHead(200, { "content-type": "application/json" })
      .end((body as Body)["collectedTones"] === "1" ? JSON.stringify(spoken) : "");
  const token = await tokenOf();
  const verbs = [
    { type: "COLLECT", eventUrl: `${receiver.url}/tones`, maxDigits: 1 },
    { type: "SAY", message: { text: "Press a key, please.", language: "en-US" } },
    { type: "PAUSE", duration: 20 },
  ];
  const callback = { url: `${receiver.url}/events`, strategy: "OnChange" };
  const { trackingId } = await ask(token, "POST", "/voice/conversation", {
    from: ownNumber,
    to: { phone: demoNumber },
    dialPlan: { verbs },
    callback,
  });
  await eventually("the end of the call", () => statusesOf(receiver.requests, trackingId).includes("Completed"), 40_000);
  expect(statusesOf(receiver.requests, trackingId)).toEqual(whole);
  const tones = receiver.requests.flatMap(({ body }) => (body as Body)["collectedTones"] ?? []);
  // The last is that of the end.
  await eventually("the tones at the end", () => receiver.requests.some(({ body }) => (body as Body)["collectedTones"] === ""));
  expect(tones[0]).toBe("1");
  const { content } = (await ask(token, "GET", `/voice/tracking/conversation/${String(trackingId)}`)) as {
    readonly content: readonly Body[];
  };
  expect(content).toMatchObject([{ status: { status: "Completed" }, from: ownNumber, to: demoNumber }]);
  expect(await ask(token, "GET", `/voice/tracking/${String(content[0]?.["messageId"])}`)).toEqual(content[0]);
});

test("killed while the call rings: token, call and callbacks go on", async () => {
  receiver.manner = (response) => void response.writeHead(200).end();
  const token = await tokenOf();
  const conversation = {
    from: "theCompany",
    to: { phone: demoNumber },
    dialPlan: { verbs: [{ type: "PAUSE", duration: 3 }] },
    callback: { url: `${receiver.url}/events`, strategy: "OnChange" },
  };
  const { trackingId } = await ask(token, "POST", "/voice/conversation", conversation);
  await server.kill();
  await server.restart();
  expect(await tokenOf()).toBe(token);
  await eventually("the end of the call", () => statusesOf(receiver.requests, trackingId).includes("Completed"), 40_000);
  // At least once each: what was under way when the process died may come again.
  expect([...new Set(statusesOf(receiver.requests, trackingId))]).toEqual(whole);
});
