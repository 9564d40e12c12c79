/** A directory in memory that keeps the port's promises: unique values, accounts apart, oldest first, whole rows. */
import { type Directory, directoryRefusal, type Rows } from "../../../src/directory/index.ts";

type Row = { readonly id: string; readonly accountId: string; readonly createdAt: number };

export type FakeDirectory = Directory & {
  /** While true every write is refused as when the database cannot be reached; reads go on. */
  isAway: boolean;
};

export function fakeDirectory(): FakeDirectory {
  const state = { isAway: false };
  const accounts = new Map<string, NonNullable<ReturnType<Directory["accounts"]["get"]>>>();
  const users = rowsOf<Parameters<Directory["users"]["insert"]>[0]>(state, "email", (user) => user.email.toLowerCase());
  const phones = rowsOf<Parameters<Directory["phones"]["insert"]>[0]>(state, "username", (phone) => phone.username);
  const lines = rowsOf<Parameters<Directory["lines"]["insert"]>[0]>(state, "number", lineKey);
  const numbers = rowsOf<Parameters<Directory["numbers"]["insert"]>[0]>(state, "number", (number) => number.number);
  const trunks = rowsOf<Parameters<Directory["trunks"]["insert"]>[0]>(state, "id", (trunk) => trunk.id);
  const sounds = rowsOf<Parameters<Directory["sounds"]["insert"]>[0]>(state, "name", soundKey);
  const flows = rowsOf<Parameters<Directory["flows"]["insert"]>[0]>(state, "id", (flow) => flow.id);
  const apiKeys = rowsOf<Parameters<Directory["apiKeys"]["insert"]>[0]>(state, "keyHash", (key) => key.keyHash);
  const logins = rowsOf<Parameters<Directory["logins"]["insert"]>[0]>(state, "tokenHash", (login) => login.tokenHash);
  const applications = rowsOf<Parameters<Directory["applications"]["insert"]>[0]>(state, "id", (application) => application.id);
  const accessTokens = rowsOf<Parameters<Directory["accessTokens"]["insert"]>[0]>(state, "tokenHash", (token) => token.tokenHash);
  return {
    get isAway() {
      return state.isAway;
    },
    set isAway(isAway) {
      state.isAway = isAway;
    },
    accounts: {
      get: (id) => accounts.get(id),
      list: () => [...accounts.values()],
      async insert(row) {
        if (state.isAway) throw directoryRefusal("DIRECTORY_UNAVAILABLE");
        if (accounts.has(row.id)) throw directoryRefusal("DIRECTORY_DUPLICATE", { field: "id" });
        accounts.set(row.id, row);
      },
    },
    users: {
      ...users.rows,
      byEmail: (email) => users.byUnique(email.toLowerCase()),
      byId: (id) => users.all().find((user) => user.id === id),
    },
    phones: {
      ...phones.rows,
      byUsername: phones.byUnique,
      byUser: (userId) => phones.all().filter((phone) => phone.userId === userId),
    },
    lines: {
      ...lines.rows,
      byNumber: (accountId, number) => lines.byUnique(lineKey({ accountId, number })),
      byUser: (userId) => lines.all().filter((line) => line.userId === userId),
    },
    numbers: { ...numbers.rows, byNumber: numbers.byUnique },
    trunks: { ...trunks.rows, bySource: (address) => trunks.all().filter((trunk) => trunk.sourceAddresses.includes(address)) },
    flows: flows.rows,
    sounds: { ...sounds.rows, byName: (accountId, name) => sounds.byUnique(soundKey({ accountId, name })) },
    apiKeys: { ...apiKeys.rows, byHash: apiKeys.byUnique },
    logins: { ...logins.rows, byHash: logins.byUnique },
    applications: { ...applications.rows, byId: applications.byUnique },
    accessTokens: {
      ...accessTokens.rows,
      byHash: accessTokens.byUnique,
      byApplication: (applicationId) => accessTokens.all().filter((token) => token.applicationId === applicationId),
    },
  };
}

function lineKey({ accountId, number }: { readonly accountId: string; readonly number: string }): string {
  return `${accountId} ${number}`;
}

function soundKey({ accountId, name }: { readonly accountId: string; readonly name: string }): string {
  return `${accountId} ${name}`;
}

function rowsOf<T extends Row>(state: { readonly isAway: boolean }, field: string, uniqueOf: (row: T) => string) {
  const kept = new Map<string, T>();
  const all = () => [...kept.values()].toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  const byUnique = (value: string) => all().find((row) => uniqueOf(row) === value);
  const refuseTaken = (row: T) => {
    const other = byUnique(uniqueOf(row));
    if (other !== undefined && other.id !== row.id) throw directoryRefusal("DIRECTORY_DUPLICATE", { field });
  };
  const mine = (accountId: string, id: string) => {
    const row = kept.get(id);
    return row?.accountId === accountId ? row : undefined;
  };
  const reach = () => {
    if (state.isAway) throw directoryRefusal("DIRECTORY_UNAVAILABLE");
  };
  const rows: Rows<T> = {
    get: mine,
    list: (accountId) => all().filter((row) => row.accountId === accountId),
    async insert(row) {
      reach();
      if (kept.has(row.id)) throw directoryRefusal("DIRECTORY_DUPLICATE", { field: "id" });
      refuseTaken(row);
      kept.set(row.id, structuredClone(row));
    },
    async update(row) {
      reach();
      if (mine(row.accountId, row.id) === undefined) throw directoryRefusal("DIRECTORY_GONE");
      refuseTaken(row);
      kept.set(row.id, structuredClone(row));
    },
    async remove(accountId, id) {
      reach();
      return mine(accountId, id) !== undefined && kept.delete(id);
    },
  };
  return { rows, all, byUnique };
}
