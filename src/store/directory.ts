/** The directory: read from memory, written to the database first. */
import { sql } from "kysely";
import type { Account, Directory, Line, Sound } from "../directory/index.ts";
import type { Logger } from "../kernel/index.ts";
import type { Database } from "./database.ts";
import {
  accessTokenTable,
  accountColumns,
  apiKeyTable,
  applicationTable,
  flowTable,
  lineTable,
  loginTable,
  numberTable,
  phoneTable,
  soundTable,
  trunkTable,
  userTable,
} from "./directory-tables.ts";
import { DirectoryWrites } from "./directory-writes.ts";
import { MemoryTable, type Row, type TableShape } from "./memory-table.ts";
import { SecretBox } from "./secret-box.ts";

/** Reads every row. `secret` is the data directory's: stored passwords are sealed with it. */
export async function loadDirectory(db: Database, secret: Uint8Array, logger: Logger): Promise<Directory> {
  const directory = new StoredDirectory(db, secret, logger);
  await directory.load();
  return directory;
}

class StoredDirectory implements Directory {
  readonly accounts: Directory["accounts"];
  readonly users: Directory["users"];
  readonly phones: Directory["phones"];
  readonly lines: Directory["lines"];
  readonly numbers: Directory["numbers"];
  readonly trunks: Directory["trunks"];
  readonly flows: Directory["flows"];
  readonly sounds: Directory["sounds"];
  readonly apiKeys: Directory["apiKeys"];
  readonly logins: Directory["logins"];
  readonly applications: Directory["applications"];
  readonly accessTokens: Directory["accessTokens"];
  readonly #db: Database;
  readonly #accounts = new Map<string, Account>();
  /** Reads one table again and returns what puts it into memory. */
  readonly #loaders: (() => Promise<() => void>)[] = [];

  constructor(db: Database, secret: Uint8Array, logger: Logger) {
    this.#db = db;
    const writes = new DirectoryWrites(db, () => this.load());
    const table = <T extends Row>(shape: TableShape<T>) => this.#table(shape, writes);
    this.accounts = this.#accountRows(writes);

    const users = table(userTable);
    const flows = table(flowTable);
    const phones = table(phoneTable);
    const lines = table(lineTable);
    const numbers = table(numberTable);
    const sounds = table(soundTable);
    const apiKeys = table(apiKeyTable);
    const logins = table(loginTable);
    const applications = table(applicationTable);
    const accessTokens = table(accessTokenTable);
    const box = new SecretBox(secret, "trunk passwords");
    const trunks = table(
      trunkTable(box, (trunkId) => logger.error({ trunkId }, "A trunk's password was stored under another key; set it again.")),
    );

    const usersByEmail = users.index(({ email }) => email.toLowerCase());
    const phonesByUser = phones.index(({ userId }) => userId);
    const phonesByUsername = phones.index(({ username }) => username);
    const linesByUser = lines.index(({ userId }) => userId);
    const linesByNumber = lines.index(lineKey);
    const soundsByName = sounds.index(soundKey);
    const keysByUser = apiKeys.index(({ userId }) => userId);
    const loginsByUser = logins.index(({ userId }) => userId);
    const numbersByFlow = numbers.index(({ flowId }) => flowId);
    const numbersByNumber = numbers.index(({ number }) => number);
    const keysByHash = apiKeys.index(({ keyHash }) => keyHash);
    const loginsByHash = logins.index(({ tokenHash }) => tokenHash);
    const applicationsByUser = applications.index(({ userId }) => userId);
    const tokensByApplication = accessTokens.index(({ applicationId }) => applicationId);
    const tokensByHash = accessTokens.index(({ tokenHash }) => tokenHash);
    const forgetApplication = (id: string) => {
      for (const { id: tokenId } of tokensByApplication.get(id)) accessTokens.forget(tokenId);
      applications.forget(id);
    };

    this.users = Object.assign(rows(users), {
      byEmail: (email: string) => usersByEmail.first(email.toLowerCase()),
      byId: (id: string) => users.byId(id),
      // The database removes what belongs to a user with the user (on delete cascade); memory follows.
      async remove(accountId: string, id: string) {
        const wasThere = await users.remove(accountId, id);
        if (wasThere) {
          for (const { id: phoneId } of phonesByUser.get(id)) phones.forget(phoneId);
          for (const { id: lineId } of linesByUser.get(id)) lines.forget(lineId);
          for (const { id: keyId } of keysByUser.get(id)) apiKeys.forget(keyId);
          for (const { id: loginId } of loginsByUser.get(id)) logins.forget(loginId);
          for (const { id: applicationId } of applicationsByUser.get(id)) forgetApplication(applicationId);
        }
        return wasThere;
      },
    });
    this.flows = Object.assign(rows(flows), {
      // As above (on delete set null).
      async remove(accountId: string, id: string) {
        const wasThere = await flows.remove(accountId, id);
        if (wasThere) for (const number of numbersByFlow.get(id)) numbers.remember({ ...number, flowId: null });
        return wasThere;
      },
    });
    this.phones = Object.assign(rows(phones), {
      byUsername: (username: string) => phonesByUsername.first(username),
      byUser: (userId: string) => phonesByUser.get(userId),
    });
    this.lines = Object.assign(rows(lines), {
      byNumber: (accountId: string, number: string) => linesByNumber.first(lineKey({ accountId, number })),
      byUser: (userId: string) => linesByUser.get(userId),
    });
    this.numbers = Object.assign(rows(numbers), { byNumber: (number: string) => numbersByNumber.first(number) });
    this.sounds = Object.assign(rows(sounds), {
      byName: (accountId: string, name: string) => soundsByName.first(soundKey({ accountId, name })),
    });
    this.trunks = Object.assign(rows(trunks), {
      bySource: (address: string) => [...trunks.all()].filter(({ sourceAddresses }) => sourceAddresses.includes(address)),
    });
    this.apiKeys = Object.assign(rows(apiKeys), { byHash: (keyHash: string) => keysByHash.first(keyHash) });
    this.logins = Object.assign(rows(logins), { byHash: (tokenHash: string) => loginsByHash.first(tokenHash) });
    this.applications = Object.assign(rows(applications), {
      byId: (id: string) => applications.byId(id),
      // As above (on delete cascade).
      async remove(accountId: string, id: string) {
        const wasThere = await applications.remove(accountId, id);
        if (wasThere) forgetApplication(id);
        return wasThere;
      },
    });
    this.accessTokens = Object.assign(rows(accessTokens), {
      byHash: (tokenHash: string) => tokensByHash.first(tokenHash),
      byApplication: (applicationId: string) => tokensByApplication.get(applicationId),
    });
  }

