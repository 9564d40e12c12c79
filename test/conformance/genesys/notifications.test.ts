/** What reaches CometD clients, over long-polling: each user's own, in order, and again after a restart. */
import { expect, test } from "vitest";
import { type Colleague, userOf } from "../../scenario/agents.ts";
import { type Desk, desk, type Message } from "./desk.ts";

type Reply = {
  readonly channel: string;
  readonly successful?: boolean;
  readonly clientId?: string;
  readonly error?: string;
  readonly advice?: { readonly reconnect?: string };
  readonly data?: Message;
};

/** A client that polls only when told. */
async function client(at: Desk, who: Colleague, subscription: string | readonly string[], token = at.tokenOf(who)) {
  let [clientId, browser] = ["", ""];
  const send = async (...messages: readonly object[]): Promise<readonly Reply[]> => {
    const cookie = `JSESSIONID=${token}${browser === "" ? "" : `; BAYEUX_BROWSER=${browser}`}`;
    const answer = await at.ask(undefined, "POST", "/notifications", messages, { cookie });
    [, browser = browser] = /BAYEUX_BROWSER=(\w+)/.exec(String(answer.headers["set-cookie"])) ?? [];
    return JSON.parse(answer.text) as readonly Reply[];
  };
  const self = {
    async begin() {
      const [shaken] = await send({ channel: "/meta/handshake", version: "1.0", supportedConnectionTypes: ["long-polling"] });
      clientId = shaken?.clientId ?? "";
      const [subscribed] = await send({ channel: "/meta/subscribe", clientId, subscription });
      await self.poll();
      return [shaken?.successful, subscribed?.successful];
    },
    poll: () => send({ channel: "/meta/connect", clientId, connectionType: "long-polling", advice: { timeout: 0 } }),
    /** The events that waited. */
    async events() {
      return (await self.poll()).flatMap(({ channel, data }) => (data === undefined ? [] : [{ channel, data }]));
    },
  };
  expect(await self.begin()).toEqual([true, true]);
  return self;
}

function brief(events: readonly { readonly channel: string; readonly data: Message }[]): readonly string[] {
  return events.map(({ channel, data }) => `${channel} ${data.call?.state ?? data.messageType}`);
}

test("each user hears of the own resources, one copy for each client, in order", async () => {
  const at = await desk();
  const ann = await client(at, "ann", ["/v2/me/*", "/v2/me/calls"]);
  const ben = await client(at, "ben", "/**");
  const devicesOnly = await client(at, "ann", "/v2/me/devices");
  await at.operate("ann", "/me", "StartContactCenterSession", { channels: ["voice"] });
  await at.dial("ann", "5002");
  const heard = await ann.events();
  expect(brief(heard)).toEqual(["/v2/me/devices DeviceStateChangeMessage", "/v2/me/calls Dialing", "/v2/me/calls Established"]);
  expect(heard[1]?.data).toMatchObject({ phoneNumber: "5001", call: { participants: [{ phoneNumber: "5002" }] } });
  const theirs = await ben.events();
  expect(brief(theirs)).toEqual(["/v2/me/calls Ringing", "/v2/me/calls Established"]);
  expect(theirs[1]?.data).toMatchObject({ phoneNumber: "5002", call: { participants: [{ phoneNumber: "5001" }] } });
  expect(brief(await devicesOnly.events())).toEqual(["/v2/me/devices DeviceStateChangeMessage"]);
  await at.server.close();
});

test("nobody hears anything without a login", async () => {
  const at = await desk();
  const handshake = [{ channel: "/meta/handshake", version: "1.0", supportedConnectionTypes: ["long-polling"] }];
  const [reply] = JSON.parse((await at.ask(undefined, "POST", "/notifications", handshake)).text) as readonly Reply[];
  expect([reply?.successful, reply?.clientId]).toEqual([false, undefined]);
  await at.server.close();
});

test("after a restart clients are told to shake hands again; what they then read and hear is true", async () => {
  const at = await desk();
  const ann = await client(at, "ann", "/v2/me/*");
  const call = await at.dial("ann", "5002");
  await at.operate("ann", `/me/calls/${call.id}`, "Hold");
  await at.restart();
  const [lost] = await ann.poll();
  expect(lost).toMatchObject({ successful: false, error: expect.stringMatching(/^402:/), advice: { reconnect: "handshake" } });
  expect(await ann.begin()).toEqual([true, true]);
  expect(await at.callOf("ann")).toMatchObject({ id: call.id, state: "Held" });
  await at.operate("ann", `/me/calls/${call.id}`, "Retrieve");
  expect(brief(await ann.events())).toEqual(["/v2/me/calls Established"]);
  await at.server.close();
});

test("clients of a session end with it; those of another session of the user go on", async () => {
  const at = await desk();
  const user = at.at.house.directory.users.byId(userOf("ann"));
  if (user === undefined) throw new Error("there is no Ann");
  const { token } = await at.logins.createLogin(user, { permanent: false });
  const [ann, elsewhere] = [await client(at, "ann", "/v2/me/*"), await client(at, "ann", "/v2/me/*", token)];
  await at.operate("ann", "/me", "EndContactCenterSession");
  expect((await ann.poll())[0]).toMatchObject({ successful: false, error: expect.stringMatching(/^402:/) });
  expect((await elsewhere.poll())[0]).toMatchObject({ successful: true });
  await at.server.close();
});
