import { beforeEach, expect, test } from "vitest";
import { fakeDirectory } from "../../test/support/fakes/directory.ts";
import { type Trunk, usualTrunkPolicy } from "../directory/index.ts";
import type { Binding } from "../sip/index.ts";
import type { Address } from "./model.ts";
import { Routing } from "./routing.ts";

const account = "a".repeat(24);
const other = "b".repeat(24);
const callerId = "+18144043093";
let directory: ReturnType<typeof fakeDirectory>;
let routing: Routing;
let contacts: Record<string, readonly string[]>;

beforeEach(() => {
  directory = fakeDirectory();
  contacts = {};
  const contactsOf = (phoneId: string) =>
    (contacts[phoneId] ?? []).map(
      (address) =>
        ({
          contact: `sip:x@10.0.0.7:5061`,
          source: { protocol: "udp", address, port: 1024 },
          preference: address.endsWith("stand-in") ? 0.1 : 1,
        }) as unknown as Binding,
    );
  routing = new Routing({ directory, registrations: { contactsOf }, domain: "house.example" });
});

let made = 0;
const row = (accountId = account) => ({ id: String(++made).padStart(24, "0"), accountId, createdAt: made, updatedAt: made });

async function trunk(name: string, changes: Partial<Trunk> = {}, accountId = account): Promise<void> {
  const plain = {
    transport: "udp",
    username: null,
    password: null,
    prefixes: [""],
    priority: 10,
    sourceAddresses: [],
    mediaToSource: false,
    codecs: null,
    policy: usualTrunkPolicy,
  } as const;
  await directory.trunks.insert({ ...row(accountId), name, host: `${name}.example`, port: 5060, ...plain, ...changes });
}

async function phone(username: string, accountId = account): Promise<string> {
  const kept = row(accountId);
  await directory.phones.insert({ ...kept, userId: `user-${username}`, username, ha1Md5: "", ha1Sha256: "" });
  return kept.id;
}

const number = (text: string): Address => ({ kind: "number", number: text });

function hosts(to: Address, accountId = account): readonly string[] | string {
  const routes = routing.route(accountId, to, callerId);
  return routes.ok ? routes.routes.map(({ host }) => host) : routes.outcome.result;
}

test("the longest prefix wins, whatever its priority", async () => {
  await trunk("world", { priority: 1 });
  await trunk("germany", { prefixes: ["+44", "+49"], priority: 5 });
  await trunk("berlin", { prefixes: ["+4930"], priority: 9 });
  expect(hosts(number("+4930123456"))).toEqual(["berlin.example"]);
  expect(hosts(number("+4940123456"))).toEqual(["germany.example"]);
  expect(hosts(number("+12025550100"))).toEqual(["world.example"]);
});

test("with the same prefix the lower priority number wins, then the older trunk", async () => {
  await trunk("second", { priority: 2 });
  await trunk("first", { priority: 1 });
  await trunk("third", { priority: 1 });
  expect(hosts(number("+12025550100"))).toEqual(["first.example"]);
});

test("another account's trunk never takes a call, and no trunk is no-route", async () => {
  await trunk("theirs", { prefixes: ["+1202"] }, other);
  expect(hosts(number("+12025550100"))).toBe("no-route");
  await trunk("ours", { prefixes: ["+49"] });
  expect(hosts(number("+12025550100"))).toBe("no-route");
  expect(hosts(number("+12025550100"), other)).toEqual(["theirs.example"]);
});

test("the addresses of a trunk's INVITE", async () => {
  await trunk("t", { host: "2001:db8::1", port: 5070, transport: "tcp", mediaToSource: true });
  const routes = routing.route(account, number("+12025550100"), callerId);
  expect(routes.ok && routes.routes[0]).toMatchObject({
    requestUri: "sip:+12025550100@[2001:db8::1]:5070;transport=tcp",
    toUri: "sip:+12025550100@[2001:db8::1]:5070",
    fromUri: "sip:+18144043093@house.example",
    host: "2001:db8::1",
    port: 5070,
    protocol: "tcp",
    mediaToSource: true,
  });
});

