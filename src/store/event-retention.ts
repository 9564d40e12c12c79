/** Removes old events, a small step at a time, so that shipping never waits for it. */
import { sql } from "kysely";
import type { Clock, Logger, Timer } from "../kernel/index.ts";
import type { Database } from "./database.ts";

const keptMs = 7 * 24 * 3_600_000;
const stepPositions = 2000;
const pauseMs = 60_000;
const busyPauseMs = 1000;

export class EventRetention {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #timer: Timer | undefined;
  #step: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(db: Database, clock: Clock, logger: Logger) {
    this.#db = db;
    this.#clock = clock;
    this.#logger = logger;
    this.#arm(pauseMs);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#step;
  }

  /** Removes the oldest events, at most one step; false when nothing was old enough. */
  async prune(): Promise<boolean> {
    const before = this.#clock.now() - keptMs;
    return await this.#db.transaction().execute(async (transaction) => {
      const { prunedTo, cursor } = await transaction.selectFrom("shipping").select(["prunedTo", "cursor"]).executeTakeFirstOrThrow();
      // Positions are bounded on both sides, so the block range index leads to the oldest pages only.
      const end = Math.min(prunedTo + stepPositions, cursor);
      const { rows } = await sql<{ readonly found: number; readonly upTo: number | null }>`
        select count(*) as found, max(position) filter (where at < ${before}) as up_to
        from call_events where position > ${prunedTo} and position <= ${end}`.execute(transaction);
      const { found = 0, upTo = null } = rows[0] ?? {};
      // Positions may be missing: then nothing is removed and the next step looks further.
      const next = found === 0 ? end : upTo;
      if (next === null || next <= prunedTo) return false;
      await transaction.deleteFrom("callEvents").where("position", ">", prunedTo).where("position", "<=", next).execute();
      await transaction.updateTable("shipping").set({ prunedTo: next }).execute();
      return true;
    });
  }

  #arm(delayMs: number): void {
    if (this.#isStopped) return;
    this.#timer = this.#clock.after(delayMs, () => {
      this.#step = this.prune().then(
        (isMore) => this.#arm(isMore ? busyPauseMs : pauseMs),
        (error: unknown) => {
          this.#logger.warn({ error: String(error) }, "Old events could not be removed now; it is tried again.");
          this.#arm(pauseMs);
        },
      );
    });
  }
}
