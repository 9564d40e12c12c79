/** The signed-in user, devices, and states of agents. */
import { beforeEach, describe, expect, test } from "vitest";
import { apiUrl, type Desk, desk } from "./desk.ts";

let at: Desk;
beforeEach(async () => {
  at = await desk();
});

const start = (channels: readonly string[] = ["voice"]) => at.operate("ann", "/me", "StartContactCenterSession", { channels });

const device = (id: string) => ({
  id,
  deviceState: "Inactive",
  userState: { id: "0F7F5003-EF26-4D13-A6Ef-D0C7EC819BEB", displayName: "Offline", state: "LoggedOut" },
  phoneNumber: "5001",
  description: "",
  e164Number: "",
  telephonyNetwork: "Private",
  doNotDisturb: "Off",
  capabilities: [],
  channels: ["voice"],
  dynamicPhoneNumber: "",
});

async function userState(): Promise<unknown> {
  return (await at.ask("ann", "GET", await at.deviceOf("ann"))).body.device?.["userState"];
}

describe("the user", () => {
  test("alone, with what is asked for, and with everything", async () => {
    const { body } = await at.ask("ann", "GET", "/me");
    const id = "user-ann".padEnd(32, "0");
    expect(body).toEqual({
      statusCode: 0,
      user: {
        id,
        userName: "ann@example.com",
        firstName: "ann",
        lastName: "",
        emailAddress: "ann@example.com",
        roles: ["ROLE_AGENT"],
        enabled: true,
        changePasswordOnFirstLogin: false,
        contactCenterId: "a".repeat(24).padEnd(32, "0"),
        uri: `${apiUrl}/users/${id}`,
        path: `/users/${id}`,
      },
    });
    await at.dial("ann", "5002");
    const some = (await at.ask("ann", "GET", "/me?fields=userName,roles&subresources=calls,devices")).body.user ?? {};
    expect(Object.keys(some)).toEqual(["userName", "roles", "devices", "calls"]);
    expect(some["calls"]).toEqual([await at.callOf("ann")]);
    const all = (await at.ask("ann", "GET", "/me?subresources=*")).body.user ?? {};
    expect(Object.keys(all).slice(11)).toEqual(["features", "devices", "channels", "calls", "settings", "interactions", "chats", "skills"]);
    expect(all["features"]).toMatchObject([{ id: "api-voice", uri: `${apiUrl}/features/api-voice`, path: "/features/api-voice" }]);
  });

  test("an administrator has no feature for calls, and may do nothing with them", async () => {
    expect((await at.ask("cleo", "GET", "/me?subresources=features")).body.user).toMatchObject({ roles: ["ROLE_ADMIN"], features: [] });
    for (const [method, path] of [
      ["GET", "/me/calls"],
      ["GET", "/me/calls/x"],
      ["POST", "/me/calls/x"],
      ["POST", "/me"],
      ["POST", "/me/channels/voice"],
      ["POST", "/me/devices/x"],
      ["POST", "/me/devices/x/calls"],
    ] as const) {
      const answer = await at.ask("cleo", method, path, method === "POST" ? { operationName: "Ready" } : undefined);
      expect([path, answer.status, answer.body.statusCode]).toEqual([path, 403, 5]);
    }
  });
});

describe("devices", () => {
  test("addresses, members, and one", async () => {
    const path = await at.deviceOf("ann");
    const id = path.slice("/me/devices/".length);
    expect((await at.ask("ann", "GET", "/me/devices")).body).toEqual({ statusCode: 0, uris: [`${apiUrl}${path}`] });
    expect((await at.ask("ann", "GET", "/me/devices?fields=*")).text).toBe(JSON.stringify({ statusCode: 0, devices: [device(id)] }));
    expect((await at.ask("ann", "GET", "/me/devices?fields=id,phoneNumber")).body.devices).toEqual([{ id, phoneNumber: "5001" }]);
    for (const own of [path, `/devices/${id}`]) {
      expect((await at.ask("ann", "GET", own)).text).toBe(JSON.stringify({ statusCode: 0, device: device(id) }));
    }
  });

  test("a user without a directory number has none, and can start nothing", async () => {
    const { lines } = at.at.house.directory;
    await lines.remove("a".repeat(24), "line-ann");
    expect((await at.ask("ann", "GET", "/me/devices")).body.uris).toEqual([]);
    expect((await start()).body.statusCode).toBe(2);
    expect((await at.ask("ann", "GET", "/me/calls")).body.uris).toEqual([]);
  });
});

