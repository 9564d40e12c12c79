/** ptime and maxptime, RFC 8866 §6.4 and §6.5: how long a packet the writer wants, and the longest it takes. */
import { attributeOf, type MediaDescription } from "../description/session-description.ts";

export const usualPtimeMs = 20;
/** Above it the delay is worse than the saving. */
const longestPtimeMs = 60;
const shortestPtimeMs = 10;

/** For packets to the writer, in whole frames of 10 ms from 10 to 60; undefined when nothing usable is said. */
export function ptimeOf(media: MediaDescription): number | undefined {
  const wanted = inFrames(media, "ptime");
  const most = inFrames(media, "maxptime");
  return wanted === undefined && most === undefined ? undefined : Math.min(wanted ?? usualPtimeMs, most ?? longestPtimeMs);
}

function inFrames({ attributes }: MediaDescription, name: "ptime" | "maxptime"): number | undefined {
  // Whole by RFC 8866; older ones allowed a fraction.
  const [, digits] = /^(\d{1,5})(?:\.\d*)?$/.exec(attributeOf(attributes, name) ?? "") ?? [];
  const ms = Math.min(Number(digits ?? 0), longestPtimeMs);
  return ms < shortestPtimeMs ? undefined : ms - (ms % shortestPtimeMs);
}
