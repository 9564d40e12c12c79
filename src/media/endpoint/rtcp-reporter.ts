import type { Clock, Ids } from "../../kernel/index.ts";
import { formatRtcp, parseRtcp, type ReceiverStatistics, type ReportBlock, type RtcpReport } from "../../rtp/index.ts";
import type { RtpStream } from "./stream.ts";

/** RFC 3550 §6.2: the minimum, with the randomness and the compensation of §6.3.1; two members never need more. */
const intervalMs = 5000;
const compensation = 1.21828;

/** When RTCP is due, and what it says. */
export class RtcpReporter {
  readonly #clock: Clock;
  readonly #ids: Ids;
  #dueAtMs: number;
  #packetsReported = 0;
  /** From the peer's last SR: the middle of its NTP time, and when it came. */
  #lastReport = 0;
  #lastReportAtMs = 0;

  constructor(clock: Clock, ids: Ids) {
    this.#clock = clock;
    this.#ids = ids;
    // §6.2: half of it before the first.
    this.#dueAtMs = clock.monotonicMs() + this.#interval() / 2;
  }

  isDue(nowMs: number): boolean {
    return nowMs >= this.#dueAtMs;
  }

  receive(bytes: Uint8Array): void {
    const packets = parseRtcp(bytes);
    if (!packets.ok) return;
    for (const packet of packets.value) {
      if (packet.kind !== "sender-report") continue;
      this.#lastReport = packet.ntpMiddle;
      this.#lastReportAtMs = this.#clock.monotonicMs();
    }
  }

  /** The next report. `peerSsrc` is undefined while nothing was received. */
  report(stream: RtpStream, statistics: ReceiverStatistics, peerSsrc: number | undefined, goodbye: boolean): Uint8Array {
    this.#dueAtMs = this.#clock.monotonicMs() + this.#interval();
    const isSender = stream.packets > this.#packetsReported;
    this.#packetsReported = stream.packets;
    const block = this.#block(statistics, peerSsrc);
    const report: RtcpReport = {
      ssrc: stream.ssrc,
      // RFC 7022 wants it unlike any other's, and after a restart the same: as the SSRC is.
      cname: stream.ssrc.toString(16).padStart(8, "0"),
      goodbye,
      ...(isSender && {
        sender: { at: this.#clock.now(), rtpTimestamp: stream.timestamp, packets: stream.packets, octets: stream.octets },
      }),
      ...(block !== undefined && { block }),
    };
    return formatRtcp(report);
  }

  #block(statistics: ReceiverStatistics, peerSsrc: number | undefined): ReportBlock | undefined {
    const figures = peerSsrc === undefined ? undefined : statistics.report();
    if (figures === undefined || peerSsrc === undefined) return undefined;
    const sinceMs = this.#clock.monotonicMs() - this.#lastReportAtMs;
    return {
      ssrc: peerSsrc,
      ...figures,
      lastReport: this.#lastReport,
      sinceLastReport: this.#lastReport === 0 ? 0 : Math.round((sinceMs * 65_536) / 1000),
    };
  }

  #interval(): number {
    const share = Number.parseInt(this.#ids.random(2), 16) / 0x1_0000;
    return (intervalMs * (0.5 + share)) / compensation;
  }
}
