/** Who calls and who passed the call on: what trunks and phones say, what everybody is shown, and what goes out again. */
import { expect, test } from "vitest";
import { type TrunkPolicy, usualTrunkPolicy } from "../../src/directory/index.ts";
import { viewOfCall as genesysView } from "../../src/api/dialect/genesys/call/view.ts";
import { sessionOf } from "../../src/api/dialect/evo/session/view.ts";
import { viewOfCall } from "../../src/api/native/call-view.ts";
import { accountId, ownedNumber } from "../support/call-house.ts";
import { dial, office, userOf } from "./agents.ts";
import {
  addPhone,
  bytesOf,
  callNow,
  caller,
  callsComeFrom,
  type CallingOptions,
  crash,
  numberToDial,
  requests,
  scene,
  type Scene,
  signedAs,
} from "./scene.ts";

const [trunkAddress, phoneAddress] = ["192.0.2.50", "192.0.2.60"];
type Headers = NonNullable<CallingOptions["headers"]>;

/** The flow dials again when nobody answers. */
const passing = (more: object = {}) => ({
  start: "first",
  nodes: {
    first: { verb: "dial", to: numberToDial, ...more, exits: { busy: "second", "no-answer": "second" } },
    second: { verb: "dial", to: numberToDial, ...more },
  },
});

async function setPolicies(at: Scene, policies: { inbound?: Partial<TrunkPolicy>; outbound?: Partial<TrunkPolicy> }): Promise<void> {
  const { trunks } = at.house.directory;
  for (const trunk of trunks.list(accountId)) {
    const change = trunk.sourceAddresses.length > 0 ? policies.inbound : policies.outbound;
    await trunks.update({ ...trunk, policy: { ...usualTrunkPolicy, ...change } });
  }
}

async function calledIn(
  headers: Headers,
  policies: Parameters<typeof setPolicies>[1] = {},
  options: { more?: object; rejectsWith?: number } = {},
) {
  const at = await scene(passing(options.more), options.rejectsWith === undefined ? {} : { rejectsWith: options.rejectsWith });
  await callsComeFrom(at.house, trunkAddress);
  await setPolicies(at, policies);
  const first = caller(at, trunkAddress, { to: ownedNumber, headers });
  await at.clock.advanceAsync(400);
  return { ...at, first, call: await callNow(at), sent: requests(at.network, "INVITE")[0]?.headers };
}

const asserted: Headers[number] = ["P-Asserted-Identity", '"Ada" <sip:+4930111@carrier.example>'];
const withheld: Headers = [asserted, ["Privacy", "id"]];

test("an asserted identity of a trusted trunk is the caller, with its name, and goes out by policy (RFC 3325 §5)", async () => {
  const { call, sent } = await calledIn([asserted], { outbound: { identityHeader: "p-asserted-identity" } });
  expect(viewOfCall(call, 0)).toMatchObject({ from: "+4930111", fromName: "Ada", isAnonymous: false });
  expect(sent?.get("From")).toMatch(/^"Ada" <sip:\+4930111@192\.0\.2\.1>;tag=/);
  expect(sent?.get("P-Asserted-Identity")).toBe('"Ada" <sip:+4930111@192.0.2.1>');
  expect(sent?.has("Privacy")).toBe(false);
});

test("one of a trunk that is not trusted is not believed, and nothing is asserted to such a trunk", async () => {
  const { call, sent } = await calledIn([asserted], {
    inbound: { isTrusted: false },
    outbound: { isTrusted: false, identityHeader: "p-asserted-identity" },
  });
  expect(call.from).toBe("+4930900");
  expect(sent?.has("P-Asserted-Identity")).toBe(false);
});

