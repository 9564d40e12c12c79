/** The two transports over HTTP, as routes of the server that carries them. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Access } from "../../http/authorisation.ts";
import type { Ids, Logger } from "../../../kernel/index.ts";
import type { BayeuxLimits } from "../limits.ts";
import type { Link } from "../client/client.ts";
import { type Message, parseMessages } from "../message.ts";
import { unreadable } from "../reply.ts";
import { callbackRequestOf, writeCallback } from "./callback-polling.ts";
import { HttpLink } from "./http-link.ts";
import { type Authenticate, browserCookie, senderOf } from "./identity.ts";
import { textsOfPost, writeJson } from "./long-polling.ts";

export type HttpTransportOptions = {
  readonly path: string;
  readonly limits: BayeuxLimits;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly authenticate: Authenticate;
  readonly isSecure: boolean;
  readonly receive: (messages: readonly Message[], link: Link) => void;
  readonly lose: (link: Link) => void;
};

/** Registers POST and GET at the path itself and below it, where clients put the names of meta channels. */
export function registerHttpTransports(scope: FastifyInstance, options: HttpTransportOptions): void {
  const { path, limits, receive, lose } = options;
  const serve = async (request: FastifyRequest, reply: FastifyReply, texts: readonly string[], write: typeof writeJson) => {
    const messages = parseMessages(texts, limits.messagesPerRequest);
    // A client takes 400 as a failure of all it sent, and tries again; from 200 it would wait for replies that never come.
    if (!messages.ok) return writeJson(reply.code(400), unreadable(messages.reason));
    const sender = await senderOf(request.headers, request.ip, options.authenticate, options.ids);
    if (reply.raw.closed) return reply;
    if (!sender.isBrowserKnown && messages.value.some((message) => message.channel === "/meta/handshake")) {
      reply.header("set-cookie", browserCookie(sender, options.isSecure));
    }
    receive(messages.value, new HttpLink(reply, sender, write, lose));
    return reply;
  };
  const post = (request: FastifyRequest, reply: FastifyReply) => serve(request, reply, textsOfPost(request), writeJson);
  const get = (request: FastifyRequest, reply: FastifyReply) => {
    const { texts, callback } = callbackRequestOf(request.url);
    if (callback === undefined) return writeJson(reply.code(400), unreadable("callback_invalid"));
    return serve(request, reply, texts, writeCallback(callback));
  };

  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", { parseAs: "string", bodyLimit: limits.requestBytes }, (_request, body, done) => done(null, body));
  scope.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) options.logger.error({ requestId: request.id, err: error }, "A Bayeux request failed.");
    const reason = status === 413 ? "request_too_large" : status >= 500 ? "server_failed" : "request_invalid";
    writeJson(reply.code(status), unreadable(reason, status));
  });
  // Nobody is turned away here: a handshake without a login is answered in Bayeux's own terms.
  const config: { access: Access; isProbe: boolean } = { access: "anonymous", isProbe: true };
  for (const url of [path, `${path}/*`]) {
    scope.post(url, { config }, post);
    scope.get(url, { config, exposeHeadRoute: false }, get);
  }
}
