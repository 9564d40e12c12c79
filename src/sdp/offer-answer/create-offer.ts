/**
 * Offers and answers for one audio stream, RFC 3264. Pure: who keeps the descriptions and when they are exchanged is decided above.
 *
 *   createOffer ─ offer ─▶ peer ─ answer ─▶ acceptAnswer ─▶ Negotiated
 *   peer ─ offer ─▶ createAnswer ─▶ answer and Negotiated
 */
import type { PayloadFormat } from "../attribute/payload-format.ts";
import type { SessionDescription } from "../description/session-description.ts";
import { codecs, telephoneEventName, telephoneEventPayloadType } from "./codec.ts";
import type { LocalMedia } from "./session-sides.ts";
import { description, numbered, plainProtocol, streamLine } from "./stream.ts";

/** A stream keeps its place for ever, and refused ones stay refused (§8): `local.history` says what came before. */
export function createOffer(local: LocalMedia): SessionDescription {
  const { history, direction } = local;
  const relayed = local.relayed === "any" ? [] : (local.relayed ?? []);
  const used = new Set<number>();
  const wanted: PayloadFormat[] = [...local.codecs.map((name) => codecs[name]), ...relayed];
  const formats = wanted.map((format) => numbered(format, history, used));
  if (local.telephoneEvent) {
    // One for each clock rate: events share the timestamps of the codec (RFC 4733 §2.1).
    for (const [index, clockRateHz] of [...new Set(formats.map((format) => format.clockRateHz))].entries()) {
      const known = relayed.find((format) => format.clockRateHz === clockRateHz)?.telephoneEvent;
      const payloadType = known ?? telephoneEventPayloadType + index;
      formats.push(numbered({ payloadType, name: telephoneEventName, clockRateHz, channels: 1 }, history, used));
    }
  }
  const protocol = history?.protocol ?? plainProtocol;
  const stream = streamLine(local, { protocol, formats, direction, rtcpMux: local.rtcpMux === true });
  return description(local, stream, history?.others);
}
