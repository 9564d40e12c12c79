/** Codecs of two legs that talk: what the one is offered for the other, and what the other then gets, when we do not decode it (docs/adr/0021). */
import { isSameFormat } from "../../sdp/index.ts";
import type { Call, Leg, Negotiated } from "../model.ts";
import { answeredLegOf, liveLegsOf } from "../parts.ts";

/** What a new leg is offered beside our own codecs, and which of these first. */
export type OfferedFor = Pick<Leg, "relayable" | "prefers">;

/** For a leg that is to talk with `partyId`. */
export function offeredFor(call: Call, partyId: string | undefined): OfferedFor {
  if (partyId === undefined) return {};
  const media = answeredLegOf(call, partyId)?.media;
  if (media === undefined) {
    const { relayable, offered } = liveLegsOf(call, partyId).find(({ direction }) => direction === "inbound") ?? {};
    return { ...(relayable && { relayable }), ...(offered?.codec && { prefers: offered.codec }) };
  }
  const { codec, relayed, telephoneEvent } = media;
  if (relayed === undefined) return codec === undefined ? {} : { prefers: codec };
  return { relayable: { formats: [{ ...relayed, ...(telephoneEvent !== undefined && { telephoneEvent }) }], only: true } };
}

/** What the caller's `leg` is answered with, now that the callee has agreed to `agreed`; undefined when nothing fits both. */
export function answerTowards({ offered, relayable }: Pick<Leg, "offered" | "relayable">, agreed: Negotiated): Negotiated | undefined {
  const { relayed } = agreed;
  if (offered === undefined) return undefined;
  if (relayed === undefined) return offered.codec === undefined ? undefined : offered;
  const own = relayable?.formats.find((format) => isSameFormat(format, relayed));
  if (own === undefined) return undefined;
  const { codec: _codec, telephoneEvent: _telephoneEvent, ...rest } = offered;
  const { payloadType, name, clockRateHz, channels, telephoneEvent } = own;
  return {
    ...rest,
    // The parameters are the callee's: it is who plays the caller's packets.
    relayed: { payloadType, name, clockRateHz, channels, ...(relayed.fmtp !== undefined && { fmtp: relayed.fmtp }) },
    payloadType,
    ...(telephoneEvent !== undefined && { telephoneEvent }),
  };
}
