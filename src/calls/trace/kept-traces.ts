/**
 * Traces in the data directory: one gzip of JSON for each call, `<day the call began>/<account>/<call>.json.gz`, redacted, and an empty file
 * `asked/<call>` for each call that goes on and whose trace is wanted. Days older than the retention are removed as a whole.
 */
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import type { Clock, Logger, Timer } from "../../kernel/index.ts";
import type { Call } from "../model.ts";
import type { LegMessage } from "./leg-messages.ts";

export type KeptTracesOptions = {
  /** Made when it is first needed. */
  readonly directory: string;
  readonly keepDays: number;
  readonly clock: Clock;
  readonly logger: Logger;
};

type CallName = Pick<Call, "id" | "accountId" | "createdAt">;

/** `version` 1. `bytes` has one character for each byte. */
type Stored = { readonly version: 1; readonly messages: readonly (Omit<LegMessage, "bytes"> & { readonly bytes: string })[] };

const asked = "asked";
const dayMs = 24 * 3_600_000;
const sweepEveryMs = 3_600_000;

export class KeptTraces {
  readonly #options: KeptTracesOptions;
  #sweep: Timer;
  #sweeping: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: KeptTracesOptions) {
    this.#options = options;
    this.#sweep = options.clock.after(0, () => this.#removeOld());
  }

  /** Empty when none is kept, or none that can be read. */
  async read(call: CallName): Promise<readonly LegMessage[]> {
    const path = this.#pathOf(call);
    try {
      const stored = JSON.parse((await promisify(gunzip)(await readFile(path))).toString()) as Stored;
      return stored.messages.map((message) => ({ ...message, bytes: Buffer.from(message.bytes, "latin1") }));
    } catch (error) {
      if (codeOf(error) !== "ENOENT") this.#options.logger.warn({ err: error, path }, "A kept trace cannot be read");
      return [];
    }
  }

  /** Instead of what was kept of this call before. The file is there whole or not at all. */
  async write(call: CallName, messages: readonly LegMessage[]): Promise<void> {
    const path = this.#pathOf(call);
    const stored: Stored = { version: 1, messages: messages.map((message) => ({ ...message, bytes: message.bytes.toString("latin1") })) };
    const bytes = await promisify(gzip)(JSON.stringify(stored));
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(`${path}.new`, bytes, { mode: 0o600 });
    await rename(`${path}.new`, path);
  }

  /** Calls whose trace was wanted while they went on, as of the start. */
  async asked(): Promise<readonly string[]> {
    return await namesIn(join(this.#options.directory, asked));
  }

  async ask({ id }: CallName, isWanted: boolean): Promise<void> {
    const path = join(this.#options.directory, asked, id);
    if (!isWanted) return await rm(path, { force: true });
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, "", { mode: 0o600 });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#sweep.cancel();
    await this.#sweeping;
  }

  #pathOf({ id, accountId, createdAt }: CallName): string {
    return join(this.#options.directory, dayOf(createdAt), accountId, `${id}.json.gz`);
  }

  #removeOld(): void {
    const { directory, keepDays, clock, logger } = this.#options;
    const oldest = dayOf(clock.now() - keepDays * dayMs);
    this.#sweeping = removeBefore(directory, oldest, clock.now() - keepDays * dayMs).catch((error: unknown) => {
      logger.warn({ err: error, directory }, "Old traces could not be removed");
    });
    void this.#sweeping.then(() => {
      if (!this.#isClosed) this.#sweep = clock.after(sweepEveryMs, () => this.#removeOld());
    });
  }
}

async function removeBefore(directory: string, oldestDay: string, oldestAt: number): Promise<void> {
  for (const day of await namesIn(directory)) {
    if (/^\d{4}-\d\d-\d\d$/.test(day) && day < oldestDay) await rm(join(directory, day), { recursive: true, force: true });
  }
  for (const id of await namesIn(join(directory, asked))) {
    const path = join(directory, asked, id);
    if ((await stat(path)).mtimeMs < oldestAt) await rm(path, { force: true });
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  return await readdir(directory).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  });
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
