/** A session description to text, in the order of RFC 8866 §9. */
import type { Attribute, SessionDescription } from "./session-description.ts";

export function formatSdp(session: SessionDescription): string {
  const { origin } = session;
  const lines = [
    "v=0",
    `o=${origin.username} ${origin.sessionId} ${origin.version} ${internetAddress(origin.address)}`,
    `s=${session.sessionName === "" ? "-" : session.sessionName}`,
    ...connectionLine(session.connection),
    "t=0 0",
    ...session.attributes.map(attributeLine),
  ];
  for (const media of session.media) {
    lines.push(
      `m=${media.media} ${media.port} ${media.protocol} ${media.formats.join(" ")}`,
      ...connectionLine(media.connection),
      ...media.attributes.map(attributeLine),
    );
  }
  // A value cannot start a line of its own.
  return lines.map((line) => `${line.replace(/[\r\n\0]+/g, " ")}\r\n`).join("");
}

function connectionLine(address: string | undefined): string[] {
  return address === undefined ? [] : [`c=${internetAddress(address)}`];
}

function attributeLine(attribute: Attribute): string {
  return attribute.value === "" ? `a=${attribute.name}` : `a=${attribute.name}:${attribute.value}`;
}

function internetAddress(address: string): string {
  return `IN IP${address.includes(":") ? 6 : 4} ${address}`;
}
