import { existsSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { StartedProcess } from "../../test/support/child-process.ts";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { systemClock } from "../kernel/index.ts";
import { openDataDirectory } from "./data-directory.ts";
import { startTimeOf } from "./process-identity.ts";

const clock = systemClock();

test("a new directory gets its modes and a key that stays", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "deep", "data");
  const first = await openDataDirectory(path, clock);
  expect(statSync(path).mode & 0o777).toBe(process.getuid?.() === 0 ? 0o711 : 0o700);
  expect(statSync(join(path, "secret.key")).mode & 0o777).toBe(0o600);
  expect(statSync(join(path, "lock")).mode & 0o777).toBe(0o600);
  expect(first.secret).toHaveLength(32);
  expect(first.journal).toBe(join(path, "journal"));
  await first.close();
  expect(existsSync(join(path, "lock"))).toBe(false);
  const second = await openDataDirectory(path, clock);
  expect(second.secret).toEqual(first.secret);
  await second.close();
});

test.runIf(process.getuid?.() === 0)("a directory with somebody else's files keeps its mode", async () => {
  using directory = temporaryDirectory();
  writeFileSync(join(directory.path, "theirs"), "");
  await (await openDataDirectory(directory.path, clock)).close();
  expect(statSync(directory.path).mode & 0o777).toBe(0o700);
});

test("a second server on the same data is refused with the first one's pid", async () => {
  using directory = temporaryDirectory();
  const first = await openDataDirectory(directory.path, clock);
  await expect(openDataDirectory(directory.path, clock)).rejects.toMatchObject({
    code: "STORE_DATA_IN_USE",
    details: { pid: process.pid },
  });
  expect(existsSync(join(directory.path, "lock"))).toBe(true);
  await first.close();
});

test("the lock of a living process holds; once it is gone, or its pid is another's, it is taken over", async () => {
  using directory = temporaryDirectory();
  const lock = join(directory.path, "lock");
  await using other = new StartedProcess("sleep", ["60"]);
  const { pid } = other;
  const startTime = startTimeOf(pid);
  writeFileSync(lock, JSON.stringify({ pid, startTime }));
  await expect(openDataDirectory(directory.path, clock)).rejects.toMatchObject({ code: "STORE_DATA_IN_USE", details: { pid } });

  writeFileSync(lock, JSON.stringify({ pid, startTime: "1" }));
  await (await openDataDirectory(directory.path, clock)).close();

  writeFileSync(lock, JSON.stringify({ pid, startTime }));
  await other.stop();
  const taken = await openDataDirectory(directory.path, clock);
  expect(JSON.parse(readFileSync(lock, "utf8"))).toMatchObject({ pid: process.pid });
  await taken.close();
});

test.each(["", "{", "[]", '{"pid":"x"}'])("a lock that says %o is stale", async (content) => {
  using directory = temporaryDirectory();
  writeFileSync(join(directory.path, "lock"), content);
  await (await openDataDirectory(directory.path, clock)).close();
});

test("while another process takes a stale lock over, this one waits its turn; a guard left by a crash is removed", async () => {
  using directory = temporaryDirectory();
  writeFileSync(join(directory.path, "lock"), "");
  const guard = join(directory.path, "lock.takeover");
  mkdirSync(guard);
  await expect(openDataDirectory(directory.path, clock)).rejects.toMatchObject({ code: "STORE_DATA_IN_USE" });
  utimesSync(guard, 1, 1);
  await expect(openDataDirectory(directory.path, clock)).rejects.toMatchObject({ code: "STORE_DATA_IN_USE" });
  await (await openDataDirectory(directory.path, clock)).close();
});

test("a damaged key is named, and the lock given back", async () => {
  using directory = temporaryDirectory();
  writeFileSync(join(directory.path, "secret.key"), "short");
  await expect(openDataDirectory(directory.path, clock)).rejects.toMatchObject({ code: "STORE_KEY_INVALID" });
  expect(existsSync(join(directory.path, "lock"))).toBe(false);
});

test("a path that cannot be a directory is refused with its name", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "file", "data");
  writeFileSync(join(directory.path, "file"), "");
  await expect(openDataDirectory(path, clock)).rejects.toMatchObject({ code: "STORE_DATA_UNUSABLE", details: { path } });
});