test("who wants to be anonymous is shown to nobody, in no dialect", async () => {
  const at = await calledIn(withheld);
  const views = [viewOfCall(at.call, 0), sessionOf(at.call, at.house.directory)];
  expect(JSON.stringify(views)).not.toContain("4930111");
  expect(views[0]).toMatchObject({
    from: "anonymous",
    fromName: null,
    isAnonymous: true,
    parties: [{ uri: "anonymous", number: null }, {}],
  });
  expect(views[1]).toMatchObject({ fromAddress: "anonymous", fromName: "Anonymous", displayName: "Anonymous" });
  expect(at.call.log.map(({ text }) => text).join()).not.toContain("4930111");
});

test("the number behind an anonymous caller goes to trusted trunks alone, with the demand to keep it (RFC 3325 §7)", async () => {
  const trusted = await calledIn(withheld, { outbound: { identityHeader: "p-asserted-identity" } });
  expect(trusted.sent?.get("From")).toMatch(/^"Anonymous" <sip:anonymous@anonymous\.invalid>;tag=/);
  expect(trusted.sent?.get("P-Asserted-Identity")).toBe("<sip:+4930111@192.0.2.1>");
  expect(trusted.sent?.get("Privacy")).toBe("id");
  for (const outbound of [{ isTrusted: false, identityHeader: "p-asserted-identity" }, { identityHeader: "none" }] as const) {
    const other = await calledIn(withheld, { outbound });
    expect(bytesOf(requests(other.network, "INVITE")[0])).not.toContain("4930111");
    expect(other.sent?.get("Privacy")).toBe("id");
  }
});

test("Remote-Party-ID by policy, open and hidden", async () => {
  const open = await calledIn([asserted], { outbound: { identityHeader: "remote-party-id" } });
  expect(open.sent?.get("Remote-Party-ID")).toBe('"Ada" <sip:+4930111@192.0.2.1>;party=calling;screen=yes;privacy=off');
  const hidden = await calledIn(withheld, { outbound: { identityHeader: "remote-party-id" } });
  expect(hidden.sent?.get("Remote-Party-ID")).toBe("<sip:+4930111@192.0.2.1>;party=calling;screen=yes;privacy=full");
});

test("a privacy that is critical and unknown ends the call (RFC 3323 §5)", async () => {
  const at = await scene(passing());
  await callsComeFrom(at.house, trunkAddress);
  const first = caller(at, trunkAddress, { to: ownedNumber, headers: [["Privacy", "invisible;critical"]] });
  await at.clock.advanceAsync(300);
  expect(first.log.values.at(-1)).toMatchObject([{ status: 500 }]);
  expect(at.house.ports.free).toBe(200);
});

test("a phone that wants to be anonymous is, to colleagues and to trunks; its account's number is asserted", async () => {
  const at = await office({ far: {} });
  await setPolicies(at, { outbound: { identityHeader: "p-asserted-identity" } });
  caller(at, phoneAddress, {
    to: numberToDial,
    headers: [
      ["Privacy", "id"],
      ["P-Asserted-Identity", "<sip:+1900666@x>"],
    ],
    authorization: signedAs("ann"),
  });
  await at.clock.advanceAsync(300);
  const [toTrunk] = requests(at.network, "INVITE");
  expect([toTrunk?.headers.get("P-Asserted-Identity"), toTrunk?.headers.get("Privacy")]).toEqual([`<sip:${ownedNumber}@192.0.2.1>`, "id"]);
  expect((await callNow(at)).from).toBe("anonymous");
});

test("a colleague who is called by an anonymous one is not shown who", async () => {
  const at = await office({ ben: {} });
  caller(at, phoneAddress, { to: "5002", headers: [["Privacy", "id"]], authorization: signedAs("ann") });
  await at.clock.advanceAsync(300);
  const view = genesysView(await callNow(at), userOf("ben"), { directory: at.house.directory, apiUrl: "", now: 0 });
  expect(view?.participants).toEqual([{ e164Number: "", formattedPhoneNumber: "Anonymous", phoneNumber: "anonymous", digits: "" }]);
  expect(requests(at.network, "INVITE").at(-1)?.headers.get("From")).toContain("anonymous.invalid");
});

