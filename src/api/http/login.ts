/**
 * Who is asking: Basic credentials, the cookie of a login, or an API key. Passwords are compared by argon2id; tokens and keys are 256
 * random bits of which only the SHA-256 is kept.
 */
import { hash } from "node:crypto";
import type { Directory, Login, User } from "../../directory/index.ts";
import type { Clock, Ids, Logger } from "../../kernel/index.ts";
import { AttemptLimit } from "./attempt-limit.ts";
import { apiRefusal } from "./errors.ts";
import { Passwords } from "./password.ts";
import type { Principal } from "./principal.ts";

export type LoginOptions = {
  readonly directory: Directory;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  /** Address under which clients reach the server; an https one makes cookies Secure. */
  readonly publicUrl?: string | undefined;
};

/** Attributes of a cookie that carries a login token, as @fastify/cookie takes them. `maxAge` is in seconds. */
export type LoginCookie = {
  readonly path: "/";
  readonly httpOnly: true;
  readonly sameSite: "lax";
  readonly secure: boolean;
  readonly maxAge?: number;
};

/** What a request shows of its sender. */
export type Credentials = {
  readonly authorization: string | undefined;
  /** Values of the cookies that may carry a login token. */
  readonly tokens: readonly string[];
  /** Address of the sender, for the limit of failed attempts. */
  readonly address: string;
};

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** How long a login lasts after its last use. */
const lifetimeMs = { browser: 12 * hourMs, permanent: 30 * dayMs };
const verifiedMs = minuteMs;
const mostVerified = 10_000;
const mostLoginsOfUser = 50;
const keyMark = "cw_";

type Verified = { readonly userId: string; readonly passwordHash: string; readonly until: number };

export class Logins {
  /** Attributes of a cookie that ends with the browser, also those with which it is cleared. */
  readonly cookie: LoginCookie;
  readonly #directory: Directory;
  readonly #clock: Clock;
  readonly #ids: Ids;
  readonly #logger: Logger;
  readonly #passwords = new Passwords();
  /** Failures of one address as one user, and of one address whatever it claims. */
  readonly #failuresOfPair: AttemptLimit;
  readonly #failuresOfAddress: AttemptLimit;
  /** Keys the cache below, so that a dump of memory does not hold hashes of headers that can be guessed offline. */
  readonly #cacheSecret: string;
  /** Basic headers found right in the last minute, so that a client need not cost 6 ms each time. */
  readonly #verified = new Map<string, Verified>();
  readonly #verifying = new Map<string, Promise<User>>();
  readonly #extending = new Set<string>();

  constructor(options: LoginOptions) {
    this.cookie = { path: "/", httpOnly: true, sameSite: "lax", secure: options.publicUrl?.startsWith("https:") ?? false };
    this.#directory = options.directory;
    this.#clock = options.clock;
    this.#ids = options.ids;
    this.#logger = options.logger;
    this.#failuresOfPair = new AttemptLimit(options.clock, 10, minuteMs);
    this.#failuresOfAddress = new AttemptLimit(options.clock, 50, minuteMs);
    this.#cacheSecret = options.ids.random(32);
  }

  /**
   * Undefined when nothing was shown, or only a cookie that is no longer good. Throws API_CREDENTIALS_WRONG for a wrong password or
   * key, API_RATE_LIMITED (details.retryAfterS) after too many of them.
   */
  async identify(credentials: Credentials): Promise<Principal | undefined> {
    const { authorization, address } = credentials;
    if (authorization !== undefined) {
      const [scheme = "", value = ""] = authorization.trim().split(/\s+/, 2);
      if (scheme.toLowerCase() === "basic") return principalOf(await this.#byBasic(value, address), "basic");
      if (scheme.toLowerCase() === "bearer") return principalOf(this.#byKey(value, address), "key");
      throw apiRefusal("API_CREDENTIALS_WRONG", { message: "Only the schemes Basic and Bearer are known here." });
    }
    for (const token of credentials.tokens) {
      const user = this.#byToken(token);
      if (user !== undefined) return principalOf(user, "cookie");
    }
    return undefined;
  }

  /** The user with this e-mail address and password. Throws as `identify` does. */
  async verifyPassword(email: string, password: string, address: string): Promise<User> {
    const pair = `${address} ${email.toLowerCase()}`;
    this.#refuseLimited(pair, address);
    const user = this.#directory.users.byEmail(email);
    const isRight = await this.#passwords.verify(user?.passwordHash, password);
    // Asked again, or many guesses sent at once would all be answered before the first of them counts.
    this.#refuseLimited(pair, address);
    if (isRight && user !== undefined) return user;
    this.#failuresOfPair.fail(pair);
    throw this.#wrong(address);
  }

  hashPassword(password: string): Promise<string> {
    return this.#passwords.hash(password);
  }

  /** Starts a login: `token` is what the cookie carries, `cookie` its attributes. A login that is not permanent ends with the browser, or 12 h after its last use. */
  async createLogin(
    user: User,
    options: { readonly permanent: boolean },
  ): Promise<{ readonly token: string; readonly cookie: LoginCookie }> {
    const now = this.#clock.now();
    const ofUser = this.#directory.logins.list(user.accountId).filter((login) => login.userId === user.id);
    const kept = ofUser.filter((login) => login.expiresAt > now).slice(1 - mostLoginsOfUser);
    for (const login of ofUser) if (!kept.includes(login)) await this.#directory.logins.remove(user.accountId, login.id);
    const token = this.#ids.random(32);
    const lastsMs = options.permanent ? lifetimeMs.permanent : lifetimeMs.browser;
    await this.#directory.logins.insert({
      id: this.#ids.next(),
      accountId: user.accountId,
      createdAt: now,
      updatedAt: now,
      userId: user.id,
      tokenHash: sha256(token),
      expiresAt: now + lastsMs,
    });
    return { token, cookie: options.permanent ? { ...this.cookie, maxAge: lastsMs / 1000 } : this.cookie };
  }

