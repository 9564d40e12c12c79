import type { Database } from "./database.ts";
import { isAway, violationOf } from "./database.ts";
import { directoryRefusal } from "../directory/index.ts";

/** Unique index → the member of the row. */
const uniqueFields: Readonly<Record<string, string>> = {
  users_email: "email",
  phones_username: "username",
  lines_account_number: "number",
  phone_numbers_number: "number",
  sounds_account_name: "name",
  api_keys_key_hash: "keyHash",
  logins_token_hash: "tokenHash",
  access_tokens_token_hash: "tokenHash",
};

/**
 * Writes to the directory, one after the other: memory then changes in the order in which the database did. After a write whose
 * outcome is unknown, because the connection broke, the next one first reads everything again.
 */
export class DirectoryWrites {
  readonly #db: Database;
  readonly #reload: () => Promise<void>;
  #last: Promise<unknown> = Promise.resolve();
  #isDoubtful = false;

  constructor(db: Database, reload: () => Promise<void>) {
    this.#db = db;
    this.#reload = reload;
  }

  /** Runs `statement`; when it has committed, `apply` changes the memory and its value is the result. */
  async run<R, V>(statement: (db: Database) => Promise<R>, apply: (result: R) => V): Promise<V> {
    const turn = this.#last.then(() => this.#write(statement, apply));
    this.#last = turn.catch(() => undefined);
    return await turn;
  }

  async #write<R, V>(statement: (db: Database) => Promise<R>, apply: (result: R) => V): Promise<V> {
    let result: R;
    try {
      if (this.#isDoubtful) await this.#reload();
      this.#isDoubtful = false;
      result = await statement(this.#db);
    } catch (cause) {
      if (isAway(cause)) {
        this.#isDoubtful = true;
        throw directoryRefusal("DIRECTORY_UNAVAILABLE", {}, { cause });
      }
      const violation = violationOf(cause);
      if (violation?.kind === "unique")
        throw directoryRefusal("DIRECTORY_DUPLICATE", { field: uniqueFields[violation.constraint] ?? "id" }, { cause });
      if (violation?.kind === "reference") throw directoryRefusal("DIRECTORY_GONE", { constraint: violation.constraint }, { cause });
      throw cause;
    }
    return apply(result);
  }
}