test("a phone's user has a name for colleagues, and none for the world", async () => {
  const at = await office({ far: {} });
  await dial(at, "ann", "5002");
  await at.clock.advanceAsync(500);
  expect(requests(at.network, "INVITE").at(-1)?.headers.get("From")).toMatch(/^"ann" <sip:5001@/);
  await dial(at, "ann", numberToDial);
  await at.clock.advanceAsync(500);
  expect(requests(at.network, "INVITE").at(-1)?.headers.get("From")).toMatch(/^<sip:\+18144043093@/);
});

test.each(["originate", "dial", "verb"] as const)("a caller id that is anonymous: %s", async (way) => {
  const at = way === "verb" ? await calledIn([asserted], {}, { more: { callerId: "anonymous" } }) : await office({ far: {} });
  const [flow] = at.house.directory.flows.list(accountId);
  const order = { by: "u", to: numberToDial, callerId: "anonymous", flowId: flow?.id ?? "" };
  if (way === "originate") void at.house.calls.originate(accountId, order);
  if (way === "dial") await dial(at as Awaited<ReturnType<typeof office>>, "ann", numberToDial, { callerId: "anonymous" });
  await at.clock.advanceAsync(500);
  const sent = requests(at.network, "INVITE").at(-1)?.headers;
  expect([sent?.get("From")?.split(";")[0], sent?.get("Privacy")]).toEqual(['"Anonymous" <sip:anonymous@anonymous.invalid>', "id"]);
});

const passedOn: Headers = [
  ["Diversion", "<sip:+4930222@carrier.example>;reason=user-busy;counter=2, <sip:+4930333@x>;reason=no-answer;privacy=full"],
];

test("who passed a call on is known and shown, and goes out with one entry more (RFC 5806 §7.1)", async () => {
  const { call, sent } = await calledIn(passedOn, { outbound: { diversionHeader: "diversion" } });
  expect(viewOfCall(call, 0).diversions).toEqual([{ number: "+4930222", reason: "user-busy", count: 2 }]);
  expect(sent?.all("Diversion")).toEqual([
    `<sip:${ownedNumber}@192.0.2.1>;reason=unconditional;counter=1;privacy=off`,
    "<sip:+4930222@192.0.2.1>;reason=user-busy;counter=2;privacy=off",
    "<sip:+4930333@192.0.2.1>;reason=no-answer;counter=1;privacy=full",
  ]);
});

test("a private entry has no number for who is not trusted, and none at all goes out without the policy", async () => {
  const { sent } = await calledIn(passedOn, { outbound: { diversionHeader: "diversion", isTrusted: false } });
  expect(sent?.all("Diversion")[2]).toBe("<sip:anonymous@anonymous.invalid>;reason=no-answer;counter=1;privacy=full");
  expect((await calledIn(passedOn)).sent?.has("Diversion")).toBe(false);
});

test("the same as History-Info, in and out (RFC 7044, RFC 7544)", async () => {
  const history: Headers = [["History-Info", "<sip:+4930222@x>;index=1, <sip:+18144043093@x;cause=408>;index=1.1;mp=1"]];
  const { call, sent } = await calledIn(history, { outbound: { diversionHeader: "history-info" } });
  expect(call.diversions).toEqual([{ by: "+4930222", reason: "no-answer", count: 1 }]);
  expect(sent?.all("History-Info")).toEqual([
    "<sip:+4930222@192.0.2.1>;index=1",
    `<sip:${ownedNumber}@192.0.2.1;cause=408>;index=1.1;mp=1`,
    `<sip:${numberToDial}@192.0.2.9;cause=302>;index=1.1.1;mp=1.1`,
  ]);
});

