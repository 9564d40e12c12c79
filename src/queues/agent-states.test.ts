import { expect, test } from "vitest";
import { type AgentState, type AgentStateChange, type AgentStateStore, loadAgentStates } from "./agent-states.ts";

const state = (activity: AgentState["activity"], since: number): AgentState => ({
  accountId: "acme",
  userId: "uma",
  isOnDuty: true,
  activity,
  since,
});

class SlowStore implements AgentStateStore {
  readonly saved: AgentState[] = [];
  readonly waiting: { readonly save: () => void; readonly fail: () => void }[] = [];

  async load() {
    return [state("auxiliary", 1)];
  }

  save(saved: AgentState): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({
        save: () => {
          this.saved.push(saved);
          resolve();
        },
        fail: () => reject(new Error("away")),
      });
    });
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("what was stored is known, of its own account only; others are off duty", async () => {
  const agents = await loadAgentStates(new SlowStore());
  expect(agents.get("acme", "uma")).toEqual(state("auxiliary", 1));
  const nobody = { isOnDuty: false, activity: "offline", since: 0 };
  expect(agents.get("other", "uma")).toEqual({ accountId: "other", userId: "uma", ...nobody });
  expect(agents.get("acme", "vic")).toEqual({ accountId: "acme", userId: "vic", ...nobody });
});

test("changes show once they are stored, one after the other; one that could not be stored never was", async () => {
  const store = new SlowStore();
  const agents = await loadAgentStates(store);
  const changes: AgentStateChange[] = [];
  const watching = agents.watch((change) => changes.push(change));
  const results = Promise.allSettled([agents.set(state("ready", 2)), agents.set(state("not-ready", 3)), agents.set(state("wrap-up", 4))]);
  await settled();
  expect([store.waiting.length, agents.get("acme", "uma").activity]).toEqual([1, "auxiliary"]);
  store.waiting[0]?.save();
  await settled();
  expect([store.waiting.length, agents.get("acme", "uma").activity]).toEqual([2, "ready"]);
  store.waiting[1]?.fail();
  await settled();
  expect([store.waiting.length, agents.get("acme", "uma").activity]).toEqual([3, "ready"]);
  store.waiting[2]?.save();
  expect((await results).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(changes.map(({ before, after }) => [before.activity, after.activity])).toEqual([
    ["auxiliary", "ready"],
    ["ready", "wrap-up"],
  ]);
  watching.close();
  const last = agents.set(state("ready", 5));
  await settled();
  store.waiting[3]?.save();
  await last;
  expect([changes.length, store.saved.at(-1)?.since]).toEqual([2, 5]);
});
