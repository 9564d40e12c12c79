import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Json, ScriptLibrary, ScriptPin } from "../calls/index.ts";
import type { Logger } from "../kernel/index.ts";
import type { FlowDocument } from "./document.ts";
import { flowRefusal } from "./errors.ts";
import { Flow } from "./flow.ts";
import { createScript, type ReadPlan } from "./script.ts";
import { canonicalJson, documentHash } from "./validation/canonical-json.ts";
import { validateFlow } from "./validation/validate.ts";

export type ScriptLibraryOptions = {
  /** One file for each document, named by its hash; made when missing. */
  readonly directory: string;
  readonly logger: Logger;
  /** Documents held ready; default 500. */
  readonly capacity?: number;
  /** Languages in which others answer with plans, by name: each makes a flow of a JSON value, or undefined when it is no plan. Pure. */
  readonly planFormats?: PlanFormats;
};

export type PlanFormats = Readonly<Record<string, (answer: Json) => FlowDocument | undefined>>;

/**
 * Flow documents that calls depend on, by hash, and the script that runs them. A document is on the disk before `keep` returns, so a
 * call goes on after a restart even when its flow was changed or deleted. `keep` throws SCRIPT_MISMATCH, `next` SCRIPT_MISSING.
 */
export function createScriptLibrary({ directory, logger, capacity = 500, planFormats = {} }: ScriptLibraryOptions): ScriptLibrary {
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
    ...createScript(find, planReader(planFormats, logger)),
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

/** A compiler that makes a document which is no flow, or throws, has a mistake: the answer then counts as no plan. */
function planReader(formats: PlanFormats, logger: Logger): ReadPlan {
  return (format, answer) => {
    try {
      const document = Object.hasOwn(formats, format) ? formats[format]?.(answer) : undefined;
      if (document === undefined) return undefined;
      const checked = validateFlow(document);
      if (checked.ok) return { document: checked.document, hash: checked.hash };
      logger.error({ format, mistakes: checked.mistakes.slice(0, 3) }, "a plan was made into a document that is no flow");
    } catch (err) {
      logger.error({ format, err }, "a plan could not be read");
    }
    return undefined;
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
