import type { Json } from "../../calls/index.ts";
import { type RequestNode, requestMethods } from "../document.ts";
import { choice, integer, optional, record, template, templates, text, variable } from "../validation/check.ts";
import { into, leave, ScriptFault, type Verb, type Visit } from "../verb.ts";

/** Headers that the transport writes itself (RFC 9110, RFC 9112), and the one that carries the key of a repeated request. */
const ownHeaders = ["connection", "content-length", "expect", "host", "idempotency-key", "te", "trailer", "transfer-encoding", "upgrade"];
const longestUrl = 2000;

export const request: Verb<RequestNode> = {
  verb: "request",
  fields: {
    method: optional(choice(requestMethods)),
    url: template,
    headers: optional(record(text(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/, "a header name"), template, 0, 30)),
    body: optional(templates),
    timeoutMs: optional(integer(100, 30_000)),
    into: optional(variable),
  },
  exits: () => ["ok", "failed", "timeout", "error"],
  check(node, path, report) {
    for (const name of Object.keys(node.headers ?? {}))
      if (ownHeaders.includes(name.toLowerCase())) report.mistake(`${path}.headers.${name}`, "is written by the server itself");
    if (node.body !== undefined && (node.method ?? "GET") === "GET") report.mistake(`${path}.body`, "a GET request has no body");
  },
  enter(node, visit) {
    const requestId = visit.id("request");
    const { method = "GET", timeoutMs = 5000 } = node;
    const { headers, body } = content(node, visit);
    const action = { kind: "request", requestId, method, url: address(node.url, visit), headers, timeoutMs } as const;
    return { kind: "wait", wait: { for: "request" }, actions: [body === undefined ? action : { ...action, body }] };
  },
  on(node, event, _wait, visit) {
    if (event.kind !== "request-ended" || event.requestId !== visit.id("request")) return undefined;
    const { status, body, error } = event;
    return leave(exitOf(status, error), into(node.into, { status, body, error: error ?? null }));
  },
};

/** Where a template leads. Throws ScriptFault. */
export function address(source: string, visit: Visit): string {
  const url = visit.render(source).trim();
  const { protocol } = URL.parse(url) ?? {};
  if (url.length > longestUrl || (protocol !== "http:" && protocol !== "https:"))
    throw new ScriptFault("the address is not an http or https URL");
  return url;
}

function content(node: RequestNode, visit: Visit): { readonly headers: Record<string, string>; readonly body?: string } {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(node.headers ?? {})) headers[name] = headerValue(visit.render(value));
  if (node.body === undefined) return { headers };
  if (typeof node.body === "string") return { headers, body: visit.render(node.body) };
  const typed = Object.keys(headers).some((name) => name.toLowerCase() === "content-type");
  return {
    headers: typed ? headers : { ...headers, "Content-Type": "application/json" },
    body: JSON.stringify(visit.renderAll(node.body) satisfies Json),
  };
}

/** Bytes that would end the header or that HTTP cannot carry are refused (RFC 9110 §5.5). */
function headerValue(value: string): string {
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) throw new ScriptFault("a header has characters that HTTP cannot carry");
  return value;
}

function exitOf(status: number, error: string | undefined): string {
  if (status === 0) return error === "timeout" ? "timeout" : "failed";
  return status >= 200 && status < 300 ? "ok" : "failed";
}
