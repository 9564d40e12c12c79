import { expect, test } from "vitest";
import { fakeDirectory } from "../../../../../test/support/fakes/directory.ts";
import { VirtualClock } from "../../../../../test/support/virtual-clock.ts";
import { systemIds } from "../../../../kernel/index.ts";
import { AccessTokens, scopes, secretHashOf } from "./tokens.ts";

const clock = new VirtualClock(1_800_000_000_000);
const ids = systemIds(clock);
const row = { accountId: "acme", createdAt: 0, updatedAt: 0 };
const application = { ...row, id: "5756a411e4b06a33d50517c7", userId: "u1", name: "App", secretHash: secretHashOf("secret") };

test("whoever asks while a token is made gets that one", async () => {
  const directory = fakeDirectory();
  const tokens = new AccessTokens({ clock, ids, directory, secret: Buffer.alloc(32, 1) });
  const insert = directory.accessTokens.insert.bind(directory.accessTokens);
  const waiting: (() => void)[] = [];
  directory.accessTokens.insert = async (token) => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    await insert(token);
  };
  const asked = [tokens.issue(application, scopes), tokens.issue(application, scopes)];
  await new Promise(setImmediate);
  for (const go of waiting) go();
  const [first, second] = await Promise.all(asked);
  expect(first).toEqual(second);
  expect(directory.accessTokens.byApplication(application.id)).toHaveLength(1);
});

test("a row that was written under another secret is passed over", async () => {
  const directory = fakeDirectory();
  const before = await new AccessTokens({ clock, ids, directory, secret: Buffer.alloc(32, 1) }).issue(application, scopes);
  const tokens = new AccessTokens({ clock, ids, directory, secret: Buffer.alloc(32, 2) });
  const after = await tokens.issue(application, scopes);
  expect(after.token).not.toBe(before.token);
  expect(await tokens.issue(application, scopes)).toEqual(after);
});