describe("states", () => {
  test.each([
    ["Ready", { id: "9430250E-0A1B-421F-B372-F29E69366DED", displayName: "Ready", state: "Ready" }],
    [
      "AfterCallWork",
      { id: "D3663509-3D82-4DD3-A82E-2EA8EFA02AEF", displayName: "AfterCallWork", state: "NotReady", workMode: "AfterCallWork" },
    ],
    ["AuxWork", { id: "2B36138D-C564-4562-A8CB-3C32D564F296", displayName: "AuxWork", state: "NotReady", workMode: "AuxWork" }],
    ["Offline", { id: "0F7F5003-EF26-4D13-A6Ef-D0C7EC819BEB", displayName: "Offline", state: "LoggedOut" }],
  ])("%s, by channel and by user", async (name, expected) => {
    await start();
    for (const path of ["/me/channels/voice", "/me"]) {
      expect((await at.operate("ann", "/me/channels/voice", "NotReady")).text).toBe('{"statusCode":0}');
      at.heardBy("ann", "/v2/me/devices");
      expect((await at.operate("ann", path, name)).text).toBe('{"statusCode":0}');
      const [message, ...more] = at.heardBy("ann", "/v2/me/devices");
      expect(Object.keys(message ?? {})).toEqual(["messageType", "devices"]);
      expect(message).toMatchObject({ messageType: "DeviceStateChangeMessage", devices: [{ userState: expected, deviceState: "Active" }] });
      expect([more, await userState()]).toEqual([[], expected]);
    }
    expect(at.heardBy("ben", "/v2/me/devices")).toEqual([]);
  });

  test("not ready, with and without a reason", async () => {
    await start();
    const plain = { id: "900D55CC-2BB0-431F-8BF9-D3525B383BE6", displayName: "Not Ready", state: "NotReady" };
    expect(await userState()).toEqual(plain);
    await at.operate("ann", "/me/channels/voice", "NotReady", { reason: "Lunch" });
    expect(await userState()).toEqual({ id: expect.any(String), displayName: "Lunch", state: "NotReady", reason: "Lunch" });
    await at.operate("ann", "/me/channels/voice", "Ready", { reason: "Lunch" });
    expect(await userState()).toMatchObject({ displayName: "Ready" });
    expect((await at.ask("ann", "GET", "/me/channels/voice")).body).toMatchObject({
      channel: { channel: "voice", userState: { state: "Ready" } },
    });
  });

  test("nothing without a contact center session, which may be started again and ends once", async () => {
    const refused = await at.operate("ann", "/me/channels/voice", "Ready");
    expect([refused.status, refused.body.statusCode]).toEqual([400, 2]);
    await start();
    await at.operate("ann", "/me/channels/voice", "Ready");
    expect((await start()).text).toBe('{"statusCode":0}');
    expect(await userState()).toMatchObject({ state: "Ready" });
    at.heardBy("ann", "/v2/me/devices");
    expect((await at.operate("ann", "/me", "EndContactCenterSession")).text).toBe('{"statusCode":0}');
    const [message, ...more] = at.heardBy("ann", "/v2/me/devices");
    expect([message?.devices?.[0]?.["userState"], more]).toEqual([expect.objectContaining({ state: "LoggedOut" }), []]);
    expect(at.agents.get("a".repeat(24), "user-ann")).toMatchObject({ isOnDuty: false, activity: "offline" });
  });

  test("channels that do not exist here fail by themselves", async () => {
    const answer = await start(["voice", "chat"]);
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        statusCode: 7,
        succeeded: [{ statusCode: 0, channel: "voice" }],
        failed: [{ statusCode: 3, statusMessage: expect.any(String), channel: "chat" }],
      },
    ]);
  });

  test("a state is the same after a restart", async () => {
    await start();
    await at.operate("ann", "/me/channels/voice", "NotReady", { reason: "Lunch" });
    const before = await userState();
    await at.restart();
    expect(await userState()).toEqual(before);
    expect((await at.operate("ann", "/me/channels/voice", "Ready")).text).toBe('{"statusCode":0}');
  });
});
