import { expect, test } from "vitest";
import { userAgent } from "../../../test/support/sip-ends.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { VirtualNetwork } from "../../../test/support/virtual-network.ts";
import { silentLogger, systemIds } from "../../kernel/index.ts";
import { authorize } from "../auth/authorization.ts";
import { Challenger } from "../auth/challenger.ts";
import { ha1Of } from "../auth/digest.ts";
import type { HeaderPair } from "../message/header-list.ts";
import type { SipResponse } from "../message/message.ts";
import type { SipAddress } from "../transport/transport.ts";
import type { Binding, BindingStore, PhoneCredentials } from "./binding.ts";
import { Registrar } from "./registrar.ts";

function memoryStore(rows: Binding[] = []): BindingStore & { readonly rows: Binding[] } {
  const drop = (phoneId: string, contact: string) => {
    const index = rows.findIndex((row) => row.phoneId === phoneId && row.contact === contact);
    if (index >= 0) rows.splice(index, 1);
  };
  return {
    rows,
    load: async () => [...rows],
    save: async (binding) => {
      drop(binding.phoneId, binding.contact);
      rows.push(binding);
    },
    remove: async (phoneId, contact) => drop(phoneId, contact),
  };
}

const ha1 = ha1Of("alice", "house", "secret");
const phones: PhoneCredentials = {
  find: async (username) =>
    username === "alice" ? { accountId: "acc", phoneId: "phone-a", ha1Md5: ha1.md5, ha1Sha256: ha1.sha256 } : undefined,
};

type Registration = { contacts?: string[]; headers?: HeaderPair[]; callId?: string; username?: string; password?: string; to?: string };

async function setUp({ store = memoryStore(), credentials = phones, isReachable = (_source: SipAddress): boolean => true } = {}) {
  const clock = new VirtualClock();
  const network = new VirtualNetwork(clock, { seed: 1 });
  const challenger = new Challenger({ clock, ids: systemIds(clock), realm: "house", secret: Buffer.from("k"), kind: "www" });
  const registrar = new Registrar({
    clock,
    logger: silentLogger,
    challenger,
    credentials,
    store,
    product: "test",
    maxContacts: 3,
    isReachable,
  });
  await registrar.load();
  const house = userAgent(network, clock, "192.0.2.1", "udp", { screen: (request) => registrar.screen(request) });
  house.stack.onRegister((transaction) => void registrar.register(transaction));
  const phone = userAgent(network, clock, "192.0.2.2");
  let sequence = 0;

  const send = async (registration: Registration, authorization?: HeaderPair): Promise<SipResponse> => {
    const { contacts = ["<sip:alice@10.0.0.9:5062>"], headers = [], callId = "reg", to = "<sip:alice@house>" } = registration;
    sequence++;
    let answer: SipResponse | undefined;
    const all: HeaderPair[] = [...contacts.map((contact): HeaderPair => ["Contact", contact]), ...headers];
    phone.stack.request(
      {
        method: "REGISTER",
        uri: "sip:house",
        from: `${to};tag=f`,
        to,
        callId,
        branch: `z9hG4bK${sequence}`,
        sequence,
        destinations: [house.address],
        headers: authorization === undefined ? all : [...all, authorization],
      },
      ({ response }) => {
        answer = response;
      },
    );
    await clock.advanceAsync(100);
    // One with a second Via is for somebody behind the phone, who does not take it.
    const last = network.seen.findLast(({ message }) => message.kind === "response")?.message;
    if (last?.kind === "response") answer ??= last;
    if (answer === undefined) throw new Error("REGISTER got no answer");
    return answer;
  };

  /** First without, then with credentials. */
  const register = async (registration: Registration = {}): Promise<SipResponse> => {
    const challenge = await send(registration);
    const { username = "alice", password = "secret" } = registration;
    const pair = authorize(challenge, { username, secret: { password }, method: "REGISTER", uri: "sip:house", cnonce: "c", count: 1 });
    return send(registration, pair);
  };
  return { clock, registrar, register, send, house, store };
}

