import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkNames } from "./check-names.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "callwright-names-"));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function found(file: string, content: string): string[] {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), content);
  return checkNames(root).map(({ line, text }) => `${line} ${text}`);
}

test.each([
  ["src/calls/call.ts", "\n".repeat(399) + "x", []],
  ["src/calls/call.ts", "\n".repeat(400) + "x", ["401 401 lines; at most 400: give a part of it a file of its own"]],
  ["test/scenario/big.test.ts", "\n".repeat(400) + "x", ["401 401 lines; at most 400: give a part of it a file of its own"]],
  ["docs/adr/0001-x.md", "\n".repeat(60) + "x", ["61 61 lines; at most 60: give a part of it a file of its own"]],
  ["src/calls/utils.ts", "", ['1 "utils.ts" says nothing about what is inside']],
  ["src/core/call.ts", "", ['1 "core" says nothing about what is inside']],
  ["src/core-network/call.ts", "", []],
  ["src/calls/call.ts", "a\n// TODO: b", ["2 finish it, or describe the limit in plain words"]],
  ["src/calls/call.ts", "type SessionInfo = 1", ["1 SessionInfo is a word of src/api/dialect/evo alone"]],
  ["src/api/dialect/evo/response.ts", "type SessionInfo = 1", []],
  ["src/api/dialect/evo/response.ts", "const trackingId = 1", ["1 trackingId is a word of src/api/dialect/routee alone"]],
  ["src/calls/call.ts", "const mySessionInfo = 1", []],
])("%s", (file, content, expected) => {
  expect(found(file, content)).toEqual(expected);
});
