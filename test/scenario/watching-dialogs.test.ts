/** A phone watches the dialogs of colleagues (RFC 4235): what it is told while they call, are called, hold, transfer; and over a bad network. */
import { describe, expect, test } from "vitest";
import { accountId } from "../support/call-house.ts";
import { annAddress, dial, now, type Office, office, order, soon, talking } from "./agents.ts";
import { caller, callNow, crash, hangUp, houseAddress, requestsFrom, signedAs, statusesTo } from "./scene.ts";
import { dialogsIn, dialogsKnown, type Watch, watch } from "./watchers.ts";

const cleoAddress = "192.0.2.73";

async function watching(at: Office, whom = "5001", options: Parameters<typeof watch>[3] = {}): Promise<Watch> {
  const made = watch(at, at.phones.cleo.agent, whom, options);
  await at.clock.advanceAsync(50);
  return made;
}

/** State, direction and far side of each dialog that a watcher knows. */
function known(made: Watch): readonly string[] {
  return dialogsKnown(made).map(({ state, direction, remote }) => `${state} ${direction} ${remote}`);
}

function history({ told }: Watch): readonly string[] {
  return told.map(({ text }) =>
    dialogsIn(text)
      .map(({ state, end }) => (end === undefined ? state : `${state} ${end}`))
      .join(", "),
  );
}

describe("what is told", () => {
  test("§3.5: at once everything, also when it is nothing", async () => {
    const at = await office();
    const made = await watching(at);
    expect(made.told).toHaveLength(1);
    expect(made.told[0]?.text).toBe(
      `<?xml version="1.0" encoding="UTF-8"?>\n<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="0" state="full" entity="sip:5001@${houseAddress}"/>\n`,
    );
    expect(made.told[0]?.state).toEqual({ state: "active", expiresS: 3600 });
  });

  test("she is called: early with what a pick-up needs, confirmed, ended by the other side", async () => {
    const at = await office({ ann: { answersAfterMs: 5000 }, ben: soon });
    const made = await watching(at);
    await at.clock.advanceAsync(1000);
    const call = await dial(at, "ben", "5001");
    await at.clock.advanceAsync(200);
    const [ringing] = dialogsKnown(made);
    const invite = requestsFrom(at.network, houseAddress, "INVITE").find(({ uri }) => uri.includes(annAddress));
    // As Replaces names it to us: our tag is to-tag there, hers from-tag (RFC 5359 §2.17).
    expect(ringing).toMatchObject({
      state: "early",
      direction: "recipient",
      callId: invite?.headers.get("Call-ID"),
      localTag: `tag-${annAddress}`,
      remoteTag: invite?.headers.get("From")?.split(";tag=")[1],
      local: `sip:5001@${houseAddress}`,
      remote: `sip:5002@${houseAddress}`,
      remoteName: "ben",
    });
    expect(ringing?.["target"]).toMatch(new RegExp(`^sip:[0-9a-f]+@${houseAddress}:5060$`));
    await at.clock.advanceAsync(7000);
    expect(known(made)).toEqual([`confirmed recipient sip:5002@${houseAddress}`]);
    await hangUp(at, call);
    await at.clock.advanceAsync(2000);
    expect(history(made).slice(-1)).toEqual(["terminated remote-bye"]);
    expect(known(made)).toEqual([]);
  });

  test("she calls: an initiator, until she hangs up", async () => {
    const at = await office({ ben: { answersAfterMs: 3000 } });
    const made = await watching(at);
    const ann = caller(at, "192.0.2.81", { to: "5002", from: "ann", authorization: signedAs("ann") });
    await at.clock.advanceAsync(2500);
    expect(known(made)).toEqual([`early initiator sip:5002@${houseAddress}`]);
    expect(dialogsKnown(made)[0]).toMatchObject({ callId: ann.usage().callId, localTag: ann.usage().localTag });
    await at.clock.advanceAsync(3000);
    expect(known(made)).toEqual([`confirmed initiator sip:5002@${houseAddress}`]);
    ann.usage().bye();
    await at.clock.advanceAsync(2000);
    expect(history(made).at(-1)).toBe("terminated local-bye");
  });

  test("§4.1.6.2: hold shows, and that it is over", async () => {
    const at = await office();
    const made = await watching(at);
    const call = await talking(at, "ben", "5001");
    const rendering = () => dialogsKnown(made).map((dialog) => dialog["rendering"]);
    await at.clock.advanceAsync(1500);
    expect(rendering()).toEqual(["yes"]);
    await order(at, call, "ben", { kind: "hold" }, 1500);
    expect(rendering()).toEqual(["no"]);
    await order(at, call, "ben", { kind: "retrieve" }, 1500);
    expect(rendering()).toEqual(["yes"]);
    await order(at, call, "ann", { kind: "hold" }, 1500);
    expect(rendering()).toEqual(["no"]);
  });

  test("she transfers: her dialog is over, the one of the new colleague begins", async () => {
    const at = await office({ cleo: { answersAfterMs: 3000 } });
    const [ann, cleo] = [await watching(at), await watching(at, "5003")];
    const call = await talking(at, "ben", "5001");
    await order(at, call, "ann", { kind: "transfer", to: "5003" }, 2000);
    expect([known(ann), history(ann).at(-1)]).toEqual([[], "terminated remote-bye"]);
    expect(known(cleo)).toEqual([`early recipient sip:5002@${houseAddress}`]);
    await at.clock.advanceAsync(3000);
    expect(known(cleo)).toEqual([`confirmed recipient sip:5002@${houseAddress}`]);
  });

  test.each([
    ["busy", { rejectsWith: 486 }, "terminated rejected"],
    ["not answered", {}, "terminated cancelled"],
  ])("she is %s", async (_name, ann, end) => {
    const at = await office({ ann });
    const made = await watching(at);
    await dial(at, "ben", "5001");
    await at.clock.advanceAsync(70_000);
    // What was over within the second was never there for the watcher.
    expect(["", end]).toContain(history(made).at(-1));
    expect(known(made)).toEqual([]);
  });

  test("what goes on already is told first; §4.3: later only what changed, counted", async () => {
    const at = await office();
    const first = await talking(at, "ben", "5001");
    await talking(at, "ann", "+12025550199");
    const made = await watching(at);
    expect(dialogsKnown(made)).toHaveLength(2);
    await hangUp(at, first);
    await at.clock.advanceAsync(2000);
    expect(made.told.at(-1)?.text).toContain(`version="1" state="partial"`);
    expect(dialogsKnown(made)).toHaveLength(1);
  });

  test("a phone is watched by its name; the calls of its user's other phones are not its own", async () => {
    const at = await office();
    const made = await watching(at, "ann");
    await talking(at, "ben", "5001");
    await at.clock.advanceAsync(1500);
    expect(known(made)).toEqual([`confirmed recipient sip:5002@${houseAddress}`]);
    expect(dialogsKnown(made)[0]?.["local"]).toBe(`sip:ann@${houseAddress}`);
  });

  test("§3.2: one dialog only, by its Call-ID", async () => {
    const at = await office();
    await talking(at, "ben", "5001");
    await talking(at, "ann", "+12025550199");
    const [one, other] = dialogsKnown(await watching(at));
    // The NOTIFY has no parameters, so this subscriber does not know it for its own; it is read on its way.
    await watching(at, "5001", { event: `dialog;call-id=${one?.["callId"]};from-tag=${one?.["remoteTag"]}` });
    const notify = requestsFrom(at.network, houseAddress, "NOTIFY").at(-1);
    expect(dialogsIn(Buffer.from(notify?.body ?? "").toString()).map(({ id }) => id)).toEqual([one?.id]);
    expect(other?.id).not.toBe(one?.id);
  });
});

