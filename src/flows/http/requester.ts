import type { HttpRequest, HttpRequester, HttpResult, Json } from "../../calls/index.ts";
import type { HttpClient } from "../../http-client/index.ts";
import type { Clock, Logger } from "../../kernel/index.ts";
import { isJson } from "../validation/canonical-json.ts";

export type HttpRequesterOptions = { readonly client: HttpClient; readonly clock: Clock; readonly logger: Logger };

const limits = { maxBytes: 262_144, redirects: 3 };

/** The requests of flows. A key that is under way is not sent again: both get its result. What is under way ends with the client. */
export function createHttpRequester({ client, clock, logger }: HttpRequesterOptions): HttpRequester {
  const underWay = new Map<string, { readonly abort: AbortController; readonly result: Promise<HttpResult> }>();

  const ask = async ({ key, headers, deadlineAt, ...what }: HttpRequest, signal: AbortSignal): Promise<HttpResult> => {
    const timeoutMs = deadlineAt - clock.now();
    const outcome = await client.request({ ...what, ...limits, headers: { ...headers, "Idempotency-Key": key }, timeoutMs, signal });
    underWay.delete(key);
    if (outcome.ok) return { status: outcome.status, body: readBody(new TextDecoder().decode(outcome.body)) };
    const { error, detail } = outcome;
    logger.info({ key, host: URL.parse(what.url)?.host, error, detail }, "request of a flow failed");
    return { status: 0, body: null, error };
  };

  return {
    start(request) {
      const before = underWay.get(request.key);
      if (before !== undefined) return before.result;
      const abort = new AbortController();
      const result = ask(request, abort.signal);
      underWay.set(request.key, { abort, result });
      return result;
    },
    cancel: (key) => underWay.get(key)?.abort.abort(),
  };
}

/** What JSON.parse gives, else the text; also when it is nested too deeply to be kept. */
function readBody(text: string): Json {
  if (text.trim() === "") return null;
  try {
    const value: Json = JSON.parse(text);
    return isJson(value) ? value : text;
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}
