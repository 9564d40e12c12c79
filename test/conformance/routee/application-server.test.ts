/** A customer's server over loopback that answers badly: each time the call goes a way that is known. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createHttpRequester } from "../../../src/flows/index.ts";
import { createHttpClient } from "../../../src/http-client/index.ts";
import { silentLogger } from "../../../src/kernel/index.ts";
import { customer, type Customer } from "./customer.ts";

type Manner = (response: ServerResponse, path: string) => void;

const verbs = [{ type: "SAY", message: { text: "From afar", language: "en-US" } }];
const json =
  (body: unknown, status = 200): Manner =>
  (response) =>
    void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));

const manners: readonly (readonly [name: string, manner: Manner, isTaken: boolean])[] = [
  ["well", json({ verbs }), true],
  ["well, with a type that is wrong", (response) => void response.writeHead(201).end(JSON.stringify({ verbs })), true],
  [
    "by a redirect",
    (response, path) => (path === "/moved" ? json({ verbs })(response, path) : void response.writeHead(307, { location: "/moved" }).end()),
    true,
  ],
  ["never", () => undefined, false],
  ["half", (response) => void response.writeHead(200, { "content-length": "100" }).write('{"verbs"'), false],
  ["by hanging up", (response) => void response.destroy(), false],
  ["with an error", json({ verbs }, 500), false],
  ["with nothing", (response) => void response.writeHead(204).end(), false],
  ["with a page", (response) => void response.writeHead(200).end("<html>"), false],
  ["with a plan of another kind", json([{ play: "x" }]), false],
  ["with too much", json({ verbs, more: "x".repeat(300_000) }), false],
  ["with a file of this machine", json({ verbs: [{ type: "PLAY", fileURL: "file:///etc/passwd" }] }), false],
  ["with depth", (response) => void response.writeHead(200).end(`${'{"verbs":['.repeat(5000)}${"]}".repeat(5000)}`), false],
  ["in a circle", (response) => void response.writeHead(302, { location: "/" }).end(), false],
];

let at: Customer;
let manner: Manner = () => undefined;
const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => manner(response, request.url ?? ""));
});
let url = "";
beforeEach(async () => {
  at = await customer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Lets the real client make the request that the call waits for; time passes only for the call. */
async function fetched(isSlow: boolean): Promise<void> {
  const client = createHttpClient({ clock: at.clock, allowPrivateUrls: true });
  const requester = createHttpRequester({ client, clock: at.clock, logger: silentLogger });
  const waiting = at.house.requests.at(-1);
  if (waiting === undefined) throw new Error("nothing was asked");
  const result = requester.start(waiting.request);
  if (isSlow) await at.clock.advanceAsync(3000);
  waiting.answer(await result);
  await at.clock.advanceAsync(100);
  await client.close();
}

const isSlow = (name: string) => name === "never" || name === "half";

test.each(manners)("asked for the plan, it answers %s", async (name, behaviour, isTaken) => {
  manner = behaviour;
  const call = await at.start({ dialPlan: undefined, dialPlanUrl: url });
  await fetched(isSlow(name));
  if (isTaken) expect(at.hears(call)).toBe("From afar");
  else expect(at.statuses().at(-1)).toBe("Failed");
});

test.each(manners)("told the tones, it answers %s", async (name, behaviour, isTaken) => {
  manner = behaviour;
  const menu = { type: "SAY", message: { text: "Menu", language: "en-US" }, repeat: -1 };
  const call = await at.start({ dialPlan: { verbs: [menu, { type: "COLLECT", eventUrl: url, submitOnHash: true }] } });
  await at.press(call, "1#");
  await fetched(isSlow(name));
  expect(at.hears(call)).toBe(isTaken ? "From afar" : "Menu");
  expect(at.statuses().at(-1)).toBe("InProgress");
});
