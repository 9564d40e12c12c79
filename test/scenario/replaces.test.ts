/** INVITE with Replaces (RFC 3891 §3): somebody takes the place of a leg of ours. */
import { describe, expect, test } from "vitest";
import { ha1Of } from "../../src/sip/index.ts";
import { type Colleague, dial, hearing, now, type Office, office, seats, talking } from "./agents.ts";
import { replacesOf } from "./referring.ts";
import { addPhone, caller, crash, type FarEnd, signedAs, statusesTo } from "./scene.ts";

const other = "192.0.2.90";

function takeOver(at: Office, replaces: string | readonly string[], as: Colleague = "cleo", from = other): FarEnd {
  const headers = [replaces].flat().map((value) => ["Replaces", value] as const);
  return caller(at, from, { to: "5001", from: as, headers, authorization: signedAs(as) });
}

test("a colleague takes over: a new party in the old one's place, which gets BYE", async () => {
  const at = await office();
  const call = await talking(at);
  const by = takeOver(at, replacesOf(at.phones.ann.usage()));
  await at.clock.advanceAsync(500);
  const taken = await now(at, call);
  expect([by.log.names.includes("answered"), at.phones.ann.log.ends, at.phones.ben.log.ends]).toEqual([true, ["ended"], []]);
  expect(seats(taken)).toEqual({ ann: "left", ben: "active", cleo: "active" });
  expect(hearing(at, taken)).toEqual({ ben: "cleo", cleo: "ben" });
  by.usage().bye();
  await at.clock.advanceAsync(500);
  expect([at.phones.ben.log.ends, at.house.ports.free, at.house.calls.unfinished]).toEqual([["ended"], 200, 0]);
});

test("one's own other phone takes over: the same party goes on", async () => {
  const at = await office();
  const call = await talking(at);
  const phone = at.house.directory.phones.byUsername("ann");
  await addPhone(at.house, "ann-mobile");
  const mobile = at.house.directory.phones.byUsername("ann-mobile");
  if (mobile === undefined || phone === undefined) throw new Error("no phone");
  await at.house.directory.phones.update({ ...mobile, userId: phone.userId });
  takeOver(at, replacesOf(at.phones.ann.usage()), "ann-mobile" as Colleague);
  await at.clock.advanceAsync(500);
  const taken = await now(at, call);
  expect([seats(taken), at.phones.ann.log.ends]).toEqual([{ ann: "active", ben: "active" }, ["ended"]]);
  expect(hearing(at, taken)).toEqual({ ben: "ann", ann: "ben" });
});

test("pick-up: what rings at one phone is answered at another (early-only)", async () => {
  const at = await office({ ben: {} });
  const call = await dial(at, "ann", "5002");
  await at.clock.advanceAsync(500);
  const ringing = Object.values((await now(at, call)).legs).find(({ route }) => route.toUri.includes("ben"));
  const invite = at.network.seen.flatMap(({ message, to }) =>
    message.kind === "request" && message.method === "INVITE" && to.startsWith("192.0.2.72") ? message : [],
  )[0];
  const ourTag = /tag=(.*)$/.exec(invite?.headers.get("From") ?? "")?.[1];
  const by = takeOver(at, `${invite?.headers.get("Call-ID")};to-tag=${ourTag};from-tag=tag-192.0.2.72;early-only`);
  await at.clock.advanceAsync(500);
  expect([ringing?.state, by.log.names.includes("answered"), at.phones.ben.log.ends]).toEqual(["ringing", true, ["cancelled"]]);
  expect(hearing(at, await now(at, call))).toEqual({ ann: "cleo", cleo: "ann" });
});

test("the process dies right after it was taken: it stays so", async () => {
  const at = await office();
  const call = await talking(at);
  const by = takeOver(at, replacesOf(at.phones.ann.usage()));
  await at.clock.advanceAsync(12);
  await crash(at, 300);
  await at.clock.advanceAsync(40_000);
  expect(hearing(at, await now(at, call))).toEqual({ ben: "cleo", cleo: "ben" });
  expect([by.log.ends.filter((name) => name !== "challenged"), at.phones.ann.log.ends]).toEqual([[], ["ended"]]);
});