test("a trunk without port and transport leaves both to the records of its host (RFC 3263 §4)", async () => {
  await trunk("t", { port: null, transport: null });
  const routes = routing.route(account, number("+12025550100"), callerId);
  const route = routes.ok ? routes.routes[0] : undefined;
  expect(route).toMatchObject({ requestUri: "sip:+12025550100@t.example", toUri: "sip:+12025550100@t.example", host: "t.example" });
  expect(Object.keys(route ?? {})).not.toEqual(expect.arrayContaining(["port"]));
  expect(Object.keys(route ?? {})).not.toEqual(expect.arrayContaining(["protocol"]));
});

test.each([
  ["sip:bob@open.example", {}],
  ["sip:bob@open.example:5070", { port: 5070 }],
  ["sip:bob@open.example;transport=tcp", { protocol: "tcp" }],
  ["sip:bob@open.example;maddr=192.0.2.66", {}],
])("%s is called at its host, by what it says and no more", (uri, said) => {
  const open = new Routing({ directory, domain: "house.example", registrations: { contactsOf: () => [] }, sipHosts: ["open.example"] });
  const routes = open.route(account, { kind: "uri", uri }, callerId);
  const fixed = { requestUri: uri, host: "open.example", fromUri: "sip:+18144043093@house.example", toUri: uri, mediaToSource: false };
  expect(routes.ok && routes.routes).toEqual([{ ...fixed, ...said }]);
});

test("a trunk by TLS has its own usual port", async () => {
  await trunk("t", { host: "sip.example.org", port: 5061, transport: "tls" });
  const routes = routing.route(account, number("+12025550100"), callerId);
  expect(routes.ok && routes.routes[0]).toMatchObject({
    requestUri: "sip:+12025550100@sip.example.org;transport=tls",
    port: 5061,
    protocol: "tls",
  });
});

test("a SIP address is called by the protocol it asks for, sips by TLS, and nothing by WebSocket", () => {
  routing = new Routing({ directory, registrations: { contactsOf: () => [] }, domain: "house.example", sipHosts: ["far.example"] });
  const way = (uri: string) => {
    const routes = routing.route(account, { kind: "uri", uri }, callerId);
    return routes.ok ? routes.routes.map(({ protocol, port }) => `${protocol} ${port}`) : routes.outcome.result;
  };
  expect(way("sip:x@far.example")).toEqual(["undefined undefined"]);
  expect(way("sip:x@far.example;transport=tls")).toEqual(["tls undefined"]);
  expect(way("sips:x@far.example")).toEqual(["tls undefined"]);
  expect(way("sips:x@far.example:5070;transport=tcp")).toEqual(["tls 5070"]);
  expect(way("sip:x@far.example;transport=ws")).toBe("no-route");
});

test("a phone is called through the listener it registered at", async () => {
  const kept = await phone("anna");
  const source = { protocol: "wss", address: "192.0.2.5", port: 40_000, listener: "wss://[::]:5443" };
  const binding = { contact: "sip:x@y.invalid;transport=ws", source, preference: 1 } as unknown as Binding;
  routing = new Routing({ directory, registrations: { contactsOf: (id) => (id === kept ? [binding] : []) }, domain: "house.example" });
  const routes = routing.route(account, { kind: "uri", uri: "anna" }, callerId);
  expect(routes.ok && routes.routes).toMatchObject([{ protocol: "wss", host: "192.0.2.5", port: 40_000, listener: "wss://[::]:5443" }]);
});

test("a caller id from anywhere cannot write headers or another address", async () => {
  await trunk("t");
  const routes = routing.route(account, number("+12025550100"), 'x@evil>\r\nEvil: "1');
  expect(routes.ok && routes.routes[0]?.fromUri).toBe("sip:x%40evil%3E%0D%0AEvil%3A%20%221@house.example");
});

