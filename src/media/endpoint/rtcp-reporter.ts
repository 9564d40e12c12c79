import type { Clock, Ids } from "../../kernel/index.ts";
import { formatRtcp, parseRtcp, type ReceiverStatistics, type ReportBlock, RtcpMonitor, type RtcpReport } from "../../rtp/index.ts";
import type { RtpStream } from "./stream.ts";

/** RFC 3550 §6.2: the minimum, with the randomness and the compensation of §6.3.1; two members never need more. */
const intervalMs = 5000;
const compensation = 1.21828;
const leastIntervalMs = (intervalMs * 0.5) / compensation;

/** When RTCP is due, and what it says. */
export class RtcpReporter {
  /** What the peer reports. */
  readonly monitor = new RtcpMonitor();
  readonly #clock: Clock;
  readonly #ids: Ids;
  /** When the last report went, and how much of an interval the next one waits. §6.2: half of it before the first. */
  #lastAtMs: number;
  #part = 0.5;
  /** Drawn when the least interval is over, which it never is in a short call: two draws were 6 µs of it. */
  #dueAtMs: number | undefined;
  #packetsReported = 0;
  /** From the peer's last SR: the middle of its NTP time, and when it came. */
  #lastReport = 0;
  #lastReportAtMs = 0;

  constructor(clock: Clock, ids: Ids) {
    this.#clock = clock;
    this.#ids = ids;
    this.#lastAtMs = clock.monotonicMs();
  }

  isDue(nowMs: number): boolean {
    if (nowMs < this.#lastAtMs + this.#part * leastIntervalMs) return false;
    this.#dueAtMs ??= this.#lastAtMs + this.#part * this.#interval();
    return nowMs >= this.#dueAtMs;
  }

  /** What came `waitedMs` ago. `ssrc` is ours, `peerSsrc` what we receive if anything. */
  receive(bytes: Uint8Array, ssrc: number, peerSsrc: number | undefined, waitedMs: number): void {
    const packets = parseRtcp(bytes);
    if (!packets.ok) return;
    this.monitor.receive(packets.value, ssrc, peerSsrc, this.#clock.now() - waitedMs);
    for (const packet of packets.value) {
      if (packet.kind !== "sender-report") continue;
      this.#lastReport = packet.ntpMiddle;
      this.#lastReportAtMs = this.#clock.monotonicMs() - waitedMs;
    }
  }

  /** The next report. `peerSsrc` is undefined while nothing was received. */
  report(stream: RtpStream, statistics: ReceiverStatistics, peerSsrc: number | undefined, goodbye: boolean): Uint8Array {
    this.#lastAtMs = this.#clock.monotonicMs();
    this.#part = 1;
    this.#dueAtMs = undefined;
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
