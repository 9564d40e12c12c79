export { JitterBuffer } from "./jitter-buffer.ts";
export { emptyRtpHeader, parseRtp, type ReceivedRtpHeader, rtpHeaderBytes, type RtpHeader, writeRtpHeader } from "./packet.ts";
export { PortPool } from "./port-pool.ts";
export { ReceiverStatistics } from "./receiver-statistics.ts";
export { formatRtcp, parseRtcp, type ReportBlock, type RtcpReport } from "./rtcp.ts";
export { sequenceDistance } from "./sequence.ts";
export { type DigitFrame, telephoneEventBytes, TelephoneEventReceiver, TelephoneEventSender } from "./telephone-event.ts";
export { type DatagramListener, openUdpSockets, type OpenRtpSockets, type RtpSockets } from "./udp-socket.ts";