test("the reason is what became of the dial before, and a trunk that is not trusted names nobody", async () => {
  const at = await calledIn(passedOn, { inbound: { isTrusted: false }, outbound: { diversionHeader: "diversion" } }, { rejectsWith: 486 });
  const reasons = requests(at.network, "INVITE").map(({ headers }) => headers.all("Diversion").map((value) => value.split(";")[1]));
  expect(reasons).toEqual([["reason=unconditional"], ["reason=user-busy"]]);
});

test("a call that was passed on too often goes no further", async () => {
  const at = await calledIn([["Diversion", "<sip:+4930222@x>;reason=unconditional;counter=10"]]);
  expect(requests(at.network, "INVITE")).toEqual([]);
  expect(Object.values(at.call.parties)[1]?.outcome).toMatchObject({ sipStatus: 482, q850: 25 });
});

test("what an INVITE told is the same, byte for byte, after a restart", async () => {
  const at = await calledIn([...withheld, ...passedOn], {
    outbound: { identityHeader: "p-asserted-identity", diversionHeader: "history-info" },
  });
  const before = bytesOf(requests(at.network, "INVITE")[0]);
  await setPolicies(at, {});
  await crash(at, 500);
  const known = new Set(
    at.network.seen.flatMap(({ message }) =>
      message.kind === "request" && message.method === "INVITE" && message.uri.includes(numberToDial) ? bytesOf(message) : [],
    ),
  );
  expect([...known]).toEqual([before]);
});

test("header fields: kept of an INVITE and an answer, told to flows, set by verbs and trunks", async () => {
  const at = await calledIn(
    [
      ["X-Customer", "42"],
      ["User-to-User", "3031;encoding=hex"],
      ["P-Early", "a"],
      ["Subject", "no"],
    ],
    { inbound: { keptHeaders: ["p-early"] }, outbound: { addedHeaders: { "X-From": "trunk", "x-customer": "none" } } },
    {
      more: {
        headers: { "X-Customer": "{{ call.headers['x-customer'] }}", "User-to-User": "{{ call.headers.user-to-user }}" },
        into: "result",
      },
    },
  );
  expect(viewOfCall(at.call, 0).headers).toEqual({ "x-customer": "42", "user-to-user": "3031;encoding=hex", "p-early": "a" });
  expect(["X-Customer", "User-to-User", "X-From"].map((name) => at.sent?.all(name))).toEqual([["42"], ["3031;encoding=hex"], ["trunk"]]);
  at.far.usage().reject(603, [["X-Why", "closed"]]);
  await at.clock.advanceAsync(300);
  const now = await at.house.views.get(accountId, at.call.id);
  expect(now && viewOfCall(now, 0).legs[1]).toMatchObject({ sipStatus: 603, headers: { "x-why": "closed" } });
  expect(Object.values(now?.parties ?? {})[0]?.script?.variables["result"]).toMatchObject({ headers: { "x-why": "closed" } });
});

test("an order for a call sets header fields, but not those of the server", async () => {
  const at = await scene(passing(), {});
  const [flow] = at.house.directory.flows.list(accountId);
  const order = { by: "u", to: numberToDial, callerId: ownedNumber, flowId: flow?.id ?? "" };
  for (const headers of [{ Via: "x" }, { "X-A": "1\r\nVia: x" }]) {
    await expect(at.house.calls.originate(accountId, { ...order, headers })).rejects.toMatchObject({ code: "CALL_HEADER_INVALID" });
  }
  void at.house.calls.originate(accountId, { ...order, headers: { "X-Customer": "42" } });
  await at.clock.advanceAsync(100);
  expect(requests(at.network, "INVITE")[0]?.headers.get("X-Customer")).toBe("42");
});

test("a phone's own header fields are kept, its word on its identity is not", async () => {
  const at = await scene(passing(), {});
  await addPhone(at.house, "anna");
  caller(at, phoneAddress, { to: numberToDial, headers: [["X-Case", "7"], asserted], authorization: signedAs("anna") });
  await at.clock.advanceAsync(300);
  expect(await callNow(at)).toMatchObject({ from: ownedNumber, headers: { "x-case": "7" } });
});
