import { type DatagramMemory, socketAddressBytes } from "./datagram-memory.ts";
import type { Libc } from "./libc.ts";
import type { DatagramListener, RtpSockets } from "./rtp-network.ts";
import { Sender, writeSocketAddress } from "./socket-address.ts";

type Take = DatagramListener["rtp"];

/** One socket of the system that is read when it is told to be. */
export class PolledSocket {
  readonly fd: number;
  readonly #libc: Libc;
  readonly #memory: DatagramMemory;
  readonly #take: Take;
  readonly #sender = new Sender();
  readonly #target = Buffer.allocUnsafe(socketAddressBytes);
  #targetLength = 0;
  #isConnected = false;
  #aim = { address: "", port: 0, isOnlyPeer: false };
  #isClosed = false;

  constructor(libc: Libc, memory: DatagramMemory, fd: number, take: Take) {
    this.#libc = libc;
    this.#memory = memory;
    this.fd = fd;
    this.#take = take;
  }

  receive(): void {
    const memory = this.#memory;
    memory.expect();
    const length = this.#libc.recvmsg(this.fd, memory.pointers.incoming, 0);
    // None after all, or word that one of ours could not be delivered.
    if (length < 0) return;
    const sender = this.#sender;
    sender.read(memory.name);
    this.#take(memory.datagram.subarray(0, length), sender.address, sender.port, memory.waitedMs);
  }

  /** Where packets go from now on, as `RtpSockets.aim` has it. */
  aim(address: string, port: number, isOnlyPeer: boolean): void {
    const aim = this.#aim;
    if (this.#isClosed || (aim.isOnlyPeer === isOnlyPeer && aim.port === port && aim.address === address)) return;
    this.#aim = { address, port, isOnlyPeer };
    const libc = this.#libc;
    const target = this.#target;
    // To no family: the one peer is forgotten.
    if (this.#isConnected) libc.connect(this.fd, target.fill(0), socketAddressBytes);
    this.#targetLength = writeSocketAddress(libc, target, address, port);
    this.#isConnected = isOnlyPeer && this.#targetLength > 0 && libc.connect(this.fd, target, this.#targetLength) === 0;
  }

  send(bytes: Uint8Array): void {
    const memory = this.#memory;
    if (this.#targetLength === 0) return;
    memory.fill(bytes);
    if (this.#isConnected) {
      this.#libc.write(this.fd, memory.pointers.bytes, bytes.length);
      return;
    }
    memory.aim(this.#target, this.#targetLength);
    this.#libc.sendmsg(this.fd, memory.pointers.outgoing, 0);
  }

  /** Nothing is sent any more: the descriptor may be another's soon. False when that was so. */
  close(): boolean {
    const wasOpen = !this.#isClosed;
    this.#isClosed = true;
    this.#targetLength = 0;
    return wasOpen;
  }
}

/** RTP and RTCP of one endpoint. */
export class PolledSockets implements RtpSockets {
  readonly #rtp: PolledSocket;
  readonly #rtcp: PolledSocket;
  readonly #closeSocket: (socket: PolledSocket) => void;

  constructor(rtp: PolledSocket, rtcp: PolledSocket, closeSocket: (socket: PolledSocket) => void) {
    this.#rtp = rtp;
    this.#rtcp = rtcp;
    this.#closeSocket = closeSocket;
  }

  aim(address: string, port: number, isOnlyPeer: boolean): void {
    this.#rtp.aim(address, port, isOnlyPeer);
  }

  sendRtp(bytes: Uint8Array): void {
    this.#rtp.send(bytes);
  }

  sendRtcp(bytes: Uint8Array, address: string, port: number): void {
    this.#rtcp.aim(address, port, false);
    this.#rtcp.send(bytes);
  }

  close(): void {
    this.#closeSocket(this.#rtp);
    this.#closeSocket(this.#rtcp);
  }
}
