/**
 * The session description in a message, wherever it stands (RFC 5621), and what is wrong with a body that cannot be understood
 * (RFC 3261 §8.2.3). A plain `application/sdp` costs three look-ups.
 */
import type { Body } from "../message/builder.ts";
import type { HeaderList, HeaderPair } from "../message/header-list.ts";
import type { SipMessage, SipRequest } from "../message/message.ts";
import { parseParams } from "../message/params.ts";
import { dispositionOf, isPlain, parseContentType } from "./content.ts";
import { parseMultipart } from "./multipart.ts";

/** What we read in a body (§20.1 to §20.3). Text in any language passes, as nothing here is shown to anybody. */
export const acceptHeaders: readonly HeaderPair[] = [
  ["Accept", "application/sdp, multipart/mixed, multipart/alternative"],
  ["Accept-Encoding", "identity"],
  ["Accept-Language", "en, *;q=0.5"],
];

const sdp = "application/sdp";
const multiparts: ReadonlySet<string> = new Set(["multipart/mixed", "multipart/alternative", "multipart/related"]);
/** Parts within parts. */
const deepest = 3;

type Reading = { readonly session: Body | undefined; readonly problem?: "unreadable" | "not understood" };

/** The session description; undefined when there is none, or none that can be read. */
export function sessionBodyOf(message: SipMessage): Body | undefined {
  return message.body.length === 0 ? undefined : read(message.headers, message.body, 0).session;
}

/**
 * 415 for a body that is required and of a type or encoding we do not know (§8.2.3), 400 for one that is broken, 406 for a peer that would not take a
 * session description in the answer (§20.1, §21.4.7). For INVITE, UPDATE and PRACK; a BYE is never refused for what it brings.
 */
export function checkBody(request: SipRequest): { readonly status: number; readonly headers?: readonly HeaderPair[] } | undefined {
  const { headers, body } = request;
  if (body.length > 0) {
    const { problem } = read(headers, body, 0);
    if (problem === "unreadable") return { status: 400 };
    if (problem !== undefined) return { status: 415, headers: acceptHeaders };
  }
  return headers.has("Accept") && !takesSessions(headers.all("Accept")) ? { status: 406 } : undefined;
}

function read(headers: HeaderList, body: Uint8Array, depth: number): Reading {
  // Old peers leave the type out: what a call is begun with is a session description.
  const text = headers.get("Content-Type") ?? (depth === 0 ? sdp : "text/plain");
  const type = parseContentType(text);
  if (!type.ok) return { session: undefined, problem: "unreadable" };
  const { mediaType, params } = type.value;
  const { disposition, isOptional } = dispositionOf(headers, mediaType);
  const isKnown = isPlain(headers);
  if (isKnown && mediaType === sdp && disposition === "session") return { session: { contentType: sdp, content: body } };
  if (isKnown && depth < deepest && multiparts.has(mediaType)) {
    const reading = readParts(mediaType, params.get("boundary") ?? "", body, depth);
    return isOptional ? { session: reading.session } : reading;
  }
  return { session: undefined, ...(!isOptional && { problem: "not understood" }) };
}

function readParts(mediaType: string, boundary: string, body: Uint8Array, depth: number): Reading {
  const parts = parseMultipart(boundary, body);
  if (!parts.ok) return { session: undefined, problem: "unreadable" };
  const readings = parts.value.map((part) => read(part.headers, part.body, depth + 1));
  // RFC 2046 §5.1.4: the last alternative that is understood is the best.
  if (mediaType === "multipart/alternative") {
    return (
      readings.findLast(({ session }) => session !== undefined) ??
      readings.findLast(({ problem }) => problem === undefined) ?? { session: undefined, problem: "not understood" }
    );
  }
  const problem = readings.find((reading) => reading.problem !== undefined)?.problem;
  return { session: readings.find(({ session }) => session !== undefined)?.session, ...(problem && { problem }) };
}

/** An empty list takes nothing (§20.1). */
function takesSessions(values: readonly string[]): boolean {
  return values.some((value) => {
    const [range = "", ...rest] = value.split(";");
    const weight = Number(parseParams(rest.join(";")).get("q") ?? "1");
    return weight !== 0 && /^(application\/sdp|application\/\*|\*\/\*)$/i.test(range.replace(/\s/g, ""));
  });
}
