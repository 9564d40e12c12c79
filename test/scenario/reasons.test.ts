/** Why a call ended, from one far end to the other and to whoever looks (RFC 3326, RFC 3398). */
import { expect, test } from "vitest";
import { ownedNumber } from "../support/call-house.ts";
import { talking, office, dial, order } from "./agents.ts";
import { addPhone, callee, callNow, caller, callsComeFrom, requests, type Scene, scene, signedAs, statusesTo } from "./scene.ts";

const [trunkAddress, phoneAddress] = ["192.0.2.50", "192.0.2.60"];

/** Both contacts of anna's phone ring for who called in. */
const dialling = {
  start: "dial",
  nodes: { dial: { verb: "dial", to: "anna", into: "result", exits: { failed: "told", busy: "told" } }, told: { verb: "say", text: "x" } },
};

async function ringing() {
  const at = await scene(dialling);
  await callsComeFrom(at.house, trunkAddress);
  await addPhone(at.house, "anna", ["192.0.2.61", "192.0.2.62"]);
  const phones = [callee(at, "192.0.2.61", { answersAfterMs: 500 }), callee(at, "192.0.2.62", {})] as const;
  const first = caller(at, trunkAddress, { to: ownedNumber });
  await at.clock.advanceAsync(200);
  return { ...at, phones, first };
}

async function dialled(rejectsWith?: number) {
  const at = await scene(dialling, rejectsWith === undefined ? {} : { rejectsWith });
  await addPhone(at.house, "anna");
  const phone = caller(at, phoneAddress, { to: "+12025550199", authorization: signedAs("anna") });
  await at.clock.advanceAsync(300);
  return { ...at, phone };
}

function reasons(at: Pick<Scene, "network">, method: string): readonly string[] {
  return requests(at.network, method).flatMap(({ headers }) => headers.all("Reason"));
}

test("who else rang learns that the call was completed elsewhere (RFC 3326 §3.1)", async () => {
  const at = await ringing();
  await at.clock.advanceAsync(1000);
  expect(reasons(at, "CANCEL")).toEqual([
    'SIP;cause=200;text="Call completed elsewhere"',
    'Q.850;cause=26;text="Call completed elsewhere"',
  ]);
  expect(at.phones[1].log.values.at(-1)).toMatchObject([{ sipCause: 200, q850: 26 }]);
  const legs = Object.values((await callNow(at)).legs);
  expect(legs.find(({ state }) => state === "ended")?.outcome).toMatchObject({ result: "cancelled", sipCause: 200 });
});

test("a caller that gives up because of another answer is no missed call, and the phones hear it so", async () => {
  const at = await dialled();
  at.phone.usage().bye([["Reason", 'SIP;cause=200;text="Call completed elsewhere"']]);
  await at.clock.advanceAsync(500);
  expect((await callNow(at)).outcome).toMatchObject({ result: "cancelled", side: "remote", sipCause: 200, q850: 26 });
  expect(reasons(at, "CANCEL")[0]).toBe('SIP;cause=200;text="Call completed elsewhere"');
});

test("the cause of a BYE reaches the other leg and the call (RFC 3326 §2)", async () => {
  const at = await office();
  await talking(at);
  at.phones.ben.usage().bye([["Reason", 'Q.850;cause=38;text="Network out of order"']]);
  await at.clock.advanceAsync(500);
  expect(reasons(at, "BYE")).toEqual(['Q.850;cause=38;text="Network out of order"']);
  expect((await callNow(at)).outcome).toMatchObject({ q850: 38, text: "Hung up by the far end: Network out of order" });
});

test("a cause in SIP's terms alone gives that of Q.850 (RFC 3398 §8.2.6.1)", async () => {
  const at = await office();
  await talking(at);
  at.phones.ann.usage().bye([["Reason", "SIP;cause=503"]]);
  await at.clock.advanceAsync(500);
  expect(reasons(at, "BYE")).toEqual(['SIP;cause=503;text="Service Unavailable"', 'Q.850;cause=41;text="Hung up here"']);
});

test("the cause of a refusal goes into the refusal of who called (RFC 6432)", async () => {
  const at = await dialled();
  at.far.usage().reject(503, [["Reason", 'Q.850;cause=34;text="No circuit"']]);
  await at.clock.advanceAsync(500);
  expect(statusesTo(at.network, phoneAddress, "INVITE").at(-1)).toBe(503);
  expect(at.phone.log.values.at(-1)).toMatchObject([{ status: 503, q850: 34, reason: "No circuit" }]);
  expect((await callNow(at)).outcome).toMatchObject({ sipStatus: 503, q850: 34, reason: "No circuit" });
});

test("who is called back first hears by BYE with what status the other side refused", async () => {
  const at = await office({ ben: { rejectsWith: 486 } });
  await dial(at, "ann", "5002");
  await at.clock.advanceAsync(1000);
  expect(reasons(at, "BYE")).toEqual(['SIP;cause=486;text="Busy Here"', 'Q.850;cause=17;text="Busy Here (SIP 486)"']);
});

test("a hang-up of ours is a normal clearing", async () => {
  const at = await office();
  const call = await talking(at);
  await order(at, call, "ann", { kind: "hang-up" });
  expect(reasons(at, "BYE")).toEqual(['Q.850;cause=16;text="Hung up here"', 'Q.850;cause=16;text="Hung up here"']);
});
