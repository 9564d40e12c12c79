/** What the server asks of each API that it carries, the native one included. */
import type { IncomingHttpHeaders } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Refusal } from "./codes.ts";
import type { Principal } from "./principal.ts";

export type Dialect = {
  readonly name: string;
  /** Path prefixes that belong to it, for example "/v1": unknown routes there are answered in its format. */
  readonly prefixes: readonly string[];
  /** Names of the cookies in which its clients send a login token. A login is valid in every dialect. */
  readonly loginCookies: readonly string[];
  /**
   * Where a request is routed to when its own method and address are not those of a route; undefined for requests of other dialects.
   * `request.originalUrl` keeps what was asked for. Must not throw.
   */
  reroute?(request: Target, headers: IncomingHttpHeaders): Target | undefined;
  /** Who asks at its routes, where that is not for `Logins` to say: undefined when nothing was shown. Throws API_CREDENTIALS_WRONG. */
  identify?(request: FastifyRequest): Promise<Principal | undefined>;
  /** Registers routes and content-type parsers in a scope of its own. Each route declares `config: { access }`. */
  register(scope: FastifyInstance, asking: Asking): void | Promise<void>;
  /** Answers a refusal in the caller's format. Retry-After and WWW-Authenticate are set already; Allow too for a wrong method. */
  answerRefusal(refusal: Refusal, request: FastifyRequest, reply: FastifyReply): unknown;
};

/** `url` is the path with its query. */
export type Target = { readonly method: string; readonly url: string };

/** For routes that are open to anyone and still want to know who is there. */
export type Asking = {
  /** Throws as `Logins.identify` does. */
  identify(request: FastifyRequest): Promise<Principal | undefined>;
  /** Login tokens in the request's cookies, whichever dialect they came from. */
  tokens(request: FastifyRequest): readonly string[];
};
