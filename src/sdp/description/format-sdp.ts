/** A session description to text, in the order of RFC 8866 §9. */
import type { Attribute, Connection, MediaDescription, SessionDescription } from "./session-description.ts";

export function formatSdp(session: SessionDescription): string {
  const { origin } = session;
  const lines = ["v=0", `o=${origin.username} ${origin.sessionId} ${origin.version} ${connectionText(origin)}`, `s=${session.sessionName}`];
  if (session.information !== undefined) lines.push(`i=${session.information}`);
  if (session.uri !== undefined) lines.push(`u=${session.uri}`);
  for (const email of session.emails ?? []) lines.push(`e=${email}`);
  for (const phone of session.phones ?? []) lines.push(`p=${phone}`);
  if (session.connection !== undefined) lines.push(`c=${connectionText(session.connection)}`);
  for (const { type, value } of session.bandwidths ?? []) lines.push(`b=${type}:${value}`);
  for (const { start, stop, repeats = [] } of session.times) lines.push(`t=${start} ${stop}`, ...repeats);
  pushEnd(lines, session);
  for (const media of session.media) pushMedia(lines, media);
  // A value cannot start a line of its own.
  return lines.map((line) => `${/[\r\n\0]/.test(line) ? line.replaceAll(/[\r\n\0]+/g, " ") : line}\r\n`).join("");
}

function pushMedia(lines: string[], media: MediaDescription): void {
  const port = media.portCount === undefined ? media.port : `${media.port}/${media.portCount}`;
  lines.push(`m=${media.media} ${port} ${media.protocol} ${media.formats.join(" ")}`);
  if (media.information !== undefined) lines.push(`i=${media.information}`);
  for (const connection of media.connections ?? []) lines.push(`c=${connectionText(connection)}`);
  for (const { type, value } of media.bandwidths ?? []) lines.push(`b=${type}:${value}`);
  pushEnd(lines, media);
}

function pushEnd(lines: string[], { key, attributes, others = [] }: Pick<MediaDescription, "key" | "attributes" | "others">): void {
  if (key !== undefined) lines.push(`k=${key}`);
  lines.push(...attributes.map(attributeLine), ...others);
}

function attributeLine({ name, value }: Attribute): string {
  return value === "" ? `a=${name}` : `a=${name}:${value}`;
}

function connectionText({ networkType, addressType, address }: Connection): string {
  return `${networkType} ${addressType} ${address}`;
}
