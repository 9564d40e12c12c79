/** Far ends that name others to call instead: followed or passed on by policy, within bounds. */
import { expect, test } from "vitest";
import { type TrunkPolicy, usualTrunkPolicy } from "../../src/directory/index.ts";
import { responseTo } from "../../src/sip/index.ts";
import { accountId, ownedNumber } from "../support/call-house.ts";
import {
  addPhone,
  callee,
  callNow,
  caller,
  callsComeFrom,
  crash,
  type FarEnd,
  houseAddress,
  numberToDial,
  requests,
  scene,
  type Scene,
  signedAs,
} from "./scene.ts";

const [trunkAddress, phoneAddress, deskAddress] = ["192.0.2.50", "192.0.2.60", "192.0.2.61"];
const far = "192.0.2.9";
const next = (user: string) => `sip:${user}@${far}`;

/** What the far end answers each user with: contacts, a status, or nothing but ringing. */
type Answers = Readonly<Record<string, readonly string[] | number>>;

function answers({ agent, log }: FarEnd, table: Answers, status = 302): void {
  agent.stack.onInvite((transaction) => {
    const user = /^sip:([^@;]+)@/.exec(transaction.request.uri)?.[1] ?? "";
    const answer = table[user];
    if (typeof answer === "object") {
      const headers = answer.map((contact) => ["Contact", contact] as const);
      transaction.respond(responseTo(transaction.request, status, { toTag: "far", headers }));
    } else if (answer !== undefined) transaction.respond(responseTo(transaction.request, answer, { toTag: "far" }));
    else agent.stack.acceptInvite(transaction, { localTag: "far", contact: next("far") }, log.events).ring(180);
  });
}

/** A phone dials a number by trunk. */
async function dialled(table: Answers, policy: Partial<TrunkPolicy> = {}, status = 302) {
  const at = await scene({ start: "say", nodes: { say: { verb: "say", text: "x" } } }, {});
  const [trunk] = at.house.directory.trunks.list(accountId);
  if (trunk !== undefined) await at.house.directory.trunks.update({ ...trunk, policy: { ...usualTrunkPolicy, ...policy } });
  await addPhone(at.house, "anna", [deskAddress]);
  answers(at.far, table, status);
  const phone = caller(at, phoneAddress, { to: numberToDial, authorization: signedAs("anna") });
  await at.clock.advanceAsync(500);
  return { ...at, phone };
}

function called(at: Pick<Scene, "network">): readonly string[] {
  return requests(at.network, "INVITE").map(({ uri }) => uri);
}

test("contacts are called one after the other, the preferred one first, each by a leg of its own (RFC 3261 §8.1.3.4)", async () => {
  const at = await dialled({ [numberToDial]: [`<${next("low")}>;q=0.2, <${next("high")}>;q=0.9`], high: 486 });
  expect(called(at)).toEqual([next(numberToDial), next("high"), next("low")]);
  const [first, , last] = requests(at.network, "INVITE");
  // The request is the first one with another target: To and From are as they were, but for the tag.
  expect(last?.headers.get("To")).toBe(first?.headers.get("To"));
  const legs = Object.values((await callNow(at)).legs).slice(1);
  expect(legs.map(({ outcome, state }) => outcome?.result ?? state)).toEqual(["redirected", "busy", "ringing"]);
  expect(at.phone.log.names.filter((name) => name === "failed")).toEqual([]);
});

test("who is called next is told who passed the call on, by policy", async () => {
  const at = await dialled({ [numberToDial]: [`<${next("b")}>`], b: [`<${next("c")}>`] }, { diversionHeader: "diversion" });
  expect(requests(at.network, "INVITE").at(-1)?.headers.all("Diversion")).toEqual([
    `<sip:${numberToDial}@${houseAddress}>;reason=unconditional;counter=2;privacy=off`,
  ]);
});

