/** Which members of which row are stored where. */
import {
  type AccessToken,
  type Account,
  type ApiKey,
  type Application,
  type Flow,
  type Line,
  type Login,
  type Phone,
  type PhoneNumber,
  type Sound,
  type Trunk,
  type TrunkPolicy,
  type User,
  usualTrunkPolicy,
} from "../directory/index.ts";
import type { TableShape } from "./memory-table.ts";
import type { SecretBox } from "./secret-box.ts";

const owned = ["id", "accountId", "createdAt", "updatedAt"] as const;

export const accountColumns = ["id", "name", "createdAt", "updatedAt"] as const satisfies readonly (keyof Account)[];

export const userTable: TableShape<User> = {
  table: "users",
  columns: [...owned, "email", "firstName", "lastName", "roles", "passwordHash"],
};

export const phoneTable: TableShape<Phone> = {
  table: "phones",
  columns: [...owned, "userId", "username", "ha1Md5", "ha1Sha256"],
};

export const lineTable: TableShape<Line> = { table: "lines", columns: [...owned, "userId", "number"] };

export const numberTable: TableShape<PhoneNumber> = { table: "phoneNumbers", columns: [...owned, "number", "flowId"] };

export const flowTable: TableShape<Flow> = {
  table: "flows",
  columns: [...owned, "name", "version", "hash", "document"],
  encode: ({ document }) => ({ document: JSON.stringify(document) }),
};

export const soundTable: TableShape<Sound> = {
  table: "sounds",
  columns: [...owned, "name", "contentType", "sizeBytes", "durationMs", "sha256"],
};

export const apiKeyTable: TableShape<ApiKey> = { table: "apiKeys", columns: [...owned, "userId", "name", "keyHash", "keyPrefix"] };

export const loginTable: TableShape<Login> = { table: "logins", columns: [...owned, "userId", "tokenHash", "expiresAt"] };

export const applicationTable: TableShape<Application> = { table: "applications", columns: [...owned, "userId", "name", "secretHash"] };

export const accessTokenTable: TableShape<AccessToken> = {
  table: "accessTokens",
  columns: [...owned, "applicationId", "tokenHash", "scopes", "expiresAt"],
};

/** Passwords of trunks are sealed. One that this data directory's key does not open counts as none. */
export function trunkTable(box: SecretBox, unreadable: (trunkId: string) => void): TableShape<Trunk> {
  return {
    table: "trunks",
    columns: [
      ...owned,
      "name",
      "host",
      "port",
      "transport",
      "username",
      "password",
      "prefixes",
      "priority",
      "sourceAddresses",
      "mediaToSource",
      "codecs",
      "policy",
    ],
    encode: ({ id, password, policy }) => ({
      password: password === null ? null : box.seal(password, id),
      policy: JSON.stringify(policy),
    }),
    decode(columns) {
      const trunk = columns as Omit<Trunk, "password" | "policy"> & {
        readonly password: Uint8Array | null;
        readonly policy: Partial<TrunkPolicy>;
      };
      const password = trunk.password === null ? null : (box.open(trunk.password, trunk.id) ?? null);
      if (password === null && trunk.password !== null) unreadable(trunk.id);
      // Members that came with a later release have their usual values.
      return { ...trunk, password, policy: { ...usualTrunkPolicy, ...trunk.policy } };
    },
  };
}
