/**
 * Offers and answers for one audio stream, RFC 3264. Pure: who keeps the descriptions and when they are exchanged is decided above.
 *
 *   createOffer ─ offer ─▶ peer ─ answer ─▶ acceptAnswer ─▶ Negotiated
 *   peer ─ offer ─▶ createAnswer ─▶ answer and Negotiated
 */
import type { PayloadFormat } from "../attribute/payload-format.ts";
import type { SessionDescription } from "../description/session-description.ts";
import { formatOf, isRelayable, withinDatagram } from "./codec.ts";
import { comfortNoise, eventRates, eventsAt, mayHaveComfortNoise } from "./companion.ts";
import type { LocalMedia } from "./session-sides.ts";
import { description, numbered, plainProtocol, streamLine } from "./stream.ts";

/** A stream keeps its place for ever, and refused ones stay refused (§8): `local.history` says what came before. */
export function createOffer(local: LocalMedia): SessionDescription {
  const { codecs, history, direction } = local;
  // What the other side has and we decode ourselves is ours.
  const relayed = local.relayed === "any" ? [] : (local.relayed ?? []).filter((format) => isRelayable(format, codecs));
  const used = new Set<number>();
  const wanted: PayloadFormat[] = [...codecs.map((name) => formatOf(name)), ...relayed];
  const formats = wanted.flatMap((format) => numbered(format, history, used) ?? []);
  const rates = eventRates(formats, codecs.length > 0);
  if (local.comfortNoise === true && codecs.some(mayHaveComfortNoise)) formats.push(comfortNoise);
  if (local.telephoneEvent) {
    for (const clockRateHz of rates) {
      const known = relayed.find((format) => format.clockRateHz === clockRateHz)?.telephoneEvent;
      const event = numbered(eventsAt(clockRateHz, known), history, used);
      if (event !== undefined) formats.push(event);
    }
  }
  const protocol = history?.protocol ?? plainProtocol;
  const ptimeMs = withinDatagram(codecs[0], local.ptimeMs);
  const stream = streamLine(local, { protocol, formats, direction, ptimeMs, rtcpMux: local.rtcpMux === true });
  return description(local, stream, history?.others);
}
