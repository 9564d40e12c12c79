import { directoryRefusal } from "../directory/index.ts";
import type { AgentState, AgentStateStore } from "../queues/index.ts";
import { type Database, isAway, violationOf } from "./database.ts";

/** What agents were doing, for the next start. */
export class PostgresAgentStates implements AgentStateStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async load(): Promise<readonly AgentState[]> {
    const rows = await this.#db.selectFrom("agentStates").selectAll().execute();
    return rows.map(({ reason, ...state }) => ({ ...state, ...(reason !== null && { reason }) }));
  }

  async save({ userId, accountId, isOnDuty, activity, reason, since }: AgentState): Promise<void> {
    const changing = { accountId, isOnDuty, activity, reason: reason ?? null, since };
    try {
      await this.#db
        .insertInto("agentStates")
        .values({ userId, ...changing })
        .onConflict((conflict) => conflict.column("userId").doUpdateSet(changing))
        .execute();
    } catch (cause) {
      if (isAway(cause)) throw directoryRefusal("DIRECTORY_UNAVAILABLE", {}, { cause });
      if (violationOf(cause)?.kind === "reference") throw directoryRefusal("DIRECTORY_GONE", { userId }, { cause });
      throw cause;
    }
  }
}
