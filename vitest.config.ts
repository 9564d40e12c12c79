import { defineConfig } from "vitest/config";

/** Groups run one after another, so that servers and peers with real sockets do not compete with the rest for the processor. */
const project = (name: string, include: string[], { group, timeoutMs }: { group: number; timeoutMs: number }) => ({
  extends: true as const,
  test: { name, include, sequence: { groupOrder: group }, testTimeout: timeoutMs, hookTimeout: timeoutMs, fileParallelism: group === 1 },
});

export default defineConfig({
  test: {
    globalSetup: ["test/support/node-version.ts"],
    setupFiles: ["test/support/property-runs.ts"],
    projects: [
      project("unit", ["src/**/*.test.ts", "tools/**/*.test.ts", "test/support/**/*.test.ts"], { group: 1, timeoutMs: 10_000 }),
      project("conformance", ["test/conformance/**/*.test.ts"], { group: 1, timeoutMs: 10_000 }),
      project("scenario", ["test/scenario/**/*.test.ts"], { group: 2, timeoutMs: 60_000 }),
      project("interop", ["test/interop/**/*.test.ts"], { group: 3, timeoutMs: 120_000 }),
    ],
  },
});