test("a phone is reached at its contacts, each at the address it registered from; nobody registered is no-answer", async () => {
  contacts[await phone("anna")] = ["192.0.2.5", "192.0.2.6"];
  await phone("bert");
  const routes = routing.route(account, { kind: "uri", uri: "anna" }, callerId);
  expect(routes.ok && routes.routes).toMatchObject([
    { host: "192.0.2.5", port: 1024, requestUri: "sip:x@10.0.0.7:5061", toUri: "sip:anna@house.example", mediaToSource: true },
    { host: "192.0.2.6" },
  ]);
  expect(hosts({ kind: "uri", uri: "sip:anna@house.example" })).toEqual(["192.0.2.5", "192.0.2.6"]);
  expect(hosts({ kind: "user", userId: "user-anna", name: "Anna" })).toEqual(["192.0.2.5", "192.0.2.6"]);
  expect(hosts({ kind: "uri", uri: "bert" })).toBe("no-answer");
  expect(hosts({ kind: "uri", uri: "nobody" })).toBe("no-route");
});

test("another account's phone is not there, by name or by user", async () => {
  contacts[await phone("anna")] = ["192.0.2.5"];
  expect(hosts({ kind: "uri", uri: "anna" }, other)).toBe("no-route");
  expect(hosts({ kind: "user", userId: "user-anna", name: "Anna" }, other)).toBe("no-answer");
});

test("a number that was called is found with and without its plus sign, on a trunk of its own account only", async () => {
  await trunk("theirs", { sourceAddresses: ["192.0.2.9"] }, other);
  await trunk("ours", { sourceAddresses: ["192.0.2.9", "192.0.2.10"] });
  await directory.numbers.insert({ ...row(), number: callerId, flowId: null });
  for (const called of [callerId, callerId.slice(1)]) {
    expect(routing.numberCalled(routing.trunksFrom("192.0.2.9"), called)).toMatchObject({
      trunk: { name: "ours" },
      number: { number: callerId },
    });
  }
  expect(routing.numberCalled(routing.trunksFrom("192.0.2.11"), callerId)).toBeUndefined();
  expect(routing.numberCalled(routing.trunksFrom("192.0.2.9"), "+4912345678")).toBeUndefined();
  const [theirs] = directory.trunks.list(other);
  expect(routing.numberCalled(theirs ? [theirs] : [], callerId)).toBeUndefined();
});

const user = (id: string, line?: string): Address => ({ kind: "user", userId: id, name: id, ...(line !== undefined && { number: line }) });

test("colleagues see the extension of a caller, everybody else the account's first number", async () => {
  await directory.numbers.insert({ ...row(), number: callerId, flowId: null });
  const shown = (to: Address, from: Address) => routing.shownTo(to, from, account);
  expect([shown(user("b"), user("a", "5001")), shown({ kind: "uri", uri: "b" }, user("a", "5001"))]).toEqual(["5001", "5001"]);
  expect([shown(number("+4930123456"), user("a", "5001")), shown(user("b"), user("a"))]).toEqual([callerId, callerId]);
  expect(routing.shownTo(number("+4930123456"), user("a", "5001"), other)).toBeUndefined();
});

test("a destination is a number, an extension or a phone's name, of this account only", async () => {
  const person = row();
  const names = { firstName: "Anna", lastName: "A", email: "a@example.com", passwordHash: "", roles: [] };
  await directory.users.insert({ ...person, ...names });
  await directory.lines.insert({ ...row(), userId: person.id, number: "5001" });
  await phone("anna");
  expect(routing.destination(account, "+4930123456")).toEqual(number("+4930123456"));
  expect(routing.destination(account, "5001")).toEqual({ kind: "user", userId: person.id, name: "Anna A", number: "5001" });
  expect(routing.destination(account, "anna")).toEqual({ kind: "uri", uri: "anna" });
  for (const to of ["5002", "bert", ""]) expect(routing.destination(account, to)).toBeUndefined();
  for (const to of ["5001", "anna"]) expect(routing.destination(other, to)).toBeUndefined();
  expect(routing.addressOfUser({ ...person, ...names })).toMatchObject({ userId: person.id, number: "5001" });
});

test("a contact with a lower q rings only while no other is registered", async () => {
  const [desk, own] = [await phone("desk"), await phone("desk-too")];
  const both = ["user-desk", "user-desk-too"];
  for (const line of [desk, own]) contacts[line] = ["stand-in"];
  contacts[own] = ["stand-in", "192.0.2.5"];
  expect(both.map((userId) => hosts({ kind: "user", userId, name: "" }))).toEqual([["stand-in"], ["192.0.2.5"]]);
});