describe("how often", () => {
  test("RFC 6665 §5.4.10: a second apart at least, and the last state arrives", async () => {
    const at = await office({ ann: { answersAfterMs: 300 } });
    const made = await watching(at);
    const call = await dial(at, "ben", "5001");
    await at.clock.advanceAsync(900);
    await hangUp(at, call);
    await at.clock.advanceAsync(5000);
    const gaps = made.told.slice(1).map(({ atMs }, index) => atMs - (made.told[index]?.atMs ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(995);
    expect(known(made)).toEqual([]);
  });

  test("nothing is told of what others do", async () => {
    const at = await office();
    const made = await watching(at);
    await talking(at, "ben", "+12025550199");
    await at.clock.advanceAsync(3000);
    expect(made.told).toHaveLength(1);
  });

  test.each([1, 2, 3, 4, 5])("a fifth of all datagrams is lost: what is known is what is so (seed %i)", async (seed) => {
    const at = await office({ ann: { answersAfterMs: 1500 } }, { weather: { seed, loss: 0.2 } });
    const made = await watching(at);
    await at.clock.advanceAsync(20_000);
    const call = await dial(at, "ben", "5001");
    await at.clock.advanceAsync(60_000);
    const hers = Object.values((await now(at, call)).legs).filter(({ route }) => route.requestUri.includes(annAddress));
    expect(dialogsKnown(made).map(({ id }) => id)).toEqual(hers.filter(({ state }) => state === "answered").map(({ id }) => id));
    if ((await now(at, call)).endedAt === undefined) await hangUp(at, call);
    await at.clock.advanceAsync(80_000);
    expect([known(made), made.over]).toEqual([[], []]);
  });
});

describe("who may, and for how long", () => {
  test.each([
    ["§4.2.1.1: an unknown event", "5001", { event: "weather" }, 489, "Allow-Events", "refer, dialog, presence, message-summary"],
    ["§4.2.1.1: too short", "5001", { expiresS: 30 }, 423, "Min-Expires", "60"],
    ["§4.4.2: another type only", "5001", { accept: "text/plain" }, 406, "Accept", "application/dialog-info+xml"],
    ["nobody of that name", "5999", {}, 404, "Server", undefined],
    ["a wrong password", "5001", { password: "guessed" }, 403, "Server", undefined],
    ["the mailbox of a colleague", "5001", { event: "message-summary" }, 403, "Server", undefined],
  ] as const)("%s", async (_name, whom, options, status, header, value) => {
    const at = await office();
    const made = await watching(at, whom, options);
    const answer = at.network.seen
      .flatMap(({ message, to }) => (message.kind === "response" && to.startsWith(cleoAddress) ? message : []))
      .at(-1);
    expect(answer?.status).toBe(status);
    if (value !== undefined) expect(answer?.headers.get(header) && answer.headers.all(header).join(", ")).toBe(value);
    expect([made.told, made.over]).toEqual([[], [{ status }]]);
  });

  test("a phone of another account is not shown", async () => {
    const at = await office();
    const other = { id: "other-phone", accountId: "b".repeat(24), createdAt: 1, updatedAt: 1, userId: "x", username: "eve" };
    await at.house.addPhone({ ...other, ha1Md5: "", ha1Sha256: "" });
    await watching(at, "eve");
    expect(statusesTo(at.network, cleoAddress, "SUBSCRIBE")).toEqual([401, 403]);
  });

  test("whole ranges and any type are taken as the type", async () => {
    const at = await office();
    for (const accept of ["application/*", "*/*", "text/plain, application/dialog-info+xml;q=0.5"])
      expect((await watching(at, "5001", { accept })).told).toHaveLength(1);
  });

  test("§4.1.2.3: it ends with Expires 0, and a refresh tells everything again", async () => {
    const at = await office();
    await talking(at, "ben", "5001");
    await talking(at, "ann", "+12025550199");
    const made = await watching(at, "5001", { expiresS: 60 });
    await at.clock.advanceAsync(70_000);
    expect(made.told.length).toBeGreaterThan(1);
    expect(made.told.map(({ text }) => /version="\d" state="\w+"/.exec(text)?.[0]).slice(0, 2)).toEqual([
      `version="0" state="full"`,
      `version="1" state="full"`,
    ]);
    made.subscriber.end();
    await at.clock.advanceAsync(100);
    expect(made.over).toEqual([{ reason: "timeout" }]);
  });

  test("RFC 6665 §4.2.1.1: a refresh may not be too short either", async () => {
    const at = await office();
    await watching(at, "5001", { expiresS: 0 });
    expect(statusesTo(at.network, cleoAddress, "SUBSCRIBE")).toEqual([401, 200]);
  });

  test("who is watched is removed: noresource, when it is refreshed", async () => {
    const at = await office();
    const made = await watching(at, "5001", { expiresS: 60 });
    await at.house.directory.lines.remove(accountId, "line-ann");
    await at.clock.advanceAsync(70_000);
    expect(made.over).toEqual([{ reason: "noresource" }]);
  });

  test("§4.1.3: the server stops: deactivated; after a crash a refresh gets 481", async () => {
    const at = await office();
    const [stopped, crashed] = [await watching(at), await watching(at, "5002", { expiresS: 60 })];
    at.house.phones.close();
    await at.clock.advanceAsync(100);
    expect(stopped.over).toEqual([{ reason: "deactivated" }]);
    expect(crashed.over).toHaveLength(1);
    const refused = await watching(at);
    expect(refused.over).toEqual([{ status: 503 }]);
    await crash(at, 1000);
    const again = await watching(at, "5001", { expiresS: 60 });
    await crash(at, 1000);
    await at.clock.advanceAsync(70_000);
    expect(again.over).toEqual([{ status: 481 }]);
    expect((await watching(at)).told).toHaveLength(1);
  });
});

test("callNow shows no trace of it: watching is not journaled", async () => {
  const at = await office();
  const before = at.journal.records.length;
  await watching(at);
  expect(at.journal.records.length).toBe(before);
  await talking(at);
  expect((await callNow(at)).endedAt).toBeUndefined();
});
