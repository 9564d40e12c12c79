/** Codecs that we do not decode, for two legs whose far ends both do: what the one may be offered, and what the other then gets (docs/adr/0021). */
import { isSameFormat } from "../../sdp/index.ts";
import type { Call, Leg, Negotiated, Relayable } from "../model.ts";
import { answeredLegOf, liveLegsOf } from "../parts.ts";

/** What a new leg is offered that is to talk with `partyId`; undefined when our own codecs are all. */
export function relayableFor(call: Call, partyId: string | undefined): Relayable | undefined {
  if (partyId === undefined) return undefined;
  const media = answeredLegOf(call, partyId)?.media;
  if (media === undefined) return liveLegsOf(call, partyId).find(({ direction }) => direction === "inbound")?.relayable;
  const { relayed, telephoneEvent } = media;
  if (relayed === undefined) return undefined;
  return { formats: [{ ...relayed, ...(telephoneEvent !== undefined && { telephoneEvent }) }], only: true };
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
