/** Which format an answer takes, and sending it. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { formatJson } from "./format/json.ts";
import { formatJsv } from "./format/jsv.ts";
import type { Contract } from "./format/shape.ts";
import { treeOf } from "./format/tree.ts";
import { formatXml } from "./format/xml.ts";
import { firstSegmentOf, suffixOf } from "./routing.ts";

export const formatNames = ["json", "xml", "jsv"] as const;
export type FormatName = (typeof formatNames)[number];

/** `callback` is the function of a JSONP answer. */
export type AnswerFormat = { readonly name: FormatName; readonly callback?: string };

const contentTypes: Readonly<Record<FormatName, string>> = {
  json: "application/json; charset=utf-8",
  xml: "application/xml",
  jsv: "text/jsv",
};

/** Names of functions, with dots between them: nothing that could be more than a name. */
const safeCallback = /^[A-Za-z_$][\w$]{0,63}(\.[A-Za-z_$][\w$]{0,63}){0,7}$/;

/** Decided by suffix, callback, ?format=, first segment and Accept, in this order; JSON when nothing decides. HTML is not served. */
export function answerFormat(request: FastifyRequest): AnswerFormat {
  const url = request.originalUrl;
  const bySuffix = suffixOf(url);
  const callback = queryText(request, "callback");
  if (bySuffix === undefined && callback !== undefined && callback !== "") return jsonWith(callback);
  const name =
    bySuffix ?? formatNamed(queryText(request, "format")?.split(".", 1)[0]) ?? formatNamed(firstSegmentOf(url)) ?? byAccept(request);
  return name === "json" && callback !== undefined && callback !== "" ? jsonWith(callback) : { name };
}

export function isUnsafeCallback(request: FastifyRequest): boolean {
  const callback = queryText(request, "callback") ?? "";
  return callback !== "" && !safeCallback.test(callback);
}

export function formatOfMediaType(mediaType: string | undefined): FormatName | undefined {
  const [, name] = /^(?:application|text)\/(json|xml|jsv)$/.exec(mediaType?.split(";", 1)[0]?.trim().toLowerCase() ?? "") ?? [];
  return formatNamed(name);
}

/** Sends `value` as a document of the type `of`. */
export function sendDto(reply: FastifyReply, format: AnswerFormat, of: Contract, value: object): FastifyReply {
  const { name, callback } = format;
  const document =
    name === "xml" ? formatXml(of, value) : name === "jsv" ? formatJsv(treeOf(of, value) ?? {}) : formatJson(treeOf(of, value) ?? {});
  reply.header("vary", "Accept");
  reply.header("content-type", callback === undefined ? contentTypes[name] : "text/javascript");
  // As bytes, because a text would get a charset beside its type.
  return reply.send(Buffer.from(callback === undefined ? document : `${callback}(${document})`));
}

function jsonWith(callback: string): AnswerFormat {
  return safeCallback.test(callback) ? { name: "json", callback } : { name: "json" };
}

/** The preferred format of those accepted: html (answered as JSON), json, xml, jsv. Order and weights in the header do not count. */
function byAccept(request: FastifyRequest): FormatName {
  const accepted = (request.headers.accept ?? "").split(",").map((range) => (range.split(";", 1)[0] ?? "").trim().toLowerCase());
  const sent = formatOfMediaType(request.headers["content-type"]);
  const names = accepted.map(formatOfMediaType);
  if (sent !== undefined && names.includes(sent)) return sent;
  if (accepted.includes("text/html")) return "json";
  const preferred = formatNames.find((name) => names.includes(name));
  return preferred ?? (accepted.includes("*/*") ? sent : undefined) ?? "json";
}

function formatNamed(name: string | undefined): FormatName | undefined {
  return formatNames.find((known) => known === name?.toLowerCase());
}

function queryText(request: FastifyRequest, name: string): string | undefined {
  const query = (request.query ?? {}) as Readonly<Record<string, string | readonly string[] | undefined>>;
  const given = query[name];
  return typeof given === "string" ? given : given?.[0];
}
