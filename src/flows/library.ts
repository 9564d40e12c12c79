import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ScriptLibrary, ScriptPin } from "../calls/index.ts";
import type { Logger } from "../kernel/index.ts";
import type { FlowDocument } from "./document.ts";
import { flowRefusal } from "./errors.ts";
import { Flow } from "./flow.ts";
import { createScript } from "./script.ts";
import { canonicalJson, documentHash } from "./validation/canonical-json.ts";
import { validateFlow } from "./validation/validate.ts";

export type ScriptLibraryOptions = {
  /** One file for each document, named by its hash; made when missing. */
  readonly directory: string;
  readonly logger: Logger;
  /** Documents held ready; default 500. */
  readonly capacity?: number;
};

/**
 * Flow documents that calls depend on, by hash, and the script that runs them. A document is on the disk before `keep` returns, so a
 * call goes on after a restart even when its flow was changed or deleted. `keep` throws SCRIPT_MISMATCH, `next` SCRIPT_MISSING.
 */
export function createScriptLibrary({ directory, logger, capacity = 500 }: ScriptLibraryOptions): ScriptLibrary {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  /** Least recently used first. */
  const ready = new Map<string, Flow>();
  const hold = (hash: string, flow: Flow): Flow => {
    ready.delete(hash);
    ready.set(hash, flow);
    for (const oldest of ready.keys()) {
      if (ready.size <= capacity) break;
      ready.delete(oldest);
    }
    return flow;
  };
  const find = ({ hash, flowId }: ScriptPin): Flow => {
    const flow = ready.get(hash) ?? readFlow(directory, hash, flowId);
    return hold(hash, flow);
  };
  return {
    ...createScript(find),
    keep(pin, document) {
      if (ready.has(pin.hash)) return;
      if (documentHash(document) !== pin.hash) throw flowRefusal("SCRIPT_MISMATCH", { flowId: pin.flowId, hash: pin.hash });
      const checked = validateFlow(document);
      if (!checked.ok) throw flowRefusal("SCRIPT_MISMATCH", { flowId: pin.flowId, mistakes: checked.mistakes.slice(0, 3) });
      if (!existsSync(fileOf(directory, pin.hash))) {
        writeDurably(directory, pin.hash, canonicalJson(document));
        logger.debug({ flowId: pin.flowId, version: pin.version, hash: pin.hash }, "flow document kept");
      }
      hold(pin.hash, new Flow(checked.document));
    },
  };
}

function fileOf(directory: string, hash: string): string {
  return join(directory, `${hash}.json`);
}

function readFlow(directory: string, hash: string, flowId: string): Flow {
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(fileOf(directory, hash), "utf8"));
  } catch (cause) {
    throw flowRefusal("SCRIPT_MISSING", { flowId, hash }, { cause });
  }
  if (!isKept(document, hash)) throw flowRefusal("SCRIPT_MISSING", { flowId, hash });
  return new Flow(document);
}

/** Only the hash is checked: a document that an earlier release accepted runs, even when a later one would refuse it. */
function isKept(document: unknown, hash: string): document is FlowDocument {
  return documentHash(document) === hash;
}

/** The file is whole or not there: written beside its name, flushed, renamed, and the directory flushed. */
function writeDurably(directory: string, hash: string, content: string): void {
  const path = fileOf(directory, hash);
  const beside = `${path}.part`;
  flushed(beside, "w", (file) => writeFileSync(file, content));
  renameSync(beside, path);
  flushed(directory, "r", () => undefined);
}

function flushed(path: string, mode: "w" | "r", write: (file: number) => void): void {
  const file = openSync(path, mode, 0o600);
  try {
    write(file);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
