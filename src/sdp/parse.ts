/** SDP text to a value, RFC 8866 §5 and §9. Takes bare LF, lines in any order within their section, and lines it does not know. Never throws. */
import { type Parsed, parsed, unparsed } from "../kernel/index.ts";
import type { Attribute, MediaDescription, Origin, SessionDescription } from "./session-description.ts";

/** Both are more than any phone writes. */
const maxMedia = 32;
const maxBytes = 64 * 1024;

export function parseSdp(input: string | Uint8Array): Parsed<SessionDescription> {
  if (input.length > maxBytes) return unparsed("too long", maxBytes);
  const text = typeof input === "string" ? input : Buffer.from(input.buffer, input.byteOffset, input.byteLength).toString("utf8");
  let origin: Origin | undefined;
  let sessionName = "";
  const session: Section = { connection: undefined, attributes: [] };
  const media: (Section & Omit<MediaDescription, keyof Section>)[] = [];
  let section = session;
  let at = 0;
  let isFirst = true;
  for (const raw of text.split("\n")) {
    const line = raw.trimEnd();
    const lineAt = at;
    at += raw.length + 1;
    if (line === "") continue;
    const value = line.slice(2);
    if (isFirst && line !== "v=0") return unparsed("v=", lineAt);
    isFirst = false;
    if (line[1] !== "=") continue;
    switch (line.charAt(0)) {
      case "o":
        origin ??= parseOrigin(value);
        if (origin === undefined) return unparsed("o=", lineAt);
        break;
      case "s":
        sessionName = value.trim();
        break;
      case "c":
        section.connection ??= parseConnection(value);
        if (section.connection === undefined) return unparsed("c=", lineAt);
        break;
      case "m": {
        const description = parseMedia(value);
        if (description === undefined || media.length === maxMedia) return unparsed("m=", lineAt);
        media.push(description);
        section = description;
        break;
      }
      case "a":
        section.attributes.push(parseAttribute(value));
        break;
      default:
    }
  }
  if (origin === undefined) return unparsed("no o=", at);
  return parsed({ origin, sessionName, connection: session.connection, attributes: session.attributes, media });
}

type Section = { connection: string | undefined; readonly attributes: Attribute[] };

function parseOrigin(value: string): Origin | undefined {
  const match = /^(\S+) +(\d{1,20}) +(\d{1,20}) +IN +IP[46] +(\S+)$/.exec(value.trim());
  if (match === null) return undefined;
  const [, username = "", sessionId = "", version = "", address = ""] = match;
  return { username, sessionId, version, address };
}

/** The address alone: multicast TTL and count behind a slash do not concern calls. */
function parseConnection(value: string): string | undefined {
  return /^IN +IP[46] +([^\s/]+)/.exec(value.trim())?.[1];
}

function parseMedia(value: string): (Section & Omit<MediaDescription, keyof Section>) | undefined {
  const match = /^(\S+) +(\d{1,5})(?:\/\d+)? +(\S+) +(\S.*)$/.exec(value.trim());
  if (match === null) return undefined;
  const [, media = "", port = "", protocol = "", formats = ""] = match;
  if (Number(port) > 65_535) return undefined;
  return { media, port: Number(port), protocol, formats: formats.split(/\s+/), connection: undefined, attributes: [] };
}

function parseAttribute(value: string): Attribute {
  const colon = value.indexOf(":");
  return colon < 0 ? { name: value.trim(), value: "" } : { name: value.slice(0, colon).trim(), value: value.slice(colon + 1).trim() };
}
