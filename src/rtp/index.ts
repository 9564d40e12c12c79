export { emptyRtpHeader, parseRtp, type ReceivedRtpHeader, rtpHeaderBytes, type RtpHeader, writeRtpHeader } from "./packet.ts";
export type { PacketView } from "./packet-queue.ts";
export { PlayoutBuffer } from "./playout-buffer.ts";
export { nodeNetwork } from "./network/node-network.ts";
export { type OpenDescriptors, openPolledNetwork } from "./network/polled-network.ts";
export { type DatagramListener, type OpenRtpSockets, type RtpNetwork, type RtpSockets, sendEach } from "./network/rtp-network.ts";
export { PortPool } from "./port-pool.ts";
export {
  type CodecImpairment,
  listeningConditions,
  meanOpinionScore,
  rating,
} from "./quality.ts";
export { ReceiverStatistics } from "./receiver-statistics.ts";
export { formatRtcp, parseRtcp, type ReportBlock, type RtcpReport } from "./rtcp.ts";
export { RtcpMonitor } from "./rtcp-monitor.ts";
export { sequenceDistance } from "./sequence.ts";
export { type DigitFrame, telephoneEventBytes, TelephoneEventReceiver, TelephoneEventSender } from "./telephone-event.ts";
