import type { IncomingHttpHeaders } from "node:http";

export type OutgoingRequest = {
  readonly method: string;
  readonly url: string;
  /** Without those that frame the message (RFC 9112), which the client writes. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** For all of it: looking up names, redirects, and the whole answer. */
  readonly timeoutMs: number;
  /** Of the answer's body. */
  readonly maxBytes: number;
  /** How many redirects are followed. With 0 a redirect is the answer. */
  readonly redirects: number;
  /** Gives up: the outcome is `cancelled`. */
  readonly signal?: AbortSignal;
  /** Takes the body of the answer as it comes; that of the outcome is then empty. */
  readonly sink?: BodySink;
};

export type BodySink = {
  /** The head of the answer came. False when its body is not wanted. */
  begin(status: number, headers: Readonly<IncomingHttpHeaders>): boolean;
  /** The next bytes, which are its own until it settles; then more are read. Rejecting ends the request as `unreachable`. */
  write(part: Uint8Array): Promise<void>;
};

/** Why there is no answer. */
export type HttpFailure = "timeout" | "cancelled" | "refused-address" | "too-large" | "too-many-redirects" | "unreachable" | "invalid-url";

/** Any status is ok: an answer came. `url` is where it came from; `body` has memory of its own, so it may be transferred. */
export type HttpOutcome =
  | {
      readonly ok: true;
      readonly status: number;
      readonly headers: Readonly<IncomingHttpHeaders>;
      readonly body: Uint8Array<ArrayBuffer>;
      readonly url: string;
    }
  | {
      readonly ok: false;
      readonly error: HttpFailure;
      readonly detail: string;
      /** Of an answer that is too large: its head had come. */
      readonly status?: number;
    };

/** A failure on its way out of the client. */
export class RequestFailure extends Error {
  readonly failure: HttpFailure;
  readonly status: number | undefined;

  constructor(failure: HttpFailure, detail: string, status?: number) {
    super(detail);
    this.failure = failure;
    this.status = status;
  }
}

/** The URL as such, when the client can ask it. */
export function targetOf(url: string, base?: string): URL {
  const parsed = URL.parse(url, base);
  if (parsed === null) throw new RequestFailure("invalid-url", "not a URL");
  if (parsed.protocol === "http:" || parsed.protocol === "https:") return parsed;
  throw new RequestFailure("invalid-url", `neither http nor https: ${parsed.protocol}`);
}
