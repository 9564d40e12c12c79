/** What a watcher sees while calls are picked up and handed on: it learns enough to pick one up, and dialogs that move stay what they are. */
import { expect, test } from "vitest";
import { dial, hearing, now, type Office, office, order, talking } from "./agents.ts";
import { refer, replacing, toExtension } from "./referring.ts";
import { caller, houseAddress, signedAs } from "./scene.ts";
import { dialogsIn, dialogsKnown, type Watch, watch } from "./watchers.ts";

async function watching(at: Office, whom: string): Promise<Watch> {
  const made = watch(at, at.phones.cleo.agent, whom);
  await at.clock.advanceAsync(50);
  return made;
}

/** The states of each document, without repeats. */
function story({ told }: Watch): readonly string[] {
  const states = told.map(({ text }) =>
    dialogsIn(text)
      .map(({ state }) => state)
      .join(" "),
  );
  return states.filter((state, index) => state !== states[index - 1]);
}

test("RFC 5359 §2.17: what is told of a ringing dialog is all that a pick-up needs", async () => {
  const at = await office({ ann: {} });
  const made = await watching(at, "5001");
  const call = await dial(at, "ben", "5001");
  await at.clock.advanceAsync(2000);
  const [ringing] = dialogsKnown(made);
  const replaces = `${ringing?.["callId"]};to-tag=${ringing?.["remoteTag"]};from-tag=${ringing?.["localTag"]};early-only`;
  const to = /^sip:(.*)@/.exec(ringing?.["target"] ?? "")?.[1] ?? "";
  const cleo = caller(at, "192.0.2.90", { to, from: "cleo", headers: [["Replaces", replaces]], authorization: signedAs("cleo") });
  await at.clock.advanceAsync(2000);
  expect([cleo.log.names.includes("answered"), at.phones.ann.log.ends]).toEqual([true, ["cancelled"]]);
  expect(hearing(at, await now(at, call))).toEqual({ ben: "cleo", cleo: "ben" });
  expect(story(made)).toEqual(["", "early", "terminated"]);
});

test("RFC 5589 §6: REFER: who asked is out, the target rings and talks, who remains stays as they were", async () => {
  const at = await office({ cleo: { answersAfterMs: 3000 } });
  const [ann, ben, cleo] = [await watching(at, "5001"), await watching(at, "5002"), await watching(at, "5003")];
  await talking(at);
  await at.clock.advanceAsync(2000);
  refer(at.phones.ann.usage(), toExtension("5003"));
  await at.clock.advanceAsync(8000);
  expect([story(ann).at(-1), dialogsKnown(ann)]).toEqual(["terminated", []]);
  expect(story(cleo)).toEqual(["", "early", "confirmed"]);
  expect([story(ben).at(-1), dialogsKnown(ben).map(({ state, remoteName }) => [state, remoteName])]).toEqual([
    "confirmed",
    [["confirmed", "cleo"]],
  ]);
});

test("RFC 5589 §7: a party that moves to another call keeps its dialog: same id, never ended", async () => {
  const at = await office();
  const [ben, ann] = [await watching(at, "5002"), await watching(at, "5001")];
  const first = await talking(at);
  const own = at.phones.ann.usage();
  await order(at, first, "ann", { kind: "hold" }, 1500);
  const [before] = dialogsKnown(ben);
  await dial(at, "ann", "5003");
  await at.clock.advanceAsync(2000);
  expect(dialogsKnown(ann)).toHaveLength(2);
  refer(at.phones.ann.usage(), replacing(own, "5002"));
  await at.clock.advanceAsync(3000);
  expect([before?.["rendering"], before?.["remote"]]).toEqual(["no", `sip:5001@${houseAddress}`]);
  expect(dialogsKnown(ben)).toEqual([{ ...before, rendering: "yes", remoteName: "cleo" }]);
  expect(story(ben).includes("terminated")).toBe(false);
  expect(dialogsKnown(ann)).toEqual([]);
});
