/** POST /oauth/token: client credentials (RFC 6749 §4.4) by Basic or in the form, answered as Spring Security does. */
import type { FastifyRequest } from "fastify";
import { tokenRefusal } from "../error.ts";
import { type AccessTokens, permissions, type Scope, scopes } from "./tokens.ts";

export async function issueToken(request: FastifyRequest, tokens: AccessTokens) {
  const sent = parametersOf(request);
  const { id, secret } = credentialsOf(request, sent);
  const application = tokens.authenticate(id, secret, request.ip);
  const grantType = sent.get("grant_type") ?? "";
  if (grantType === "") throw tokenRefusal("invalid_request", "Missing grant type");
  if (grantType !== "client_credentials") throw tokenRefusal("unsupported_grant_type", `Unsupported grant type: ${shortened(grantType)}`);
  const wanted = scopesIn(sent.get("scope") ?? "");
  const { token, expiresInS } = await tokens.issue(application, wanted);
  return {
    access_token: token,
    token_type: "bearer",
    expires_in: expiresInS,
    scope: wanted.join(" "),
    permissions: wanted.map((scope) => permissions[scope]),
  };
}

/** Of the form and, as the vendor's guide has it, of the query; the form wins. */
function parametersOf(request: FastifyRequest): URLSearchParams {
  const query = request.originalUrl.split("?").slice(1).join("?");
  const sent = new URLSearchParams(query);
  if (request.body instanceof URLSearchParams) for (const [name, value] of request.body) sent.set(name, value);
  return sent;
}

type Credentials = { readonly id: string; readonly secret: string };

function credentialsOf(request: FastifyRequest, sent: URLSearchParams): Credentials {
  const [scheme = "", value = ""] = (request.headers.authorization ?? "").trim().split(/\s+/, 2);
  if (scheme.toLowerCase() === "basic") {
    const text = Buffer.from(value, "base64").toString("utf8");
    const colon = text.indexOf(":");
    if (colon >= 0) return { id: text.slice(0, colon), secret: text.slice(colon + 1) };
  }
  const [id, secret] = [sent.get("client_id"), sent.get("client_secret")];
  // A secret in an address would be in every log on the way.
  const isInQuery = new URLSearchParams(request.originalUrl.split("?").slice(1).join("?")).has("client_secret");
  if (id !== null && secret !== null && !isInQuery) return { id, secret };
  throw tokenRefusal("unauthorized", "Full authentication is required to access this resource");
}

/** All there are when none is named. */
function scopesIn(text: string): readonly Scope[] {
  const names = text.split(/[\s,]+/).filter((name) => name !== "");
  const unknown = names.find((name) => !scopes.some((scope) => scope === name));
  if (unknown !== undefined) throw tokenRefusal("invalid_scope", `Invalid scope: ${shortened(unknown)}`);
  return names.length === 0 ? scopes : scopes.filter((scope) => names.includes(scope));
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
