/** Who may send on a stream, RFC 3264 §5.1 and §6.1. A direction is always read from the side of the one who wrote it. */
import { addressOf, type Attribute, type MediaDescription, type SessionDescription } from "../description/session-description.ts";

export const directions = ["sendrecv", "sendonly", "recvonly", "inactive"] as const;
export type Direction = (typeof directions)[number];

export function sends(direction: Direction): boolean {
  return direction === "sendrecv" || direction === "sendonly";
}

export function receives(direction: Direction): boolean {
  return direction === "sendrecv" || direction === "recvonly";
}

function directionOf(canSend: boolean, canReceive: boolean): Direction {
  if (canSend) return canReceive ? "sendrecv" : "sendonly";
  return canReceive ? "recvonly" : "inactive";
}

/** What holds for us when we want `ours` and the other side wrote `theirs`: we send what they receive, and the reverse. */
export function agreedDirection(ours: Direction, theirs: Direction): Direction {
  return directionOf(sends(ours) && receives(theirs), receives(ours) && sends(theirs));
}

/** What the writer of `session` wants on `media`: its own attribute, the session's, or sendrecv; the hold of RFC 2543 (RFC 3264 §8.4) takes receiving away. */
export function mediaDirection(session: SessionDescription, media: MediaDescription): Direction {
  const direction = writtenDirection(media.attributes) ?? writtenDirection(session.attributes) ?? "sendrecv";
  return isNowhere(addressOf(session, media)) ? directionOf(sends(direction), false) : direction;
}

/** The unspecified address in any spelling, or a name that can be no one's (RFC 6761 §6.4), which stands for it where IP6 is written. */
export function isNowhere(address = ""): boolean {
  return /^(?:[0:]+:[0:.]*|0+(?:\.0+){3}|(?:.*\.)?invalid\.?)$/i.test(address);
}

/** Of several the last, as of any attribute that is said twice; RFC 8866 §6.7 allows one. */
function writtenDirection(attributes: readonly Attribute[]): Direction | undefined {
  const written = attributes.findLast(({ name }) => directions.includes(name as Direction));
  return written?.name as Direction | undefined;
}
