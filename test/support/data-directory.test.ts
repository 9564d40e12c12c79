import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createDataDirectory, databasePids, removeDataDirectory } from "./data-directory.ts";

test("a pid file that names another process is not taken for a database, and its process is left alone", async () => {
  const directory = await createDataDirectory();
  await mkdir(join(directory, "database"));
  await writeFile(join(directory, "database/postmaster.pid"), `${process.pid}\n`);
  expect(await databasePids(directory)).toEqual([]);
  await removeDataDirectory(directory);
  await expect(stat(directory)).rejects.toThrow("ENOENT");
});

test("others may pass through it but not list it", async () => {
  const directory = await createDataDirectory();
  expect((await stat(directory)).mode & 0o777).toBe(0o711);
  await removeDataDirectory(directory);
});
