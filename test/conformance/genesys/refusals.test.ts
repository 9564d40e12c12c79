/** What is refused, with which status and code; nothing has changed after it. */
import { beforeAll, describe, expect, test } from "vitest";
import { type Answer, type Desk, desk } from "./desk.ts";

let at: Desk;
let device: string;
let call: string;
beforeAll(async () => {
  at = await desk();
  device = await at.deviceOf("ann");
  call = `/me/calls/${(await at.dial("ann", "5002")).id}`;
  at.heard.length = 0;
});

function codeOf({ status, body }: Answer): readonly [number, number] {
  expect(Object.keys(body)).toEqual(["statusCode", "statusMessage"]);
  expect(body.statusMessage).toMatch(/^[A-Z].+/);
  return [status, body.statusCode];
}

const destination = { phoneNumber: "5003" };
const where: Readonly<Record<string, () => string>> = { me: () => "/me", dial: () => `${device}/calls`, call: () => call };

test.each([
  ["me", '{"operationName":', 400, 10],
  ["me", '["Ready"]', 400, 10],
  ["me", "7", 400, 10],
  ["me", '{"__proto__":{}}', 400, 10],
  ["me", "", 400, 1],
  ["me", {}, 400, 1],
  ["me", { operationName: "" }, 400, 1],
  ["me", { operationName: 7 }, 400, 10],
  ["me", { operationName: "ready" }, 403, 3],
  ["me", { operationName: "ChangePassword" }, 403, 3],
  ["me", { operationName: "StartContactCenterSession", channels: "voice" }, 400, 10],
  ["me", { operationName: "StartContactCenterSession", channels: ["chat"] }, 403, 3],
  ["dial", { operationName: "Dial" }, 400, 1],
  ["dial", { operationName: "Dial", destination: null }, 400, 1],
  ["dial", { operationName: "Dial", destination: {} }, 400, 1],
  ["dial", { operationName: "Dial", destination: "5002" }, 400, 10],
  ["dial", { operationName: "Dial", destination: { phoneNumber: 5002 } }, 400, 10],
  ["dial", { operationName: "Dial", destination: { phoneNumber: "4999" } }, 400, 10],
  ["dial", { operationName: "Dial", destination: { phoneNumber: "+0" } }, 400, 10],
  ["dial", { operationName: "Dial", destination, userData: "x" }, 400, 10],
  ["dial", { operationName: "Dial", destination, userData: [] }, 400, 10],
  ["dial", { operationName: "Dial", destination, userData: { a: null } }, 400, 10],
  ["dial", { operationName: "Dial", destination, location: {} }, 400, 10],
  ["dial", { operationName: "Dial", destination, outboundCallerId: "+4930123456" }, 403, 5],
  ["dial", { operationName: "Answer" }, 403, 3],
  ["call", { operationName: "InitiateTransfer", destination }, 403, 3],
  ["call", { operationName: "toString" }, 403, 3],
  ["call", { operationName: "Answer" }, 400, 2],
  ["call", { operationName: "Retrieve" }, 400, 2],
  ["call", { operationName: "UnmuteCall" }, 400, 2],
  ["call", { operationName: "SendDtmf" }, 400, 1],
  ["call", { operationName: "SendDtmf", digits: 12 }, 400, 10],
  ["call", { operationName: "SendDtmf", digits: "12x" }, 400, 10],
  ["call", { operationName: "AttachUserData" }, 400, 1],
  ["call", { operationName: "UpdateUserData", userData: 1 }, 400, 10],
  ["call", { operationName: "UpdateUserData", userData: { big: "x".repeat(70_000) } }, 400, 10],
  ["call", { operationName: "DeleteUserDataPair" }, 400, 1],
  ["call", { operationName: "DeleteUserDataPair", key: ["a"] }, 400, 10],
  ["call", { operationName: "SingleStepTransfer" }, 400, 1],
  ["call", { operationName: "SingleStepTransfer", destination: { phoneNumber: "4999" } }, 400, 10],
])("POST %s %j", async (to, body, status, statusCode) => {
  expect(codeOf(await at.ask("ann", "POST", where[to]?.() ?? "", body))).toEqual([status, statusCode]);
  expect(at.heard).toEqual([]);
});

describe("addresses", () => {
  const unknownCall = `/me/calls/${"0".repeat(24)}00000001`;
  test.each([
    ["GET", "/nothing", 404, 6],
    ["GET", "/me/devices/00000000-0000-4000-8000-000000000001", 404, 6],
    ["GET", unknownCall, 404, 6],
    ["GET", "/me/calls/x", 404, 6],
    ["POST", unknownCall, 404, 6],
    ["PUT", "/me", 405, 3],
    ["DELETE", "/me/calls", 405, 3],
  ] as const)("%s %s", async (method, path, status, statusCode) => {
    const body = method === "POST" ? { operationName: "Hangup" } : undefined;
    expect(codeOf(await at.ask("ann", method, path, body))).toEqual([status, statusCode]);
  });

  test("another media type", async () => {
    expect(codeOf(await at.ask("ann", "POST", "/me", "a=1", { "content-type": "application/x-www-form-urlencoded" }))).toEqual([415, 10]);
  });

  test("what is another user's", async () => {
    const theirs = await at.deviceOf("ben");
    expect(codeOf(await at.ask("ann", "GET", theirs))).toEqual([404, 6]);
    expect(codeOf(await at.operate("ann", `${theirs}/calls`, "Dial", { destination }))).toEqual([404, 6]);
    expect((await at.ask("ben", "GET", call)).status).toBe(200);
  });

  test("calls that one is not in, and calls of another account", async () => {
    const { directory } = at.at.house;
    const row = { id: "u".repeat(24), accountId: "b".repeat(24), createdAt: 1, updatedAt: 1 };
    await directory.accounts.insert({ id: row.accountId, name: "Other", createdAt: 1, updatedAt: 1 });
    const stranger = { ...row, email: "eve@example.com", firstName: "Eve", lastName: "", roles: ["user"], passwordHash: "" } as const;
    await directory.users.insert(stranger);
    await directory.lines.insert({ ...row, id: "l".repeat(24), userId: row.id, number: "5001" });
    const { token } = await at.logins.createLogin(stranger, { permanent: false });
    const cookie = { cookie: `JSESSIONID=${token}` };
    expect(codeOf(await at.ask(undefined, "GET", call, undefined, cookie))).toEqual([404, 6]);
    expect(codeOf(await at.ask(undefined, "POST", call, { operationName: "Hangup" }, cookie))).toEqual([404, 6]);
    expect((await at.ask(undefined, "GET", "/me/calls", undefined, cookie)).body.uris).toEqual([]);
    const colleague = at.at.house.directory.users.byId("user-cleo");
    if (colleague !== undefined) await directory.users.update({ ...colleague, roles: ["user"] });
    expect(codeOf(await at.operate("cleo", call, "Hangup"))).toEqual([404, 6]);
  });
});

test("operations on devices that have no effect here are refused", async () => {
  for (const name of ["DoNotDisturbOn", "DoNotDisturbOff", "ForwardCallsOn", "ForwardCallsOff", "ListenIn"]) {
    expect(codeOf(await at.operate("ann", device, name, { destination: "5003" }))).toEqual([403, 3]);
  }
});

test("with a disk that takes nothing no call is made", async () => {
  at.at.journal.healthy = false;
  const answer = await at.operate("ann", `${device}/calls`, "Dial", { destination });
  at.at.journal.healthy = true;
  expect(codeOf(answer)).toEqual([503, 4]);
});
