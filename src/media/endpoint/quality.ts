import {
  type CodecImpairment,
  listeningConditions,
  meanOpinionScore,
  rating,
  type ReceiverStatistics,
  type RtcpMonitor,
} from "../../rtp/index.ts";
import type { AudioCodec } from "../codec/audio-codec.ts";
import { frameMs } from "../codec/frame.ts";
import type { EndpointCounters } from "../plan.ts";
import type { Hearing } from "./hearing.ts";

/** ITU-T G.113 appendix I: G.711 with concealment. It has no values of the other codecs for this scale; none of them is worse without loss. */
const impairment: CodecImpairment = { equipment: 0, robustness: 25.1 };
/** The peer's own buffer is not known: as long as ours begins. */
const usualDelayMs = 40;

/** What is known beside plain counts of how an endpoint did: what the peer reports of our stream, and what an ear would say of the peer's. `lateBefore` came late before this `hearing`. */
export function qualityOf(
  statistics: ReceiverStatistics,
  codec: AudioCodec | undefined,
  hearing: Hearing | undefined,
  lateBefore: number,
  { roundTripMs, remoteLossFraction, remoteJitterMs }: RtcpMonitor,
): Partial<EndpointCounters> {
  const { packetsReceived, packetsLost, lossRuns } = statistics;
  const conditions = listeningConditions({
    packetsReceived,
    packetsLost,
    lossRuns,
    packetsLate: lateBefore + (hearing?.late ?? 0),
    roundTripMs: roundTripMs ?? 0,
    bufferDelayMs: (hearing?.delayMs ?? usualDelayMs) + frameMs,
  });
  const isHeard = codec !== undefined && packetsReceived > 0;
  return {
    ...(roundTripMs !== undefined && { roundTripMs: Math.round(roundTripMs * 10) / 10 }),
    ...(remoteLossFraction !== undefined && { remoteLossFraction }),
    ...(remoteJitterMs !== undefined && { remoteJitterMs: Math.round(remoteJitterMs * 10) / 10 }),
    ...(isHeard && { mos: Math.round(meanOpinionScore(rating(impairment, conditions)) * 100) / 100 }),
  };
}
