export type DatagramListener = {
  /** `bytes` hold until it returns. They came `waitedMs` ago, now when that is left out. */
  rtp(bytes: Uint8Array, address: string, port: number, waitedMs?: number): void;
  rtcp(bytes: Uint8Array, address: string, port: number, waitedMs?: number): void;
};

/** The two sockets of one media endpoint. Sending never fails: UDP promises nothing, and what ICMP says is no news to RTP. */
export type RtpSockets = {
  /** Where RTP goes from now on. With `isOnlyPeer`, what comes from elsewhere may be dropped unseen: the socket is connected, and sending costs 15 % less. */
  aim(address: string, port: number, isOnlyPeer: boolean): void;
  /** To where `aim` says. The kernel has taken `bytes` when this returns: the buffer may be used again. Does nothing after `close`. */
  sendRtp(bytes: Uint8Array): void;
  sendRtcp(bytes: Uint8Array, address: string, port: number): void;
  /** Frees the ports at once; nothing is delivered any more. Again does nothing. */
  close(): void;
};

/** Binds RTP to `port` and RTCP to the next. Undefined when one of them is taken. `address` is numeric. */
export type OpenRtpSockets = (address: string, port: number, listener: DatagramListener) => RtpSockets | undefined;

/** The one door between the media of a thread and its sockets. */
export type RtpNetwork = {
  readonly openSockets: OpenRtpSockets;
  /** `sendRtp` for each of the first `count` packets, each by the sockets at its place: all that one slot says. */
  sendBatch(sockets: readonly RtpSockets[], packets: readonly Uint8Array[], count: number): void;
  /** Hands on what has come, all in one go. Absent where that is done as it comes. */
  poll?(): void;
};

/** Where a batch gains nothing over its packets one by one. */
export const sendEach: RtpNetwork["sendBatch"] = (sockets, packets, count) => {
  for (let index = 0; index < count; index++) {
    const packet = packets[index];
    if (packet !== undefined) sockets[index]?.sendRtp(packet);
  }
};