const shape = (response: SipResponse) => [
  response.status,
  ...[...response.headers].map(([name, value]) => (name === "WWW-Authenticate" ? value.replace(/nonce="[^"]*"/, "") : name)),
];
const contactsIn = (response: SipResponse) => response.headers.all("Contact");

test("a phone signs in: challenge without state, then 200 with its contact; the received source is kept", async () => {
  const { registrar, register, send, house, store } = await setUp();
  const challenge = await send({});
  expect(challenge.status).toBe(401);
  expect(house.stack.counters()).toMatchObject({ live: 0, lingering: 0 });
  const answer = await register();
  expect(answer.status).toBe(200);
  expect(contactsIn(answer)).toEqual(["<sip:alice@10.0.0.9:5062>;expires=3600"]);
  expect(registrar.contactsOf("phone-a")).toMatchObject([
    { contact: "sip:alice@10.0.0.9:5062", accountId: "acc", source: { protocol: "udp", address: "192.0.2.2", port: 5060 } },
  ]);
  expect(store.rows).toHaveLength(1);
});

const star: HeaderPair = ["Expires", "0"];
test.each<[string, Registration, number, string[]]>([
  ["a query without Contact changes nothing", { contacts: [] }, 200, ["a"]],
  ["Expires of the header", { contacts: ["<sip:b@h>"], headers: [["Expires", "600"]] }, 200, ["a", "b"]],
  ["expires of the contact wins", { contacts: ["<sip:b@h>;expires=90"], headers: [["Expires", "10"]] }, 200, ["a", "b"]],
  ["too brief", { contacts: ["<sip:b@h>;expires=59"] }, 423, ["a"]],
  ["one too brief spoils all", { contacts: ["<sip:b@h>", "<sip:c@h>;expires=1"] }, 423, ["a"]],
  ["a malformed expires counts as the default", { contacts: ["<sip:b@h>;expires=soon"] }, 200, ["a", "b"]],
  ["removal of one", { contacts: ["<sip:a@h>;expires=0"] }, 200, []],
  ["removal of what is not there", { contacts: ["<sip:z@h>;expires=0"] }, 200, ["a"]],
  ["removal of all", { contacts: ["*"], headers: [star] }, 200, []],
  ["* without Expires", { contacts: ["*"] }, 400, ["a"]],
  ["* with Expires above 0", { contacts: ["*"], headers: [["Expires", "60"]] }, 400, ["a"]],
  ["* beside another", { contacts: ["*", "<sip:b@h>"], headers: [star] }, 400, ["a"]],
  ["an unreadable contact", { contacts: ["<http://x>"] }, 400, ["a"]],
  ["several at once", { contacts: ["<sip:b@h>", "<sip:c@h>"] }, 200, ["a", "b", "c"]],
  ["too many", { contacts: ["<sip:b@h>", "<sip:c@h>", "<sip:d@h>"] }, 403, ["a"]],
  ["another one's address", { to: "<sip:bob@house>" }, 403, ["a"]],
  ["a wrong password", { password: "guess" }, 401, ["a"]],
  ["an unknown user", { username: "mallory", to: "<sip:mallory@house>" }, 401, ["a"]],
])("%s", async (_name, registration, status, left) => {
  const { registrar, register, store } = await setUp();
  await register({ contacts: ["<sip:a@h>"] });
  const answer = await register(registration);
  expect(answer.status).toBe(status);
  const users = registrar.contactsOf("phone-a").map(({ contact }) => contact.slice(4, 5));
  expect(users.toSorted()).toEqual(left);
  expect(store.rows.map(({ contact }) => contact.slice(4, 5)).toSorted()).toEqual(left);
  if (status === 200) expect(contactsIn(answer)).toHaveLength(left.length);
  if (status === 423) expect(answer.headers.get("Min-Expires")).toBe("60");
});

test("an unknown user and a wrong password get the same answer", async () => {
  const { register } = await setUp();
  expect(shape(await register({ username: "nobody" }))).toEqual(shape(await register({ password: "guess" })));
});

test("bindings fall away when their time is over, from memory and store", async () => {
  const { clock, registrar, register, store } = await setUp();
  await register({ contacts: ["<sip:a@h>;expires=60", "<sip:b@h>;expires=120"] });
  await clock.advanceAsync(60_000);
  expect(registrar.contactsOf("phone-a").map(({ contact }) => contact)).toEqual(["sip:b@h"]);
  await clock.advanceAsync(100_000);
  expect(store.rows).toEqual([]);
  expect(clock.armed).toBe(0);
});

test("a request that comes late under the same Call-ID changes nothing; another Call-ID does (§10.3 item 7)", async () => {
  const { registrar, register, store } = await setUp();
  await register({ contacts: ["<sip:a@h>"] });
  const [row] = store.rows;
  if (row === undefined) throw new Error("not stored");
  const later = await setUp({ store: memoryStore([{ ...row, sequence: 1_000 }]) });
  expect((await later.register({ contacts: ["<sip:a@h>;expires=0"] })).status).toBe(500);
  expect((await later.register({ contacts: ["*"], headers: [star] })).status).toBe(500);
  expect(later.registrar.contactsOf("phone-a")).toHaveLength(1);
  expect((await later.register({ contacts: ["<sip:a@h>;expires=0"], callId: "rebooted" })).status).toBe(200);
  expect(later.registrar.contactsOf("phone-a")).toEqual([]);
  expect(registrar.contactsOf("phone-a")).toHaveLength(1);
});

test("the same instance and reg-id replace a binding whatever its URI (RFC 5626 §6)", async () => {
  const { registrar, register } = await setUp();
  const flow = ';+sip.instance="<urn:uuid:1>";reg-id=1';
  await register({ contacts: [`<sip:a@10.0.0.1:4000>${flow}`] });
  await register({ contacts: [`<sip:a@10.0.0.1:5000>${flow}`] });
  expect(registrar.contactsOf("phone-a").map(({ contact }) => contact)).toEqual(["sip:a@10.0.0.1:5000"]);
});

test("the preferred contact comes first", async () => {
  const { registrar, register } = await setUp();
  await register({ contacts: ["<sip:a@h>;q=0.2", "<sip:b@h>;q=0.9"] });
  expect(registrar.contactsOf("phone-a").map(({ contact }) => contact)).toEqual(["sip:b@h", "sip:a@h"]);
});

test("a store that fails does not keep a phone from registering; credentials that cannot be read answer 503", async () => {
  const broken = { ...memoryStore(), save: () => Promise.reject(new Error("away")) };
  const { registrar, register } = await setUp({ store: broken });
  expect((await register()).status).toBe(200);
  expect(registrar.contactsOf("phone-a")).toHaveLength(1);
  const blind = await setUp({ credentials: { find: () => Promise.reject(new Error("away")) } });
  expect((await blind.register()).status).toBe(503);
});

const instance = (regId: number, contact = "sip:alice@10.0.0.9:5062") => `<${contact}>;+sip.instance="<urn:uuid:1>";reg-id=${regId}`;

test("a phone that knows outbound is told that it is used, and how often to keep its flow alive (RFC 5626 §6)", async () => {
  const { register } = await setUp();
  const answer = await register({ contacts: [instance(1)], headers: [["Supported", "path, outbound"]] });
  expect([answer.status, answer.headers.get("Require"), answer.headers.get("Flow-Timer")]).toEqual([200, "outbound", "120"]);
  expect(answer.headers.get("Contact")).toBe('<sip:alice@10.0.0.9:5062>;+sip.instance="<urn:uuid:1>";reg-id=1;expires=3600');
  const required = await register({ contacts: [instance(1)], headers: [["Require", "outbound"]] });
  expect([required.status, required.headers.get("Require")]).toEqual([200, "outbound"]);
});

test.each<[string, Registration]>([
  ["no reg-id", { headers: [["Supported", "outbound"]] }],
  ["no Supported", { contacts: [instance(1)] }],
  ["no instance", { contacts: ["<sip:alice@10.0.0.9:5062>;reg-id=1"], headers: [["Supported", "outbound"]] }],
])("with %s nothing is said of outbound", async (_what, registration) => {
  const { register } = await setUp();
  const answer = await register(registration);
  expect([answer.status, answer.headers.get("Require"), answer.headers.get("Flow-Timer")]).toEqual([200, undefined, undefined]);
});

test("two flows of one instance are two bindings, each replaced by its own", async () => {
  const { register, registrar } = await setUp();
  const headers: HeaderPair[] = [["Supported", "outbound"]];
  for (const [regId, port] of [
    [1, 1],
    [2, 2],
    [1, 3],
  ] as const)
    await register({ contacts: [instance(regId, `sip:alice@10.0.0.9:${port}`)], headers, callId: `flow ${regId}` });
  expect(
    registrar
      .contactsOf("phone-a")
      .map(({ contact }) => contact)
      .toSorted(),
  ).toEqual(["sip:alice@10.0.0.9:2", "sip:alice@10.0.0.9:3"]);
});

test("behind a proxy that keeps no flows it is refused with 439", async () => {
  const { register } = await setUp();
  const headers: HeaderPair[] = [
    ["Supported", "outbound"],
    ["Via", "SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKphone"],
  ];
  expect((await register({ contacts: [instance(1)], headers })).status).toBe(439);
  expect((await register({ contacts: [instance(1)], headers: [...headers, ["Path", "<sip:192.0.2.2;lr;ob>"]] })).status).toBe(200);
});

test("a contact whose connection has closed is not called, and makes room when the phone comes back", async () => {
  const gone = new Set<number>();
  const { register, registrar, store } = await setUp({ isReachable: () => gone.size === 0 });
  for (const page of [1, 2, 3]) await register({ contacts: [`<sip:${page}@page.invalid;transport=ws>`], callId: `page ${page}` });
  gone.add(1);
  expect(registrar.contactsOf("phone-a")).toEqual([]);
  // The three are over the limit unless they go.
  expect((await register({ contacts: ["<sip:4@page.invalid;transport=ws>"], callId: "page 4" })).status).toBe(200);
  gone.clear();
  expect(registrar.contactsOf("phone-a").map(({ contact }) => contact)).toEqual(["sip:4@page.invalid;transport=ws"]);
  expect(store.rows).toHaveLength(1);
});
