import type { IncomingMessage } from "node:http";
import type { Clock } from "../kernel/index.ts";
import { Connections } from "./connections.ts";
import { AddressRefused } from "./lookup.ts";
import { redirected } from "./redirect.ts";
import { type HttpOutcome, type OutgoingRequest, RequestFailure, targetOf } from "./request.ts";

/** The only way out over HTTP. */
export type HttpClient = {
  /** Never rejects. */
  request(request: OutgoingRequest): Promise<HttpOutcome>;
  /** What is under way ends as `cancelled`, and so does every later request. */
  close(): Promise<void>;
};

export type HttpClientOptions = {
  readonly clock: Clock;
  /** Whether addresses of private and local networks may be reached. */
  readonly allowPrivateUrls: boolean;
};

export function createHttpClient({ clock, allowPrivateUrls }: HttpClientOptions): HttpClient {
  const connections = new Connections(allowPrivateUrls);
  const underWay = new Map<AbortController, Promise<HttpOutcome>>();
  let isClosed = false;

  const bounded = async (request: OutgoingRequest, abort: AbortController): Promise<HttpOutcome> => {
    const { timeoutMs, signal } = request;
    const giveUp = () => abort.abort(new RequestFailure("cancelled", "given up"));
    signal?.addEventListener("abort", giveUp, { once: true });
    const timer = clock.after(timeoutMs, () => abort.abort(new RequestFailure("timeout", `no answer within ${timeoutMs} ms`)));
    try {
      if (isClosed || signal?.aborted === true) giveUp();
      if (timeoutMs <= 0) throw new RequestFailure("timeout", "no time left");
      return await follow(connections, request, abort.signal);
    } catch (error) {
      return failed(abort.signal.aborted ? abort.signal.reason : error);
    } finally {
      timer.cancel();
      signal?.removeEventListener("abort", giveUp);
    }
  };

  return {
    request(request) {
      const abort = new AbortController();
      const outcome = bounded(request, abort).finally(() => underWay.delete(abort));
      underWay.set(abort, outcome);
      return outcome;
    },
    async close() {
      isClosed = true;
      const outcomes = [...underWay.values()];
      for (const abort of underWay.keys()) abort.abort(new RequestFailure("cancelled", "the client is closed"));
      await Promise.all(outcomes);
      connections.close();
    },
  };
}

async function follow(connections: Connections, first: OutgoingRequest, signal: AbortSignal): Promise<HttpOutcome> {
  let request = first;
  for (let followed = 0; ; followed++) {
    const url = targetOf(request.url);
    const response = await connections.send(request, url, signal);
    const { statusCode: status = 0, headers } = response;
    const next = first.redirects === 0 ? undefined : redirectOf(request, url, response);
    if (next === undefined) return { ok: true, status, headers, body: await content(response, first), url: url.href };
    if (followed === first.redirects) throw new RequestFailure("too-many-redirects", `more than ${first.redirects}`);
    request = next;
  }
}

/** The next request, the answer that asks for it dropped; undefined when this answer is the last. */
function redirectOf(request: OutgoingRequest, url: URL, response: IncomingMessage): OutgoingRequest | undefined {
  try {
    const next = redirected(request, url, response.statusCode ?? 0, response.headers.location);
    if (next !== undefined) response.destroy();
    return next;
  } catch (error) {
    response.destroy();
    throw error;
  }
}

async function content(response: IncomingMessage, { maxBytes, sink }: OutgoingRequest): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  if (sink?.begin(response.statusCode ?? 0, response.headers) === false) {
    response.destroy();
    return new Uint8Array();
  }
  for await (const chunk of response) {
    const part: unknown = chunk;
    if (!(part instanceof Uint8Array)) continue;
    bytes += part.length;
    if (bytes > maxBytes) throw new RequestFailure("too-large", `more than ${maxBytes} bytes`, response.statusCode);
    if (sink === undefined) parts.push(part);
    else await sink.write(part);
  }
  if (sink !== undefined) return new Uint8Array();
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function failed(error: unknown): HttpOutcome {
  if (error instanceof RequestFailure) {
    const { failure, message, status } = error;
    return { ok: false, error: failure, detail: message, ...(status !== undefined && { status }) };
  }
  if (error instanceof AddressRefused) return { ok: false, error: "refused-address", detail: error.message };
  return { ok: false, error: "unreachable", detail: textOf(error) };
}

/** Where several addresses were tried, Node's error has a code and no message. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === "" && "code" in error ? String(error.code) : error.message;
}