async function refused(replaces: (at: Office) => string | readonly string[], as: Colleague = "cleo"): Promise<number | undefined> {
  const at = await office();
  const call = await talking(at);
  takeOver(at, replaces(at), as);
  await at.clock.advanceAsync(500);
  expect([seats(await now(at, call)), at.house.ports.free]).toEqual([{ ann: "active", ben: "active" }, 198]);
  return statusesTo(at.network, other, "INVITE").at(-1);
}

describe("§3: what is refused", () => {
  test("several, or unreadable: 400", async () => {
    expect(await refused((at) => [replacesOf(at.phones.ann.usage()), replacesOf(at.phones.ben.usage())])).toBe(400);
    expect(await refused(() => "nothing")).toBe(400);
  });

  test("no such dialog: 481; its tags the wrong way round: 481", async () => {
    expect(await refused(() => "x;to-tag=1;from-tag=2")).toBe(481);
    expect(
      await refused((at) => {
        const usage = at.phones.ann.usage();
        return `${usage.callId};to-tag=${usage.localTag};from-tag=${usage.dialog?.remoteTag}`;
      }),
    ).toBe(481);
  });

  test("a confirmed one with early-only: 486", async () => {
    expect(await refused((at) => `${replacesOf(at.phones.ann.usage())};early-only`)).toBe(486);
  });

  test("early, and begun by the peer: 481", async () => {
    const at = await office({ ben: {} });
    const from = caller(at, "192.0.2.91", { to: "5002", from: "cleo", authorization: signedAs("cleo") });
    await at.clock.advanceAsync(500);
    const answer = at.network.seen.findLast(({ message, to }) => message.kind === "response" && to.startsWith("192.0.2.91"))?.message;
    const houseTag = /tag=(.*)$/.exec(answer?.headers.get("To") ?? "")?.[1];
    takeOver(at, `${from.usage().callId};to-tag=${houseTag};from-tag=${from.usage().localTag}`);
    await at.clock.advanceAsync(500);
    expect(statusesTo(at.network, other, "INVITE").at(-1)).toBe(481);
  });

  test("one that is over: 481 or 603", async () => {
    const at = await office();
    await talking(at);
    const replaces = replacesOf(at.phones.ann.usage());
    at.phones.ann.usage().bye();
    await at.clock.advanceAsync(500);
    takeOver(at, replaces);
    await at.clock.advanceAsync(500);
    expect([481, 603]).toContain(statusesTo(at.network, other, "INVITE").at(-1));
  });

  test("a stranger who knows the dialog gets a challenge, and with wrong credentials 403", async () => {
    const at = await office();
    const call = await talking(at);
    const headers = [["Replaces", replacesOf(at.phones.ann.usage())]] as const;
    caller(at, other, { to: "5001", headers, authorization: signedAs("cleo", "wrong") });
    await at.clock.advanceAsync(500);
    expect([statusesTo(at.network, other, "INVITE"), seats(await now(at, call))]).toEqual([[401, 403], { ann: "active", ben: "active" }]);
  });

  test("a phone of another account: 403", async () => {
    const at = await office();
    const call = await talking(at);
    const cleo = at.house.directory.phones.byUsername("cleo");
    if (cleo === undefined) throw new Error("no phone");
    const { md5, sha256 } = ha1Of("mallory", "callwright", "mallory-password");
    await at.house.addPhone({
      ...cleo,
      id: "0".repeat(24),
      username: "mallory",
      accountId: "b".repeat(24),
      ha1Md5: md5,
      ha1Sha256: sha256,
    });
    takeOver(at, replacesOf(at.phones.ann.usage()), "mallory" as Colleague);
    await at.clock.advanceAsync(500);
    expect([statusesTo(at.network, other, "INVITE").at(-1), seats(await now(at, call))]).toEqual([403, { ann: "active", ben: "active" }]);
  });
});