  /** Ends the logins of these tokens; tokens that mean nothing are passed over. */
  async endLogin(tokens: readonly string[]): Promise<void> {
    for (const token of tokens) {
      const login = this.#directory.logins.byHash(sha256(token));
      if (login !== undefined) await this.#directory.logins.remove(login.accountId, login.id);
    }
  }

  /** Ends every login of a user, as after a change of the password. */
  async endLoginsOf(user: User): Promise<void> {
    for (const login of this.#directory.logins.list(user.accountId)) {
      if (login.userId === user.id) await this.#directory.logins.remove(user.accountId, login.id);
    }
  }

  /** A new API key, and what of it is kept. */
  newKey(): { readonly key: string; readonly keyHash: string; readonly keyPrefix: string } {
    const key = keyMark + this.#ids.random(32);
    return { key, keyHash: sha256(key), keyPrefix: key.slice(0, keyMark.length + 8) };
  }

  async #byBasic(value: string, address: string): Promise<User> {
    const cacheKey = hash("sha256", this.#cacheSecret + value, "base64");
    const verified = this.#verified.get(cacheKey);
    if (verified !== undefined) {
      // The row is read again each time, so a change of password, roles or existence counts at once.
      const user = this.#directory.users.byId(verified.userId);
      if (user !== undefined && user.passwordHash === verified.passwordHash && verified.until > this.#clock.now()) return user;
      this.#verified.delete(cacheKey);
    }
    const underWay = this.#verifying.get(cacheKey);
    if (underWay !== undefined) return underWay;
    const job = this.#verifyBasic(value, address).finally(() => this.#verifying.delete(cacheKey));
    this.#verifying.set(cacheKey, job);
    const user = await job;
    if (this.#verified.size >= mostVerified) {
      const [oldest] = this.#verified.keys();
      if (oldest !== undefined) this.#verified.delete(oldest);
    }
    this.#verified.set(cacheKey, { userId: user.id, passwordHash: user.passwordHash, until: this.#clock.now() + verifiedMs });
    return user;
  }

  async #verifyBasic(value: string, address: string): Promise<User> {
    const text = Buffer.from(value, "base64").toString("utf8");
    const colon = text.indexOf(":");
    if (colon < 0) throw this.#wrong(address);
    return this.verifyPassword(text.slice(0, colon), text.slice(colon + 1), address);
  }

  #byKey(key: string, address: string): User {
    this.#refuseLimited(address, address);
    const row = key.startsWith(keyMark) ? this.#directory.apiKeys.byHash(sha256(key)) : undefined;
    const user = row === undefined ? undefined : this.#directory.users.get(row.accountId, row.userId);
    if (user === undefined) throw this.#wrong(address);
    return user;
  }

  #byToken(token: string): User | undefined {
    const login = this.#directory.logins.byHash(sha256(token));
    if (login === undefined || login.expiresAt <= this.#clock.now()) return undefined;
    this.#extend(login);
    return this.#directory.users.get(login.accountId, login.userId);
  }

  /** A login that is used lives on; it is written at most once in a tenth of its life. */
  #extend(login: Login): void {
    const now = this.#clock.now();
    const lastsMs = login.expiresAt - login.updatedAt;
    if (now - login.updatedAt < lastsMs / 10 || this.#extending.has(login.id)) return;
    this.#extending.add(login.id);
    this.#directory.logins
      .update({ ...login, updatedAt: now, expiresAt: now + lastsMs })
      // The login stays good until it expires, so a database that is away may miss this.
      .catch((error: unknown) => this.#logger.debug({ err: error, loginId: login.id }, "A login could not be extended."))
      .finally(() => this.#extending.delete(login.id));
  }

  #refuseLimited(pair: string, address: string): void {
    const waitMs = Math.max(this.#failuresOfPair.waitMs(pair), this.#failuresOfAddress.waitMs(address));
    if (waitMs > 0) throw apiRefusal("API_RATE_LIMITED", { retryAfterS: Math.ceil(waitMs / 1000) });
  }

  #wrong(address: string) {
    this.#failuresOfAddress.fail(address);
    return apiRefusal("API_CREDENTIALS_WRONG");
  }
}

function principalOf(user: User, via: Principal["via"]): Principal {
  return { userId: user.id, accountId: user.accountId, roles: user.roles, via };
}

function sha256(text: string): string {
  return hash("sha256", text, "hex");
}
