import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

let checkout: string;
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), "callwright-setup-"));
  for (const folder of ["tools", "bin", "node_modules/.bin"]) mkdirSync(join(checkout, folder), { recursive: true });
  copyFileSync(join(import.meta.dirname, "setup.mjs"), join(checkout, "tools/setup.mjs"));
  writeFileSync(join(checkout, "package-lock.json"), "{}");
});
afterEach(() => {
  rmSync(checkout, { recursive: true });
});

/** Puts a program called npm into the PATH that notes its arguments and folder, and then does what `body` says. */
function npmThat(body: string): void {
  const program = join(checkout, "bin/npm");
  writeFileSync(program, `#!/bin/sh\necho "$PWD: $*" >> "${checkout}/npm-runs"\n${body}\n`);
  chmodSync(program, 0o755);
}

function setUp(path = `${checkout}/node_modules/.bin:${checkout}/bin`): { code: number | null; output: string } {
  const result = spawnSync(process.execPath, [join(checkout, "tools/setup.mjs")], { cwd: "/", env: { PATH: path }, encoding: "utf8" });
  return { code: result.status, output: result.stdout + result.stderr };
}

function npmRuns(): string[] {
  const file = join(checkout, "npm-runs");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
}

test("installs in the checkout, whatever the current folder, and then no more", () => {
  npmThat("exit 0");
  expect(setUp()).toMatchObject({ code: 0, output: expect.stringContaining("Installing packages") });
  expect(npmRuns()).toEqual([expect.stringContaining(`${checkout}: ci --include=dev`)]);
  expect(setUp()).toEqual({ code: 0, output: "" });
  expect(npmRuns()).toHaveLength(1);
});

test("installs again when the lock file has changed", () => {
  npmThat("exit 0");
  setUp();
  writeFileSync(join(checkout, "package-lock.json"), '{"lockfileVersion": 3}');
  setUp();
  expect(npmRuns()).toHaveLength(2);
});

test("installs again after a failure", () => {
  npmThat("exit 1");
  expect(setUp().code).toBe(1);
  npmThat("exit 0");
  expect(setUp().code).toBe(0);
  expect(npmRuns()).toHaveLength(2);
});

test("does not run npm on the Node that it is about to replace", () => {
  npmThat("exit 0");
  const other = join(checkout, "node_modules/.bin/npm");
  writeFileSync(other, "#!/bin/sh\nexit 1\n");
  chmodSync(other, 0o755);
  expect(setUp().code).toBe(0);
});

test.each([
  ["npm error code EUSAGE", "do not agree"],
  ["npm error code EAI_AGAIN", "registry did not answer"],
  ["npm error code E403", "refused access"],
  ["npm error code EACCES", "may not write to"],
  ["npm error code ENOSPC", "disk is full"],
  ["npm error something new", "Its output is above"],
])("when npm says %j it tells what to do", (said, advice) => {
  npmThat(`echo "${said}" >&2; exit 7`);
  const { code, output } = setUp();
  expect(code).toBe(1);
  expect(output).toContain("npm ci ended with code 7");
  expect(output).toContain(advice);
});

test("says so when npm is missing", () => {
  expect(setUp("/nowhere")).toMatchObject({ code: 1, output: expect.stringContaining("npm is not in the PATH") });
});

test("says so when the lock file is missing", () => {
  rmSync(join(checkout, "package-lock.json"));
  expect(setUp()).toMatchObject({ code: 1, output: expect.stringContaining("not a complete checkout") });
});
