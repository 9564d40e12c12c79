import type { TestContext } from "vitest";
import { howToInstall, type interopTools, isInstalled } from "../../../tools/interop-tools.ts";

/** A program of other makers that the interop tests talk to, by its command. */
export type InteropTool = (typeof interopTools)[number]["command"];

/** Skips the test, loudly, when a program is missing, and says how to get it; with CI=true the missing program fails the test. */
export function requireTools(context: TestContext, ...tools: readonly InteropTool[]): void {
  const missing = tools.filter((tool) => !isInstalled(tool));
  if (missing.length === 0) return;
  const message = `${missing.join(", ")} not installed; to get it: ${howToInstall}`;
  if (process.env["CI"] === "true") throw new Error(message);
  process.stderr.write(`\nSKIPPED ${context.task.name}: ${message}\n`);
  context.skip(message);
}
