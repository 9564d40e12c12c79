/** When it counts as missing that nothing comes from a peer. */
import { receives } from "../../sdp/index.ts";
import type { Call, Leg } from "../model.ts";
import { seatOf } from "../parts.ts";

/** The call is told after this long, or after the whole time where that is shorter. */
const noticeMs = 10_000;

/** How long an endpoint waits before it tells, of `mediaTimeoutMs` in all; undefined when nothing need come. */
export function noticeAfterMs(call: Call, leg: Leg, mediaTimeoutMs: number): number | undefined {
  return mediaTimeoutMs > 0 && awaitsMedia(call, leg) ? Math.min(noticeMs, mediaTimeoutMs) : undefined;
}

/** Who is on hold, by us or by the peer, need not send. */
export function awaitsMedia(call: Call, leg: Leg): boolean {
  return (
    leg.state === "answered" && leg.media !== undefined && receives(leg.media.direction) && seatOf(call, leg.partyId)?.seat.state !== "held"
  );
}
