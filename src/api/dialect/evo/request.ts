/** Reading a request: the body in its format, then what the address and a form say. */
import type { FastifyRequest } from "fastify";
import type { Parsed } from "../../../kernel/index.ts";
import { apiRefusal } from "../../http/errors.ts";
import { bind, type Sent, sentBy } from "./binding.ts";
import { parseJson } from "./format/json.ts";
import { parseJsv } from "./format/jsv.ts";
import type { Contract, ValueOf } from "./format/shape.ts";
import type { Tree } from "./format/tree.ts";
import { parseXmlOf } from "./format/xml.ts";
import { type FormatName, formatOfMediaType } from "./response.ts";

type Params = Readonly<Record<string, string>>;

/**
 * On an address of its own, path, query and form win over the body, in rising order. On an address that names the operation (`named`
 * holds its format) the query only fills what the body left open. Throws API_BODY_MALFORMED, API_MEMBER_INVALID.
 */
export function readRequest<Request extends Contract>(
  request: FastifyRequest,
  of: Request,
  named: FormatName | undefined,
): ValueOf<Request> {
  const asked = queryOf(request.url);
  const query = asked === "" ? noMembers : sentBy(joined(new URLSearchParams(asked)));
  const form = isForm(request) ? sentBy(joined(new URLSearchParams(bodyOf(request)))) : noMembers;
  const body = isForm(request) ? noMembers : readBody(request, of, named);
  if (named !== undefined) return bind(of, new Map([...query, ...form, ...withoutNulls(body)]));
  const path = sentBy(Object.entries((request.params ?? {}) as Params));
  return bind(of, new Map([...body, ...path, ...query, ...form]));
}

const noMembers: Sent = new Map();

function readBody(request: FastifyRequest, of: Contract, named: FormatName | undefined): Sent {
  const text = bodyOf(request);
  if (text.trim() === "") return noMembers;
  const contentType = request.headers["content-type"]?.trim() ?? "";
  const format = formatOfMediaType(contentType) ?? named ?? (contentType === "" ? "json" : undefined);
  // A body of a type that nobody registered means nothing.
  if (format === undefined) return noMembers;
  const read = readers[format](of, text);
  const value = read.ok ? read.value : undefined;
  if (value === null) return noMembers;
  if (typeof value === "object" && !Array.isArray(value)) return sentBy(Object.entries(value));
  const reason = read.ok ? "an object is expected" : `${read.reason}, at ${read.at}`;
  throw apiRefusal("API_BODY_MALFORMED", {
    message: `Could not deserialize '${contentType === "" ? format : contentType}' request using ${of.name}\nError: ${reason}`,
  });
}

const readers: Readonly<Record<FormatName, (of: Contract, text: string) => Parsed<Tree>>> = {
  json: (_of, text) => parseJson(text),
  jsv: (_of, text) => parseJsv(text),
  xml: parseXmlOf,
};

/** The parser of bodies leaves them as text; a request that carries none has none. */
function bodyOf(request: FastifyRequest): string {
  return typeof request.body === "string" ? request.body : "";
}

function isForm(request: FastifyRequest): boolean {
  return request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase() === "application/x-www-form-urlencoded";
}

function queryOf(url: string): string {
  const mark = url.indexOf("?");
  return mark < 0 ? "" : url.slice(mark + 1);
}

/** A name that stands several times is one list. */
function joined(pairs: Iterable<readonly [string, string]>): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of pairs) {
    const earlier = found.get(name);
    found.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return found;
}

function withoutNulls(body: Sent): Sent {
  return new Map([...body].filter(([, value]) => value !== null));
}
