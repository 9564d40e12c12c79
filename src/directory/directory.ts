import type { AccessToken, Account, ApiKey, Application, Flow, Line, Login, Phone, PhoneNumber, Sound, Trunk, User } from "./rows.ts";

/**
 * One kind of row. Reads are answered from memory at once, so that calls go on while the database is away; writes resolve when
 * the database has them and only then show in reads. Every lookup by id names the account: another account's row does not exist.
 */
export type Rows<T extends { readonly id: string; readonly accountId: string }> = {
  get(accountId: string, id: string): T | undefined;
  /** Oldest first. */
  list(accountId: string): readonly T[];
  /** Throws DIRECTORY_DUPLICATE (details.field) when a unique value is taken, DIRECTORY_UNAVAILABLE when the database is away. */
  insert(row: T): Promise<void>;
  /** Replaces the row with the same id and account. Throws as `insert` does, and DIRECTORY_GONE when there is none. */
  update(row: T): Promise<void>;
  /** False when there was none. */
  remove(accountId: string, id: string): Promise<boolean>;
};

/** Everything that is configured. The store implements it. */
export type Directory = {
  readonly accounts: {
    get(id: string): Account | undefined;
    list(): readonly Account[];
    insert(row: Account): Promise<void>;
  };
  readonly users: Rows<User> & { byEmail(email: string): User | undefined; byId(id: string): User | undefined };
  readonly phones: Rows<Phone> & { byUsername(username: string): Phone | undefined; byUser(userId: string): readonly Phone[] };
  readonly lines: Rows<Line> & { byNumber(accountId: string, number: string): Line | undefined; byUser(userId: string): readonly Line[] };
  readonly numbers: Rows<PhoneNumber> & { byNumber(number: string): PhoneNumber | undefined };
  readonly trunks: Rows<Trunk> & { bySource(address: string): readonly Trunk[] };
  readonly flows: Rows<Flow>;
  readonly sounds: Rows<Sound> & { byName(accountId: string, name: string): Sound | undefined };
  readonly apiKeys: Rows<ApiKey> & { byHash(keyHash: string): ApiKey | undefined };
  readonly logins: Rows<Login> & { byHash(tokenHash: string): Login | undefined };
  readonly applications: Rows<Application> & { byId(id: string): Application | undefined };
  readonly accessTokens: Rows<AccessToken> & {
    byHash(tokenHash: string): AccessToken | undefined;
    byApplication(applicationId: string): readonly AccessToken[];
  };
};
