/** One live call, every dialect: made by one, seen and changed by the others, on a server as it is shipped. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Credentials, ServerProcess } from "../support/server-process.ts";
import { eventually } from "../support/waiting.ts";

const demoNumber = "+12025550100";

let server: ServerProcess;
let token: string;

beforeAll(async () => {
  server = await ServerProcess.start();
  // The demo phone keeps quiet, so that a call stays as it is until somebody changes it.
  await server.succeed("PATCH", "/v1/demo-phone", { digits: "", answerAfterMs: 200 });
  const { id, secret } = server.application;
  const answer = await fetch(`${server.url}/oauth/token`, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  token = ((await answer.json()) as { readonly access_token: string }).access_token;
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

type Body = Readonly<Record<string, unknown>>;

async function routee(method: string, path: string, body?: object): Promise<Body> {
  const answer = await fetch(server.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  expect([answer.status, text]).toEqual([200, text]);
  return JSON.parse(text) as Body;
}

async function read(path: string, as?: Credentials): Promise<Body> {
  return (await server.succeed("GET", path, undefined, as)).json() as Body;
}

/** The state of a call in the server's own words and in Evo's. */
async function statesOf(callId: string): Promise<readonly unknown[]> {
  return [(await read(`/v1/calls/${callId}`))["state"], (await read(`/sessions/${callId}`))["callState"]];
}

async function becomes(callId: string, ...states: readonly string[]): Promise<void> {
  await eventually(
    `the call is ${states.join(" and ")}`,
    async () => JSON.stringify(await statesOf(callId)) === JSON.stringify(states),
    10_000,
  );
}

async function newestCall(): Promise<string> {
  return ((await read("/v1/calls?limit=1"))["items"] as readonly { readonly id: string }[])[0]?.id ?? "";
}

test("a conversation of Routee is held by Evo, taken back by the native API, and hung up by Routee; all see each step", async () => {
  const verbs = [{ type: "PAUSE", duration: 60 }];
  const conversation = { from: "+18144043093", to: { phone: demoNumber }, dialPlan: { verbs } };
  const { trackingId } = await routee("POST", "/voice/conversation", conversation);
  const callId = await newestCall();
  await becomes(callId, "answered", "Connected");
  const legs = async () => (await routee("GET", `/voice/tracking/conversation/${String(trackingId)}`))["content"] as readonly Body[];
  expect(await legs()).toMatchObject([{ to: demoNumber, status: { status: "InProgress" }, direction: "Outbound" }]);

  expect((await server.succeed("PATCH", `/sessions/${callId}`, { callState: "Hold" })).json()).toMatchObject({ callState: "Hold" });
  await becomes(callId, "held", "Hold");
  await server.succeed("POST", `/v1/calls/${callId}/retrieve`);
  await becomes(callId, "answered", "Connected");

  await routee("PUT", `/voice/conversation/${String((await legs())[0]?.["messageId"])}`, { action: "hangup" });
  await becomes(callId, "ended", "Disconnected");
  expect(await read(`/v1/calls/${callId}`)).toMatchObject({ outcome: { result: "completed", side: "local" } });
  expect(await legs()).toMatchObject([{ status: { status: "Completed" } }]);
});

test("an agent's Dial by Genesys is in the user's sessions of Evo and in the native list; Evo ends it for all", async () => {
  const { user } = server;
  const devices = (await read("/api/v2/me/devices?fields=*", user))["devices"] as readonly { readonly id: string }[];
  await server.succeed("POST", "/api/v2/me", { operationName: "StartContactCenterSession", channels: ["voice"] }, user);
  const dial = { operationName: "Dial", destination: { phoneNumber: demoNumber }, userData: { CustomerSegment: "Gold" } };
  expect((await server.succeed("POST", `/api/v2/me/devices/${devices[0]?.id}/calls`, dial, user)).json()).toEqual({ statusCode: 0 });
  const callId = await newestCall();
  const seenByAgent = async () => (await read("/api/v2/me/calls?fields=*", user))["calls"] as readonly Body[];
  await eventually("Established for the agent", async () => (await seenByAgent())[0]?.["state"] === "Established", 15_000);
  expect(await seenByAgent()).toMatchObject([{ userData: { CustomerSegment: "Gold" }, mute: "Off" }]);
  expect((await read("/sessions/my", user))["sessions"]).toMatchObject([{ id: callId, callState: "Connected", destination: demoNumber }]);
  expect(await read(`/v1/calls/${callId}`)).toMatchObject({ state: "answered", userData: { CustomerSegment: "Gold" } });

  await server.succeed("PATCH", `/sessions/${callId}`, { callState: "Disconnected" });
  await becomes(callId, "ended", "Disconnected");
  await eventually("gone for the agent", async () => (await seenByAgent()).length === 0, 5_000);
  expect((await read("/sessions/my", user))["sessions"]).toEqual([]);
});