test("a circle ends, and so does a row that is too long", async () => {
  const circle = await dialled({ [numberToDial]: [`<${next("b")}>`], b: [`<${next(numberToDial)}>, <${next("b")}>`] });
  expect(called(circle)).toEqual([next(numberToDial), next("b")]);
  expect(circle.phone.log.values.at(-1)).toMatchObject([{ status: 480 }]);
  const row = Object.fromEntries(
    Array.from({ length: 9 }, (_, hop) => [hop === 0 ? numberToDial : `h${hop}`, [`<${next(`h${hop + 1}`)}>`]]),
  );
  expect(called(await dialled(row))).toHaveLength(6);
});

const many = (from: number) => Array.from({ length: 8 }, (_, index) => `<${next(`t${from + index}`)}>`);

test("no more than ten targets are tried", async () => {
  const busy = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`t${index + 1}`, 486]));
  const at = await dialled({ ...busy, [numberToDial]: many(0), t0: many(8) });
  expect(called(at)).toHaveLength(11);
  expect((await callNow(at)).outcome).toMatchObject({ result: "busy" });
});

test.each(["sip:x@192.0.2.77", "sips:b@192.0.2.9", "http://192.0.2.9/", "sip:b@192.0.2.9?Subject=x", "sip:b@192.0.2.9 x"])(
  "%s is not called",
  async (contact) => {
    const at = await dialled({ [numberToDial]: [`<${contact}>`] });
    expect(called(at)).toEqual([next(numberToDial)]);
    expect((await callNow(at)).outcome).toMatchObject({ result: "redirected", sipStatus: 302 });
    expect(at.house.ports.free).toBe(200);
  },
);

test("a refusal for all ends it (RFC 3261 §21.6), and other 3xx are none of ours", async () => {
  expect(called(await dialled({ [numberToDial]: [`<${next("b")}>, <${next("c")}>`], b: 603 }))).toHaveLength(2);
  const other = await dialled({ [numberToDial]: [`<${next("b")}>`] }, {}, 305);
  expect([called(other).length, (await callNow(other)).outcome?.result]).toEqual([1, "failed"]);
});

test("a phone that passes a call on leads to a number or a colleague of its account", async () => {
  const at = await scene({ start: "dial", nodes: { dial: { verb: "dial", to: "anna" } } }, {});
  await callsComeFrom(at.house, trunkAddress);
  await addPhone(at.house, "anna", [deskAddress]);
  answers(callee(at, deskAddress, {}), { phone: [`<sip:+12025550177@${houseAddress}>`] });
  caller(at, trunkAddress, { to: ownedNumber });
  await at.clock.advanceAsync(500);
  expect(called(at)).toEqual([`sip:phone@${deskAddress}`, next("+12025550177")]);
});

test("by policy whoever calls gets the redirection with its contacts, in their order (RFC 3261 §21.3.3)", async () => {
  const at = await dialled({ [numberToDial]: [`<${next("low")}>;q=0.1`, `<${next("high")}>`] }, { redirects: "pass" });
  expect(called(at)).toHaveLength(1);
  const [failure] = at.phone.log.values.at(-1) as [{ status: number; response: { headers: { all(name: string): string[] } } }];
  expect([failure.status, failure.response.headers.all("Contact")]).toEqual([302, [`<${next("high")}>;q=1.0`, `<${next("low")}>;q=0.9`]]);
  expect((await callNow(at)).outcome).toMatchObject({ result: "redirected", sipStatus: 302 });
});

test("a process that dies between two targets goes on with the same, and has not forgotten the third", async () => {
  const at = await dialled({ [numberToDial]: [`<${next("b")}>, <${next("c")}>`] });
  expect(called(at)).toEqual([next(numberToDial), next("b")]);
  await crash(at, 500);
  expect(Object.values((await callNow(at)).parties)[1]?.targets?.map(({ requestUri }) => requestUri)).toEqual([next("c")]);
});
