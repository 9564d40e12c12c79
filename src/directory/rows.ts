/** What is configured rather than live: plain rows, each keyed by its account. */
import type { CodecName } from "../kernel/index.ts";
import type { TrunkPolicy } from "./trunk-policy.ts";

/** Ordered from most to least: each dialect maps them to its vendor's names. */
export const roles = ["administrator", "manager", "user"] as const;
export type Role = (typeof roles)[number];

type Row = {
  readonly id: string;
  readonly accountId: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
};

export type Account = Omit<Row, "accountId"> & { readonly name: string };

export type User = Row & {
  /** Unique in the whole server, compared without case. */
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly roles: readonly Role[];
  /** argon2id, PHC string. */
  readonly passwordHash: string;
};

/** A SIP phone that registers here and belongs to a user. */
export type Phone = Row & {
  readonly userId: string;
  /** The user part of the address of record and the digest username; unique in the whole server. */
  readonly username: string;
  /** H(username:realm:password) under MD5 and SHA-256 (RFC 7616 §3.4.2). */
  readonly ha1Md5: string;
  readonly ha1Sha256: string;
};

/** A user's directory number: an extension by which colleagues reach the user's phones. */
export type Line = Row & {
  readonly userId: string;
  /** 2 to 8 digits, unique in its account. */
  readonly number: string;
};

/** A number that an account owns: it may be shown as caller id, and calls to it come in. */
export type PhoneNumber = Row & {
  /** E.164 with the plus sign; unique in the whole server. */
  readonly number: string;
  /** The flow that takes calls to this number, or null: then they are refused. */
  readonly flowId: string | null;
};

/** By which protocol a trunk is called. */
export type TrunkTransport = "udp" | "tcp" | "tls";

export type Trunk = Row & {
  readonly name: string;
  readonly host: string;
  /** null: found by the records of the host (RFC 3263); at a numeric host 5060. */
  readonly port: number | null;
  /** null: as the records of the host say, UDP when they say nothing. */
  readonly transport: TrunkTransport | null;
  readonly username: string | null;
  /** In the clear in memory, encrypted at rest; never in an answer or a log. */
  readonly password: string | null;
  /** Numbers that begin with one of these go out here; the longest match wins, then the lower priority value. "" takes every number. */
  readonly prefixes: readonly string[];
  readonly priority: number;
  /** Numeric addresses from which calls of this trunk are accepted. */
  readonly sourceAddresses: readonly string[];
  /** Send media to the address the signalling came from until the peer's own RTP shows a better one (peers behind NAT). */
  readonly mediaToSource: boolean;
  /** The codecs that its calls may have, preferred first; null: those of the server. */
  readonly codecs: readonly CodecName[] | null;
  readonly policy: TrunkPolicy;
};

export type Flow = Row & {
  readonly name: string;
  /** Counts saves, from 1. */
  readonly version: number;
  /** SHA-256 of the canonical document, hex: what a running script is pinned to. */
  readonly hash: string;
  /** The flow document as saved (flows validates it before it gets here). */
  readonly document: unknown;
};

/** A sound that an account uploaded. Its bytes lie in the data directory. */
export type Sound = Row & {
  /** Unique in its account: what flows call it by. */
  readonly name: string;
  /** What its bytes are, whatever the upload said. */
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly durationMs: number;
  /** SHA-256 of its bytes, hex. */
  readonly sha256: string;
};

export type ApiKey = Row & {
  readonly userId: string;
  readonly name: string;
  /** SHA-256 of the key, hex. The key itself is shown once and not kept. */
  readonly keyHash: string;
  /** The first characters, so that people can tell keys apart. */
  readonly keyPrefix: string;
};

/** A program that signs in with a secret of its own and then acts as a user. */
export type Application = Row & {
  readonly userId: string;
  readonly name: string;
  /** SHA-256 of the secret, hex. */
  readonly secretHash: string;
};

/** What an application got for its secret. */
export type AccessToken = Row & {
  readonly applicationId: string;
  /** SHA-256 of the token, hex. */
  readonly tokenHash: string;
  /** What it allows, in the words of the API that issued it. */
  readonly scopes: readonly string[];
  readonly expiresAt: number;
};

/** A signed-in person's cookie. */
export type Login = Row & {
  readonly userId: string;
  /** SHA-256 of the cookie's value, hex. */
  readonly tokenHash: string;
  readonly expiresAt: number;
};
