import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { eventually } from "../../test/support/waiting.ts";
import { jsonLogger, type Logger } from "./logger.ts";

/** What `write` logs, line by line. */
async function logged(count: number, write: (log: Logger) => void): Promise<unknown[]> {
  using directory = temporaryDirectory();
  const path = join(directory.path, "log");
  const file = openSync(path, "w");
  write(jsonLogger("info", file));
  const lines = () => readFileSync(path, "utf8").split("\n").slice(0, -1);
  await eventually("all lines", async () => lines().length === count);
  closeSync(file);
  return lines().map((line) => JSON.parse(line) as unknown);
}

test("a line has its level, time, fields, those of its child, and the sentence", async () => {
  const lines = await logged(1, (log) => {
    log.debug({}, "Not this one");
    log.child({ part: "sip" }).warn({ callId: "c1" }, "Something happened");
  });
  expect(lines).toEqual([
    { level: "warn", time: expect.stringMatching(/^\d{4}-.*Z$/), part: "sip", callId: "c1", msg: "Something happened" },
  ]);
});

test("secrets are replaced down to the third level, and what was logged stays as it was", async () => {
  const fields = { token: "t", trunk: { name: "n", password: "p", login: { ha1: "h", realm: "r" } } };
  const before = structuredClone(fields);
  const [line] = await logged(1, (log) => log.info(fields, "x"));
  expect(line).toMatchObject({
    token: "[redacted]",
    trunk: { name: "n", password: "[redacted]", login: { ha1: "[redacted]", realm: "r" } },
  });
  expect(fields).toEqual(before);
});

test.each(["err", "cause"])("an error in %s shows its message, its stack and its members but for secrets", async (name) => {
  const error = Object.assign(new Error("broken"), { code: "E1", details: { cookie: "c", path: "p" } });
  const [line] = await logged(1, (log) => log.error({ [name]: error }, "x"));
  expect(line).toMatchObject({
    [name]: { message: "broken", stack: expect.stringContaining("logger.test"), code: "E1", details: { cookie: "[redacted]", path: "p" } },
  });
});
