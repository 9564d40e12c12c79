/** JSON shapes of what is configured, in the native API. Times are ISO 8601 in UTC. */

export type RoleWord = "administrator" | "manager" | "user";
export type CodecWord = "PCMU" | "PCMA" | "G722" | "opus" | "L16/8000" | "L16/16000" | "L16/48000";

type Entry = { readonly id: string; readonly createdAt: string; readonly updatedAt: string };

export type FlowView = Entry & {
  readonly name: string;
  /** Counts changes of the document, from 1; also the ETag. */
  readonly version: number;
  readonly hash: string;
  readonly document: unknown;
  /** Only in the answer to a save: what is allowed and looks wrong, such as a node that cannot be reached. */
  readonly warnings?: readonly { readonly path: string; readonly message: string }[];
};
export type NewFlow = { readonly name: string; readonly document: unknown };
export type FlowChange = { readonly name?: string; readonly document?: unknown };

export type NumberView = Entry & { readonly number: string; readonly flowId: string | null };
export type NewNumber = { readonly number: string; readonly flowId?: string | null };
export type NumberChange = { readonly flowId: string | null };

/** A sound that was uploaded; flows play it as `sound:<name>`. */
export type SoundView = Entry & {
  readonly name: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly durationMs: number;
  readonly sha256: string;
};
export type SoundChange = { readonly name: string };

/** What the far end of a trunk is told of a call beside the numbers, and how much of what it says is believed. */
export type TrunkPolicyView = {
  readonly isTrusted: boolean;
  readonly identityHeader: "none" | "p-asserted-identity" | "remote-party-id";
  readonly diversionHeader: "none" | "diversion" | "history-info";
  readonly redirects: "follow" | "pass";
  readonly keptHeaders: readonly string[];
  readonly addedHeaders: Readonly<Record<string, string>>;
};

export type TrunkView = Entry & {
  readonly name: string;
  readonly host: string;
  /** null: as the records of the host say. */
  readonly port: number | null;
  readonly transport: "udp" | "tcp" | "tls" | null;
  readonly username: string | null;
  /** The password itself is never shown. */
  readonly hasPassword: boolean;
  readonly prefixes: readonly string[];
  readonly priority: number;
  readonly sourceAddresses: readonly string[];
  readonly mediaToSource: boolean;
  /** null: those of the server. */
  readonly codecs: readonly CodecWord[] | null;
  readonly policy: TrunkPolicyView;
};
export type NewTrunk = {
  readonly name: string;
  readonly host: string;
  readonly port?: number | null;
  readonly transport?: "udp" | "tcp" | "tls" | null;
  readonly username?: string | null;
  readonly password?: string | null;
  readonly prefixes?: readonly string[];
  readonly priority?: number;
  readonly sourceAddresses?: readonly string[];
  readonly mediaToSource?: boolean;
  readonly codecs?: readonly CodecWord[] | null;
  /** Members that are left out stay, or are as usual in a new trunk. */
  readonly policy?: Partial<TrunkPolicyView>;
};
export type TrunkChange = Partial<NewTrunk>;

export type UserView = Entry & {
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly roles: readonly RoleWord[];
};
export type NewUser = {
  readonly email: string;
  readonly password: string;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly roles: readonly RoleWord[];
  /** A SIP phone made together with the user. */
  readonly phone?: { readonly username: string; readonly password: string };
};
export type UserChange = {
  readonly email?: string;
  readonly password?: string;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly roles?: readonly RoleWord[];
};

export type PhoneView = Entry & { readonly userId: string; readonly username: string };
export type NewPhone = { readonly userId: string; readonly username: string; readonly password: string };
export type PhoneChange = { readonly password: string };

/** A directory number: an extension by which colleagues reach the user's phones. */
export type LineView = Entry & { readonly userId: string; readonly number: string };
export type NewLine = { readonly userId: string; readonly number: string };
export type LineChange = { readonly userId?: string; readonly number?: string };

export type ApiKeyView = Entry & { readonly userId: string; readonly name: string; readonly keyPrefix: string };
/** userId: whose roles the key has; the asking user's when left out. */
export type NewApiKey = { readonly name: string; readonly userId?: string };
/** The only answer that ever shows the key. */
export type CreatedApiKey = ApiKeyView & { readonly key: string };

export type NewLogin = { readonly email: string; readonly password: string; readonly permanent?: boolean };
