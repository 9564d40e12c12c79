/** What a far end that leaves is told, and when: nothing that promises the end of a leg goes out before the disk has it. */
import { expect, test } from "vitest";
import { accountId, ownedNumber } from "../support/call-house.ts";
import {
  addPhone,
  callNow,
  caller,
  callsComeFrom,
  crash,
  houseAddress,
  requests,
  requestsFrom,
  scene,
  signedAs,
  statusesTo,
} from "./scene.ts";

const trunkAddress = "192.0.2.50";
const longStory = { start: "say", nodes: { say: { verb: "say", text: "A long story" } } };
const dialling = { start: "dial", nodes: { dial: { verb: "dial", to: "+12025550199", ringMs: 60_000 } } };

async function called(document: unknown = longStory) {
  const at = await scene(document);
  await callsComeFrom(at.house, trunkAddress);
  const from = caller(at, trunkAddress, { to: ownedNumber });
  await at.clock.advanceAsync(300);
  return { ...at, from };
}

test("the 200 to BYE waits for the disk; the repeats meanwhile make nothing happen twice", async () => {
  const at = await called();
  at.journal.isStuck = true;
  at.from.usage().bye();
  await at.clock.advanceAsync(4000);
  expect(requestsFrom(at.network, trunkAddress, "BYE").length).toBeGreaterThan(2);
  expect(statusesTo(at.network, trunkAddress, "BYE")).toEqual([]);
  at.journal.isStuck = false;
  at.journal.flush();
  await at.clock.advanceAsync(100);
  expect(statusesTo(at.network, trunkAddress, "BYE")).toEqual([200]);
  expect(await callNow(at)).toMatchObject({ outcome: { result: "completed", side: "remote" } });
});

test("a process that died before the disk had the BYE takes its repeat after the restart", async () => {
  const at = await called();
  at.journal.isStuck = true;
  at.from.usage().bye();
  await at.clock.advanceAsync(1000);
  await crash(at, 500);
  at.journal.isStuck = false;
  at.journal.flush();
  await at.clock.advanceAsync(8000);
  expect(statusesTo(at.network, trunkAddress, "BYE")).toEqual([200]);
  expect(at.from.log.ends).toEqual(["ended"]);
  expect(await callNow(at)).toMatchObject({ outcome: { result: "completed", side: "remote" } });
});

test("a process that died between the disk and the 200 tells the repeat that there is no such call", async () => {
  const at = await called();
  at.network.lose = (message) => message.kind === "response" && message.headers.get("CSeq")?.endsWith("BYE") === true;
  at.from.usage().bye();
  await at.clock.advanceAsync(100);
  at.network.lose = undefined;
  await crash(at, 500);
  await at.clock.advanceAsync(8000);
  expect(statusesTo(at.network, trunkAddress, "BYE")).toEqual([200, 481]);
  expect(at.from.log.ends).toEqual(["ended"]);
});

test("CANCEL has its 200 at once and 487 when the disk has it", async () => {
  const at = await scene(dialling, {});

  await addPhone(at.house, "anna");
  const anna = caller(at, trunkAddress, { to: "+12025550199", authorization: signedAs("anna") });
  await at.clock.advanceAsync(1000);
  at.journal.isStuck = true;
  anna.usage().bye();
  await at.clock.advanceAsync(2000);
  expect(statusesTo(at.network, trunkAddress, "CANCEL")).toEqual([200]);
  expect(statusesTo(at.network, trunkAddress, "INVITE")).not.toContain(487);
  expect(requests(at.network, "CANCEL")).toEqual([]);
  at.journal.isStuck = false;
  at.journal.flush();
  await at.clock.advanceAsync(1000);
  expect(statusesTo(at.network, trunkAddress, "INVITE").at(-1)).toBe(487);
  expect(anna.log.ends).toEqual(["challenged", "failed"]);
  expect(at.far.log.ends).toEqual(["cancelled"]);
});

test("CANCEL while our answer waits for the PRACK of our offer ends the other side too", async () => {
  const at = await scene(dialling, { progresses: true, answersAfterMs: 100 });
  await addPhone(at.house, "anna");
  const anna = caller(at, trunkAddress, { to: "+12025550199", authorization: signedAs("anna"), offer: "" });
  at.network.lose = (message) => message.kind === "request" && message.method === "PRACK" && message.body.length > 0;
  await at.clock.advanceAsync(1000);
  expect(at.far.log.names).toContain("acknowledged");
  anna.usage().bye();
  await at.clock.advanceAsync(2000);
  expect(anna.log.ends).toEqual(["challenged", "failed"]);
  expect(at.far.log.ends).toEqual(["ended"]);
  expect(at.house.calls.unfinished).toBe(0);
});

test("calls that run in a circle end by Max-Forwards: each INVITE has one less than the one it comes of", async () => {
  const at = await scene({ start: "dial", nodes: { dial: { verb: "dial", to: ownedNumber, ringMs: 60_000 } } });
  const [trunk] = at.house.directory.trunks.list(accountId);
  if (trunk === undefined) throw new Error("no trunk");
  await at.house.directory.trunks.update({ ...trunk, host: houseAddress, sourceAddresses: [houseAddress] });
  await callsComeFrom(at.house, trunkAddress);
  const from = caller(at, trunkAddress, { to: ownedNumber });
  await at.clock.advanceAsync(5000);
  const hops = requests(at.network, "INVITE").map(({ headers }) => Number(headers.get("Max-Forwards")));
  expect(hops).toEqual(Array.from({ length: 70 }, (_, index) => 69 - index));
  await at.clock.advanceAsync(60_000);
  expect(from.log.ends).toEqual(["ended"]);
  expect(at.house.calls.live).toBe(0);
  expect(at.house.ports.free).toBe(200);
});