  /** Reads all tables, then changes memory in one step. */
  async load(): Promise<void> {
    const loaded = await Promise.all(this.#loaders.map((loader) => loader()));
    for (const apply of loaded) apply();
  }

  #table<T extends Row>(shape: TableShape<T>, writes: DirectoryWrites): MemoryTable<T> {
    const table = new MemoryTable(shape, writes);
    const names = sql.join(shape.columns.map((column) => sql.ref(column)));
    this.#loaders.push(async () => {
      const result = await sql<Record<string, unknown>>`select ${names} from ${sql.table(shape.table)} order by created_at, id`.execute(
        this.#db,
      );
      const found = result.rows.map((columns) => shape.decode?.(columns) ?? (columns as T));
      return () => table.replace(found);
    });
    return table;
  }

  #accountRows(writes: DirectoryWrites): Directory["accounts"] {
    const names = sql.join(accountColumns.map((column) => sql.ref(column)));
    this.#loaders.push(async () => {
      const result = await sql<Account>`select ${names} from accounts order by created_at, id`.execute(this.#db);
      return () => {
        this.#accounts.clear();
        for (const account of result.rows) this.#accounts.set(account.id, account);
      };
    });
    return {
      get: (id) => this.#accounts.get(id),
      list: () => [...this.#accounts.values()],
      insert: (row) =>
        writes.run(
          (db) =>
            sql`insert into accounts (${names}) values (${sql.join(accountColumns.map((column) => sql`${row[column]}`))})`.execute(db),
          () => void this.#accounts.set(row.id, row),
        ),
    };
  }
}

/** Extensions are unique in their account only. */
function lineKey({ accountId, number }: Pick<Line, "accountId" | "number">): string {
  return `${accountId} ${number}`;
}

function soundKey({ accountId, name }: Pick<Sound, "accountId" | "name">): string {
  return `${accountId} ${name}`;
}

/** The door to a table that other layers get. */
function rows<T extends Row>(table: MemoryTable<T>) {
  return {
    get: (accountId: string, id: string) => table.get(accountId, id),
    list: (accountId: string) => table.list(accountId),
    insert: (row: T) => table.insert(row),
    update: (row: T) => table.update(row),
    remove: (accountId: string, id: string) => table.remove(accountId, id),
  };
}
