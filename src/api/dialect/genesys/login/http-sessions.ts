/**
 * The vendor's HTTP session is a login of the house in the cookie JSESSIONID: whoever sends Basic credentials and no such cookie gets one.
 * Tokens against forged requests are derived from it, so both outlive a restart.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Directory } from "../../../../directory/index.ts";
import { type Clock, derive, type Logger } from "../../../../kernel/index.ts";
import { principalOf } from "../../../http/authorisation.ts";
import type { Logins } from "../../../http/login.ts";
import { statusRefusal } from "../error.ts";

export const sessionCookie = "JSESSIONID";
const csrfHeader = "X-CSRF-TOKEN";

/** A client that keeps no cookies gets the same login again for this long, instead of one with each request. */
const reusedMs = 60_000;
const mostRemembered = 10_000;

export type HttpSessionsOptions = {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly directory: Directory;
  readonly logins: Logins;
  readonly csrf: { readonly isRequired: boolean; readonly secret: Uint8Array };
};

type Issued = { readonly token: Promise<string | undefined>; readonly until: number };

export class HttpSessions {
  readonly #options: HttpSessionsOptions;
  /** By user and address. */
  readonly #issued = new Map<string, Issued>();
  /** The token under which a request runs. */
  readonly #tokens = new WeakMap<FastifyRequest, string>();

  constructor(options: HttpSessionsOptions) {
    this.#options = options;
  }

  /** To run before every operation of someone who is signed in. Throws 3 for a POST that may be forged. */
  async begin(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const token = await this.#tokenFor(request, reply);
    if (token !== undefined) this.#tokens.set(request, token);
    const { isRequired } = this.#options.csrf;
    if (!isRequired || principalOf(request).via === "key") return;
    if (request.method === "GET" || request.method === "HEAD") {
      if (token !== undefined) reply.headers({ "X-CSRF-HEADER": csrfHeader, [csrfHeader]: this.#csrfTokenOf(token) });
    } else if (request.cookies[sessionCookie] !== token || !this.#isGenuine(request, token)) {
      throw statusRefusal(3, "Missing or invalid Csrf token");
    }
  }

  /** Ends the login under which the request runs; the id is that of its CometD clients. */
  async end(request: FastifyRequest, reply: FastifyReply): Promise<string | undefined> {
    const { logins } = this.#options;
    const token = this.#tokens.get(request);
    reply.setCookie(sessionCookie, "", { ...logins.cookie, maxAge: 0 });
    if (token === undefined) return undefined;
    await logins.endLogin([token]);
    return loginIdOf(token);
  }

  async #tokenFor(request: FastifyRequest, reply: FastifyReply): Promise<string | undefined> {
    const shown = request.cookies[sessionCookie];
    const { via } = principalOf(request);
    if (via === "key") return undefined;
    if (shown !== undefined && (await this.#belongs(shown, request))) return shown;
    // A login of another dialect needs no second one here.
    if (via === "cookie") return undefined;
    const token = await this.#issue(request);
    if (token !== undefined) reply.setCookie(sessionCookie, token, this.#options.logins.cookie);
    return token;
  }

  async #issue(request: FastifyRequest): Promise<string | undefined> {
    const key = issuedKey(request);
    const known = this.#issued.get(key);
    if (known !== undefined && known.until > this.#options.clock.now()) {
      const token = await known.token;
      if (token !== undefined && (await this.#belongs(token, request))) return token;
    }
    const issued: Issued = { token: this.#create(request), until: this.#options.clock.now() + reusedMs };
    this.#issued.delete(key);
    this.#issued.set(key, issued);
    const [oldest] = this.#issued.keys();
    if (this.#issued.size > mostRemembered && oldest !== undefined) this.#issued.delete(oldest);
    return issued.token;
  }

  /** Undefined while the database is away: the credentials of the request are good all the same. */
  async #create(request: FastifyRequest): Promise<string | undefined> {
    const { directory, logins, logger } = this.#options;
    const { accountId, userId } = principalOf(request);
    const user = directory.users.get(accountId, userId);
    try {
      return user && (await logins.createLogin(user, { permanent: false })).token;
    } catch (error) {
      logger.warn({ err: error, userId }, "No HTTP session could be begun.");
      return undefined;
    }
  }

  async #belongs(token: string, request: FastifyRequest): Promise<boolean> {
    const holder = await this.#options.logins.identify({ authorization: undefined, tokens: [token], address: request.ip });
    return holder?.userId === principalOf(request).userId;
  }

  #isGenuine(request: FastifyRequest, token: string | undefined): boolean {
    const sent = request.headers[csrfHeader.toLowerCase()];
    if (token === undefined || typeof sent !== "string") return false;
    return timingSafeEqual(sha256(sent), sha256(this.#csrfTokenOf(token)));
  }

  #csrfTokenOf(token: string): string {
    const hex = derive(this.#options.csrf.secret, 16, "csrf", token);
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }
}

/** A login as CometD clients are bound to it: says nothing about the token. */
export function loginIdOf(token: string): string {
  return sha256(`login ${token}`).toString("hex");
}

function issuedKey(request: FastifyRequest): string {
  return `${principalOf(request).userId} ${request.ip}`;
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
