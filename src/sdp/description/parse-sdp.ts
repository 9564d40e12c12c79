/**
 * SDP text to a value, RFC 8866 §5 and §9. Refuses what is no session description, or one of which an o=, c= or m= line cannot be read. Takes what phones
 * send besides: bare LF, blanks at the end of a line, lines in any order within their section, no s= or t=, lines it does not know. Never throws, and its
 * time and memory grow with the text alone.
 */
import { type Parsed, parsed, unparsed } from "../../kernel/index.ts";
import type { Connection, MediaDescription, Origin, SessionDescription } from "./session-description.ts";

/** All are more than any phone writes. */
const maxBytes = 64 * 1024;
const maxMedia = 32;
const maxLines = 2048;

type Writable<T> = { -readonly [K in keyof T]: NonNullable<T[K]> extends readonly (infer E)[] ? E[] : T[K] };
type SessionSoFar = Partial<Writable<Omit<SessionDescription, "media">>> & { times: SessionDescription["times"][number][] };
type SectionSoFar = Pick<SessionSoFar, "information" | "bandwidths" | "key" | "attributes" | "others">;
type MediaSoFar = Writable<MediaDescription>;

export function parseSdp(input: string | Uint8Array): Parsed<SessionDescription> {
  if (input.length > maxBytes) return unparsed("too long", maxBytes);
  const text = typeof input === "string" ? input : Buffer.from(input.buffer, input.byteOffset, input.byteLength).toString("utf8");
  const session: SessionSoFar = { times: [] };
  const media: MediaSoFar[] = [];
  let at = 0;
  let count = 0;
  for (const raw of text.split("\n")) {
    const line = clean(raw);
    const lineAt = at;
    at += raw.length + 1;
    if (line.trimEnd() === "") continue;
    if (++count > maxLines) return unparsed("too many lines", lineAt);
    if (count === 1) {
      if (line.trimEnd() !== "v=0") return unparsed("v=", lineAt);
      continue;
    }
    if (line.startsWith("m=")) {
      const description = parseMedia(line.slice(2));
      if (description === undefined || media.length === maxMedia) return unparsed("m=", lineAt);
      media.push(description);
      continue;
    }
    const current = media.at(-1);
    const isRead = current === undefined ? readSessionLine(session, line) : readMediaLine(current, line);
    if (!isRead) return unparsed(line.slice(0, 2), lineAt);
  }
  if (count > 0 && session.origin === undefined) return unparsed("no o=", at);
  if (session.origin === undefined) return unparsed("no v=", at);
  if (session.times.length === 0) session.times.push({ start: "0", stop: "0" });
  const { origin, sessionName = "-", attributes = [], ...rest } = session;
  return parsed({ ...rest, origin, sessionName, attributes, media });
}

/** Without its CR; another CR or a NUL can be no part of a line (RFC 8866 §9, byte-string). */
function clean(raw: string): string {
  const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
  return line.includes("\r") || line.includes("\0") ? line.replaceAll(/[\r\0]/g, " ") : line;
}

/** False when the line should be one that is needed, and cannot be read. */
function readSessionLine(session: SessionSoFar, line: string): boolean {
  const value = line.slice(2);
  switch (line.slice(0, 2)) {
    case "o=":
      if (session.origin !== undefined) break;
      return assign(session, "origin", parseOrigin(value));
    case "s=":
      if (session.sessionName !== undefined) break;
      session.sessionName = value === "" ? "-" : value;
      return true;
    case "u=":
      if (session.uri !== undefined) break;
      session.uri = value;
      return true;
    case "e=":
      (session.emails ??= []).push(value);
      return true;
    case "p=":
      (session.phones ??= []).push(value);
      return true;
    case "c=":
      if (session.connection !== undefined) break;
      return assign(session, "connection", parseConnection(value));
    case "t=": {
      const [, start, stop] = /^ *(\d{1,20}) +(\d{1,20}) *$/.exec(value) ?? [];
      if (start === undefined || stop === undefined) break;
      session.times.push({ start, stop });
      return true;
    }
    case "r=":
    case "z=": {
      const time = session.times.pop() ?? { start: "0", stop: "0" };
      session.times.push({ ...time, repeats: [...(time.repeats ?? []), line] });
      return true;
    }
    default:
      if (readSectionLine(session, line)) return true;
  }
  (session.others ??= []).push(line);
  return true;
}

function assign<K extends "origin" | "connection">(session: SessionSoFar, key: K, value: SessionSoFar[K]): boolean {
  if (value !== undefined) session[key] = value;
  return value !== undefined;
}

function readMediaLine(media: MediaSoFar, line: string): boolean {
  if (line.startsWith("c=")) {
    const connection = parseConnection(line.slice(2));
    if (connection !== undefined) (media.connections ??= []).push(connection);
    return connection !== undefined;
  }
  if (!readSectionLine(media, line)) (media.others ??= []).push(line);
  return true;
}

/** False when it is none of the lines that sessions and media have alike. */
function readSectionLine(section: SectionSoFar, line: string): boolean {
  const value = line.slice(2);
  switch (line.slice(0, 2)) {
    case "i=":
      if (section.information !== undefined) return false;
      section.information = value;
      return true;
    case "b=": {
      const [, type, amount] = /^([^\s:]+):(\d+) *$/.exec(value) ?? [];
      if (type === undefined || amount === undefined) return false;
      (section.bandwidths ??= []).push({ type, value: amount });
      return true;
    }
    case "k=":
      if (section.key !== undefined) return false;
      section.key = value;
      return true;
    case "a=": {
      const colon = value.indexOf(":");
      const name = (colon < 0 ? value : value.slice(0, colon)).trim();
      (section.attributes ??= []).push({ name, value: colon < 0 ? "" : value.slice(colon + 1) });
      return true;
    }
    default:
      return false;
  }
}

function parseOrigin(value: string): Origin | undefined {
  const [, username, sessionId, version, rest = ""] = /^ *(\S+) +(\d{1,20}) +(\d{1,20}) +(.*)$/.exec(value) ?? [];
  const connection = parseConnection(rest);
  if (username === undefined || sessionId === undefined || version === undefined || connection === undefined) return undefined;
  return { username, sessionId, version, ...connection };
}

function parseConnection(value: string): Connection | undefined {
  const [, networkType, addressType, address] = /^ *(\S+) +(\S+) +(\S+) *$/.exec(value) ?? [];
  if (networkType === undefined || addressType === undefined || address === undefined) return undefined;
  return { networkType, addressType, address };
}

function parseMedia(value: string): MediaSoFar | undefined {
  const [, media, port, portCount, protocol, formats = ""] = /^ *(\S+) +(\d{1,5})(?:\/(\d{1,5}))? +(\S+) +(\S.*)$/.exec(value) ?? [];
  if (media === undefined || protocol === undefined || Number(port) > 65_535) return undefined;
  const line = { media, port: Number(port), protocol, formats: formats.trimEnd().split(/\s+/), attributes: [] };
  return portCount === undefined ? line : { ...line, portCount };
}
