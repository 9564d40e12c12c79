/**
 * Access tokens of applications: opaque UUIDs of which only the SHA-256 is kept. A token is derived from its row's id and the installation's
 * secret, so the live one can be handed out again without being kept.
 */
import { hash, timingSafeEqual } from "node:crypto";
import type { AccessToken, Application, Directory } from "../../../../directory/index.ts";
import { type Clock, derive, type Ids } from "../../../../kernel/index.ts";
import { AttemptLimit } from "../../../http/attempt-limit.ts";
import { apiRefusal } from "../../../http/errors.ts";
import type { Principal } from "../../../http/principal.ts";
import { tokenRefusal } from "../error.ts";

/** What an application may be allowed, with the vendor's name of the permission. */
export const permissions = { voice: "MT_ROLE_VOICE", virtual_number: "MT_ROLE_VIRTUAL_NUMBER" } as const;
export type Scope = keyof typeof permissions;
export const scopes: readonly Scope[] = ["voice", "virtual_number"];

/** Who is asking, and what the token allows. */
export type Grant = Principal & { readonly applicationId: string; readonly scopes: readonly string[] };

export type TokensOptions = {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly directory: Directory;
  readonly secret: Uint8Array;
};

const lifetimeMs = 3_600_000;
const minuteMs = 60_000;

export class AccessTokens {
  readonly #options: TokensOptions;
  /** Failures of one address as one application, and of one address whatever it claims. */
  readonly #failuresOfPair: AttemptLimit;
  readonly #failuresOfAddress: AttemptLimit;
  /** Tokens being made, by application and scopes: who asks twice at once gets one. */
  readonly #making = new Map<string, Promise<AccessToken>>();

  constructor(options: TokensOptions) {
    this.#options = options;
    this.#failuresOfPair = new AttemptLimit(options.clock, 10, minuteMs);
    this.#failuresOfAddress = new AttemptLimit(options.clock, 50, minuteMs);
  }

  /** The application with this id and secret. Throws `invalid_client`, or API_RATE_LIMITED after too many failures. */
  authenticate(id: string, secret: string, address: string): Application {
    const pair = `${address} ${id}`;
    const waitMs = Math.max(this.#failuresOfPair.waitMs(pair), this.#failuresOfAddress.waitMs(address));
    if (waitMs > 0) throw apiRefusal("API_RATE_LIMITED", { retryAfterS: Math.ceil(waitMs / 1000) });
    const application = this.#options.directory.applications.byId(id);
    const isRight = timingSafeEqual(Buffer.from(secretHashOf(secret)), Buffer.from(application?.secretHash ?? secretHashOf("")));
    if (application !== undefined && isRight) return application;
    this.#failuresOfPair.fail(pair);
    this.#failuresOfAddress.fail(address);
    throw tokenRefusal("invalid_client", "Bad client credentials");
  }

  /** The application's live token with these scopes, else a new one. Throws DIRECTORY_UNAVAILABLE. */
  async issue(application: Application, wanted: readonly Scope[]): Promise<{ readonly token: string; readonly expiresInS: number }> {
    const key = `${application.id} ${wanted.join(" ")}`;
    const job = this.#making.get(key) ?? this.#liveOrNew(application, wanted).finally(() => this.#making.delete(key));
    this.#making.set(key, job);
    const row = await job;
    return { token: this.#tokenOf(row.id), expiresInS: Math.max(0, Math.floor((row.expiresAt - this.#options.clock.now() - 1) / 1000)) };
  }

  /** Who holds this token. Throws API_CREDENTIALS_WRONG when it is none, or no more. */
  identify(token: string): Grant {
    const { directory, clock } = this.#options;
    const row = directory.accessTokens.byHash(sha256(token.toLowerCase()));
    const application = row && row.expiresAt > clock.now() ? directory.applications.byId(row.applicationId) : undefined;
    const user = application && directory.users.get(application.accountId, application.userId);
    if (row === undefined || application === undefined || user === undefined) throw apiRefusal("API_CREDENTIALS_WRONG");
    const { accountId, id: applicationId } = application;
    return { userId: user.id, accountId, roles: user.roles, via: "token", applicationId, scopes: row.scopes };
  }

  async #liveOrNew({ id: applicationId, accountId }: Application, wanted: readonly Scope[]): Promise<AccessToken> {
    const { directory, clock, ids } = this.#options;
    const now = clock.now();
    const rows = directory.accessTokens.byApplication(applicationId);
    // A row that was written under another secret is of no use.
    const live = rows.find(
      (row) => row.expiresAt > now + 1000 && row.scopes.join(" ") === wanted.join(" ") && row.tokenHash === sha256(this.#tokenOf(row.id)),
    );
    if (live !== undefined) return live;
    for (const row of rows) if (row.expiresAt <= now) await directory.accessTokens.remove(accountId, row.id);
    const id = ids.next();
    const row = {
      id,
      accountId,
      createdAt: now,
      updatedAt: now,
      applicationId,
      tokenHash: sha256(this.#tokenOf(id)),
      scopes: wanted,
      expiresAt: now + lifetimeMs,
    };
    await directory.accessTokens.insert(row);
    return row;
  }

  /** In the form of a UUID v4 (RFC 9562 §5.4): 120 bits that only this installation can compute. */
  #tokenOf(id: string): string {
    const hex = derive(this.#options.secret, 16, "access token", id);
    const part = (from: number, to: number) => hex.slice(from, to);
    return `${part(0, 8)}-${part(8, 12)}-4${part(13, 16)}-a${part(17, 20)}-${part(20, 32)}`;
  }
}

/** What is kept of an application's secret. */
export function secretHashOf(secret: string): string {
  return sha256(secret);
}

function sha256(text: string): string {
  return hash("sha256", text, "hex");
}
