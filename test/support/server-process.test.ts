import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { startEnvironment } from "./server-process.ts";

test("servers of tests and benches start as npm start starts one", () => {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: { start: string } };
  const assignments = Object.entries(startEnvironment).map(([name, value]) => `${name}=${value}`);
  expect(scripts.start).toBe([...assignments, "exec node src/main.ts"].join(" "));
});
