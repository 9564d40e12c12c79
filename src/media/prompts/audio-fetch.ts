import type { HttpClient } from "../../http-client/index.ts";
import { refusal } from "../errors.ts";

export type FetchLimits = {
  readonly maxBytes: number;
  /** For all of it, redirects included. */
  readonly timeoutMs: number;
};

/** What a server said to tell a changed file by. */
export type Validators = { readonly etag?: string | undefined; readonly lastModified?: string | undefined };
export type FetchedAudio =
  | { readonly kind: "unchanged" }
  | ({ readonly kind: "fetched"; readonly bytes: Uint8Array<ArrayBuffer> } & Validators);

const redirects = 3;

/** GETs a URL. Rejects with PROMPT_UNREACHABLE or PROMPT_TOO_LARGE. */
export async function fetchAudio(
  client: HttpClient,
  url: string,
  validators: Validators,
  limits: FetchLimits,
  signal: AbortSignal,
): Promise<FetchedAudio> {
  const headers = {
    ...(validators.etag !== undefined && { "If-None-Match": validators.etag }),
    ...(validators.lastModified !== undefined && { "If-Modified-Since": validators.lastModified }),
  };
  const outcome = await client.request({ method: "GET", url, headers, ...limits, redirects, signal });
  if (!outcome.ok && outcome.error === "too-large") throw refusal("PROMPT_TOO_LARGE", { url, maxBytes: limits.maxBytes });
  if (!outcome.ok) throw refusal("PROMPT_UNREACHABLE", { url, reason: `${outcome.error}: ${outcome.detail}` });
  const { status, body: bytes } = outcome;
  if (status === 304 && Object.keys(headers).length > 0) return { kind: "unchanged" };
  if (status !== 200) throw refusal("PROMPT_UNREACHABLE", { url: outcome.url, status });
  const { etag, "last-modified": lastModified } = outcome.headers;
  return { kind: "fetched", bytes, etag, lastModified };
}
