/** Who is watched: nothing is looked at while that is nobody, and what happens while live calls are looked up is not lost. */
import { expect, test } from "vitest";
import { fakeDirectory } from "../../../test/support/fakes/directory.ts";
import { silentLogger } from "../../kernel/index.ts";
import type { Call } from "../model.ts";
import type { CallChange, CallList } from "../views.ts";
import { Subjects } from "./subjects.ts";

const [accountId, phoneId] = ["account", "phone-1"];

async function setUp() {
  const directory = fakeDirectory();
  const dates = { accountId, createdAt: 1, updatedAt: 1 };
  const phone = { ...dates, id: phoneId, userId: "user", username: "ann", ha1Md5: "", ha1Sha256: "" };
  await directory.phones.insert(phone);
  const open = new Set<string>();
  const watched = (name: string) => {
    open.add(name);
    return { close: () => void open.delete(name) };
  };
  let change: ((change: CallChange) => void) | undefined;
  const listed = Promise.withResolvers<CallList>();
  const subjects = new Subjects({
    log: silentLogger,
    directory,
    views: {
      list: () => listed.promise,
      watch(handler) {
        change = handler;
        return watched("calls");
      },
    },
    registrations: { contactsOf: () => [], watch: () => watched("registrations") },
    agents: {
      get: (account, userId) => ({ accountId: account, userId, isOnDuty: false, activity: "offline" }),
      watch: () => watched("agents"),
    },
    secret: Buffer.alloc(32),
    domain: "example.org",
    earlyTagOf: () => undefined,
  });
  const colleague = { kind: "phone", accountId, name: "ann", phone, user: undefined } as const;
  return { subjects, colleague, open, listed, change: (one: CallChange) => change?.(one) };
}

/** A call with one leg of the phone in this state. */
function callWith(state: "ringing" | "answered" | "ended", id = "call"): Call {
  const leg = { id: `leg of ${id}`, partyId: "p", direction: "outbound", state, route: { phoneId, fromUri: "sip:b@x", toUri: "sip:a@x" } };
  return { id, accountId, legs: { [leg.id]: leg }, bridges: {}, parties: {} } as unknown as Call;
}

test("sources are open while somebody is watched, and no longer", async () => {
  const { subjects, colleague, open, listed } = await setUp();
  listed.resolve({ items: [], more: false });
  expect(open.size).toBe(0);
  const [one, other] = await Promise.all([subjects.watch(colleague, () => undefined), subjects.watch(colleague, () => undefined)]);
  expect([...open].toSorted()).toEqual(["agents", "calls", "registrations"]);
  one.close();
  expect(open.size).toBe(3);
  other.close();
  other.close();
  expect(open.size).toBe(0);
});

test("a call that changes while the live ones are looked up is known as it is now", async () => {
  const { subjects, colleague, listed, change } = await setUp();
  const watching = subjects.watch(colleague, () => undefined);
  const [rings, over] = [callWith("ringing", "one"), callWith("ringing", "two")];
  change({ position: 1, before: rings, after: callWith("answered", "one"), events: [] });
  change({ position: 2, before: over, after: callWith("ended", "two"), events: [] });
  listed.resolve({ items: [rings, over, callWith("ringing", "three")], more: false });
  const subject = await watching;
  expect(subject.dialogs().map(({ id, state }) => `${id} ${state}`)).toEqual(["leg of one confirmed", "leg of three early"]);
});

test("what happens in one turn is told once, with what has ended", async () => {
  const { subjects, colleague, listed, change } = await setUp();
  listed.resolve({ items: [], more: false });
  const told: string[][] = [];
  const subject = await subjects.watch(colleague, (ended) => void told.push(ended.map(({ id, state }) => `${id} ${state}`)));
  change({ position: 1, before: undefined, after: callWith("answered", "one"), events: [] });
  change({ position: 2, before: callWith("answered", "one"), after: callWith("ended", "one"), events: [] });
  change({ position: 3, before: undefined, after: callWith("ringing", "two"), events: [] });
  await Promise.resolve();
  expect(told).toEqual([["leg of one terminated"]]);
  expect(subject.dialogs().map(({ id }) => id)).toEqual(["leg of two"]);
});
