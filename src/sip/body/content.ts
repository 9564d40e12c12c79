/** What a body is by its header fields: type (RFC 3261 §20.15), encoding (§20.12), and what is to be done with it (§20.11, RFC 5621 §4). */
import { type Parsed, parsed, unparsed } from "../../kernel/index.ts";
import type { HeaderList } from "../message/header-list.ts";
import { isToken } from "../message/header-name.ts";
import { type Params, parseParams } from "../message/params.ts";

export type ContentType = {
  /** `application/sdp`, in lower case. */
  readonly mediaType: string;
  readonly params: Params;
};

export function parseContentType(text: string): Parsed<ContentType> {
  const semicolon = text.indexOf(";");
  const mediaType = (semicolon < 0 ? text : text.slice(0, semicolon)).replace(/\s/g, "").toLowerCase();
  const [type = "", subtype = "", ...more] = mediaType.split("/");
  if (!isToken(type) || !isToken(subtype) || more.length > 0) return unparsed("media type");
  return parsed({ mediaType, params: parseParams(semicolon < 0 ? "" : text.slice(semicolon + 1)) });
}

export type ContentDisposition = {
  /** `session`, `render`, `early-session`, …; in lower case. */
  readonly disposition: string;
  /** A body with this handling may be passed over when it is not understood; all others are required. */
  readonly isOptional: boolean;
};

/** §20.11: a session description is for the session, anything else is to be shown, and both must be understood unless the field says otherwise. */
export function dispositionOf(headers: HeaderList, mediaType: string): ContentDisposition {
  const text = headers.get("Content-Disposition") ?? "";
  const [type = "", ...rest] = text.split(";");
  const usual = mediaType === "application/sdp" ? "session" : "render";
  const params = parseParams(rest.join(";"));
  return { disposition: type.trim().toLowerCase() || usual, isOptional: params.get("handling")?.toLowerCase() === "optional" };
}

/** No encoding, or the one that changes nothing. */
export function isPlain(headers: HeaderList): boolean {
  return headers.all("Content-Encoding").every((encoding) => encoding.toLowerCase() === "identity");
}
