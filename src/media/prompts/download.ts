import { type FileHandle, open } from "node:fs/promises";
import type { IncomingHttpHeaders } from "node:http";
import type { BodySink, HttpClient } from "../../http-client/index.ts";
import type { Clock } from "../../kernel/index.ts";
import { refusal } from "../errors.ts";

export type FetchLimits = {
  readonly maxBytes: number;
  /** For all of it, redirects and repetitions included. */
  readonly timeoutMs: number;
};

/** What a server said to tell a changed file by. */
export type Validators = { readonly etag?: string | undefined; readonly lastModified?: string | undefined };
export type Downloaded = { readonly kind: "unchanged" } | ({ readonly kind: "fetched"; readonly sizeBytes: number } & Validators);

const redirects = 3;
/** How often a connection may break on the way. */
const mostTries = 4;

/** GETs a URL into the file at `path`. Rejects with PROMPT_UNREACHABLE or PROMPT_TOO_LARGE; the file is the caller's to remove. */
export async function download(
  { client, clock, signal }: { readonly client: HttpClient; readonly clock: Clock; readonly signal: AbortSignal },
  url: string,
  path: string,
  validators: Validators,
  limits: FetchLimits,
): Promise<Downloaded> {
  await using file = await open(path, "w", 0o600);
  const body = new GrowingBody(file, limits.maxBytes);
  const conditions = conditionsOf(validators);
  const deadline = clock.monotonicMs() + limits.timeoutMs;
  for (let tries = 1; ; tries++) {
    const headers = body.resumption() ?? conditions;
    const timeoutMs = deadline - clock.monotonicMs();
    const maxBytes = limits.maxBytes - body.sizeBytes;
    const outcome = await client.request({ method: "GET", url, headers, timeoutMs, maxBytes, redirects, signal, sink: body });
    if (body.isTooLarge || (!outcome.ok && outcome.error === "too-large"))
      throw refusal("PROMPT_TOO_LARGE", { url, maxBytes: limits.maxBytes });
    if (outcome.ok && outcome.status === 304 && Object.keys(conditions).length > 0) return { kind: "unchanged" };
    if (outcome.ok && body.isTaken) {
      // Of a longer one, which changed on the way.
      await file.truncate(body.sizeBytes);
      return { kind: "fetched", sizeBytes: body.sizeBytes, ...body.validators };
    }
    if (outcome.ok && outcome.status !== 206) throw refusal("PROMPT_UNREACHABLE", { url: outcome.url, status: outcome.status });
    // Only what broke off in the middle is worth another try.
    const isBroken = outcome.ok || (outcome.error === "unreachable" && body.hasBegun);
    if (isBroken && tries < mostTries) continue;
    const reason = outcome.ok ? "another part came than was asked for" : `${outcome.error}: ${outcome.detail}`;
    throw refusal("PROMPT_UNREACHABLE", { url, reason });
  }
}

function conditionsOf({ etag, lastModified }: Validators): Record<string, string> {
  return {
    ...(etag !== undefined && { "If-None-Match": etag }),
    ...(lastModified !== undefined && { "If-Modified-Since": lastModified }),
  };
}

/** A body that comes in one or several answers (RFC 9110 §14). */
class GrowingBody implements BodySink {
  readonly #file: FileHandle;
  readonly #maxBytes: number;
  sizeBytes = 0;
  validators: Validators = {};
  /** Bytes of an answer came. */
  hasBegun = false;
  /** The last answer was one whose body belongs here. */
  isTaken = false;
  isTooLarge = false;

  constructor(file: FileHandle, maxBytes: number) {
    this.#file = file;
    this.#maxBytes = maxBytes;
  }

  /** What asks for the rest; undefined when nothing is there, or nothing says that the rest is of the same file (§13.1.5). */
  resumption(): Record<string, string> | undefined {
    const { etag } = this.validators;
    if (this.sizeBytes === 0 || etag === undefined || etag.startsWith("W/")) {
      this.sizeBytes = 0;
      return undefined;
    }
    return { Range: `bytes=${this.sizeBytes}-`, "If-Range": etag };
  }

  begin(status: number, headers: Readonly<IncomingHttpHeaders>): boolean {
    this.isTaken = status === 200 || (status === 206 && this.#isRest(headers));
    if (!this.isTaken) {
      this.sizeBytes = 0;
      return false;
    }
    if (status === 200) {
      this.sizeBytes = 0;
      this.validators = { etag: headers.etag, lastModified: headers["last-modified"] };
    }
    this.isTooLarge = this.sizeBytes + Number(headers["content-length"] ?? 0) > this.#maxBytes;
    this.hasBegun = true;
    return !this.isTooLarge;
  }

  async write(part: Uint8Array): Promise<void> {
    await this.#file.write(part, 0, part.length, this.sizeBytes);
    this.sizeBytes += part.length;
  }

  #isRest(headers: Readonly<IncomingHttpHeaders>): boolean {
    const [, first] = /^bytes (\d+)-\d+\//.exec(headers["content-range"] ?? "") ?? [];
    return this.sizeBytes > 0 && Number(first) === this.sizeBytes && (headers.etag === undefined || headers.etag === this.validators.etag);
  }
}
