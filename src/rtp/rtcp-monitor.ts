import { ntpMiddleOf, type ReportBlock, type RtcpPacket } from "./rtcp.ts";

/** A longer round trip is a mistake of somebody's. */
const longestRoundTripMs = 30_000;

/** What the peer's RTCP says of the stream that it gets from us. All is undefined until it says so. */
export class RtcpMonitor {
  /** Of our timestamps, in which the peer tells jitter. */
  clockRateHz = 8000;
  /** §6.4.1: the time since our SR that the report is about, less what it lay at the peer. */
  roundTripMs: number | undefined;
  /** Between the last two reports, 0 to 1. */
  remoteLossFraction: number | undefined;
  /** Since the begin; negative when packets were doubled on the way. */
  remotePacketsLost: number | undefined;
  remoteJitterMs: number | undefined;
  /** What it heard of us by its own reckoning (RFC 3611 §4.7.5), 1 to 5. */
  remoteMos: number | undefined;
  /** What the peer sends has ended (§6.6). */
  hasEnded = false;

  /** `ssrc` is ours, `peerSsrc` what we receive if anything; `nowMs` is epoch time, of the clock that stamps our SRs. */
  receive(packets: readonly RtcpPacket[], ssrc: number, peerSsrc: number | undefined, nowMs: number): void {
    for (const packet of packets) {
      if (packet.kind === "sender-report" || packet.kind === "receiver-report") {
        for (const block of packet.blocks) if (block.ssrc === ssrc) this.#hear(block, nowMs);
      } else if (packet.kind === "extended-report") {
        for (const metrics of packet.metrics) if (metrics.ssrc === ssrc) this.remoteMos = metrics.mos ?? this.remoteMos;
      } else if (packet.kind === "goodbye" && peerSsrc !== undefined && packet.ssrcs.includes(peerSsrc)) this.hasEnded = true;
    }
  }

  /** The peer has begun another stream. */
  restart(): void {
    this.hasEnded = false;
  }

  #hear({ fractionLost, packetsLost, jitter, lastReport, sinceLastReport }: ReportBlock, nowMs: number): void {
    this.remoteLossFraction = fractionLost / 256;
    this.remotePacketsLost = packetsLost;
    this.remoteJitterMs = (jitter * 1000) / this.clockRateHz;
    if (lastReport === 0) return;
    const roundTripMs = (((ntpMiddleOf(nowMs) - lastReport - sinceLastReport) | 0) * 1000) / 65_536;
    // A little less than nothing is rounding at the peer, or our clock that was set.
    if (roundTripMs > -10 && roundTripMs < longestRoundTripMs) this.roundTripMs = Math.max(0, roundTripMs);
  }
}
