import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ScriptPin, ScriptState } from "../calls/index.ts";
import { silentLogger } from "../kernel/index.ts";
import type { FlowDocument } from "./document.ts";
import { demoFlow, menuFlow } from "./examples.ts";
import { createScriptLibrary } from "./library.ts";
import { trialContext } from "./trial.ts";
import { documentHash } from "./validation/canonical-json.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "cw-flows-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const pinOf = (document: FlowDocument): ScriptPin => ({ flowId: "f1", version: 1, hash: documentHash(document) });
const stateOf = (pin: ScriptPin): ScriptState => ({ pin, node: "", visit: 0, wait: null, variables: {}, startedAt: 0 });
const open = (capacity?: number) => createScriptLibrary({ directory, logger: silentLogger, ...(capacity !== undefined && { capacity }) });
const begin = (library: ReturnType<typeof open>, pin: ScriptPin) => {
  const step = library.next(stateOf(pin), { kind: "started" }, trialContext, 0);
  return step === undefined || "replace" in step ? undefined : step;
};

test("a kept document runs, also after a restart, and is one file", () => {
  const pin = pinOf(demoFlow);
  const library = open();
  library.keep(pin, structuredClone(demoFlow));
  library.keep(pin, demoFlow);
  expect(begin(library, pin)?.node).toBe("greet");
  expect(readdirSync(directory)).toEqual([`${pin.hash}.json`]);
  expect(begin(open(), pin)).toEqual(begin(library, pin));
});

test("more documents than it holds ready are read again", () => {
  const library = open(1);
  for (const document of [demoFlow, menuFlow]) library.keep(pinOf(document), document);
  expect(begin(library, pinOf(demoFlow))?.node).toBe("greet");
  expect(begin(library, pinOf(menuFlow))?.node).toBe("ask");
});

test("an unknown, a damaged and a changed document are missing", () => {
  const pin = pinOf(demoFlow);
  for (const content of [undefined, "{", JSON.stringify(menuFlow)]) {
    if (content !== undefined) writeFileSync(join(directory, `${pin.hash}.json`), content);
    expect(() => begin(open(), pin)).toThrow(expect.objectContaining({ code: "SCRIPT_MISSING" }));
  }
});

test("a document that is not the pinned one, or not a flow, is not kept", () => {
  expect(() => open().keep(pinOf(demoFlow), menuFlow)).toThrow(expect.objectContaining({ code: "SCRIPT_MISMATCH" }));
  const wrong = { start: "nowhere", nodes: {} };
  expect(() => open().keep(pinOf(wrong), wrong)).toThrow(expect.objectContaining({ code: "SCRIPT_MISMATCH" }));
  expect(readdirSync(directory)).toEqual([]);
});
