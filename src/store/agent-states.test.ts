import { expect, test } from "vitest";
import { openTestStore } from "../../test/support/store/open-test-store.ts";
import type { AgentState } from "../queues/index.ts";

test("states are kept by user, replaced, and go with their user", async () => {
  await using opened = await openTestStore();
  const { directory, agentStates, server } = opened.store;
  const row = { accountId: "acme", createdAt: 1, updatedAt: 1 };
  await directory.accounts.insert({ id: "acme", name: "Acme", createdAt: 1, updatedAt: 1 });
  for (const id of ["uma", "vic"]) {
    await directory.users.insert({
      ...row,
      id,
      email: `${id}@example.com`,
      firstName: id,
      lastName: "",
      roles: ["user"],
      passwordHash: "",
    });
  }
  const lunch: AgentState = { accountId: "acme", userId: "uma", isOnDuty: true, activity: "not-ready", reason: "Lunch", since: 2 ** 42 };
  const ready: AgentState = { accountId: "acme", userId: "vic", isOnDuty: true, activity: "ready", since: 3 };
  await agentStates.save({ ...lunch, activity: "wrap-up" });
  await agentStates.save(lunch);
  await agentStates.save(ready);
  expect((await agentStates.load()).toSorted((a, b) => (a.userId < b.userId ? -1 : 1))).toEqual([lunch, ready]);
  await directory.users.remove("acme", "vic");
  expect(await agentStates.load()).toEqual([lunch]);
  await expect(agentStates.save(ready)).rejects.toMatchObject({ code: "DIRECTORY_GONE" });
  await server?.stop();
  await expect(agentStates.save(lunch)).rejects.toMatchObject({ code: "DIRECTORY_UNAVAILABLE" });
});
