import { type RtpHeader, sequenceDistance } from "../../rtp/index.ts";
import type { EndpointPlan, SocketAddress } from "../plan.ts";

/** What to do with a packet: use it, wait for a second one, or drop and count it. */
type Verdict = "accepted" | "first" | "stranger";

type Candidate = { address: string; port: number; ssrc: number; sequenceNumber: number };

/** A peer that said it moves has this long to be silent at its old address before another may be believed. */
const silentMs = 3000;

/**
 * Symmetric RTP: where the peer of an endpoint really is. A packet reaches it only after its version and payload type were found right.
 *   open   → locked  the second of two packets in sequence from one source
 *   locked → locked  the source that SDP names speaks while we are locked to another, twice in sequence;
 *                    any source does, when SDP named a new address meanwhile and the locked one was silent for 3 s
 * A lock ends never; what others send is dropped. Until the first lock, and after SDP named a new address, we send to what signalling says.
 */
export class SourceLock {
  readonly #onLocked: (remote: SocketAddress) => void;
  #signalled: SocketAddress | undefined;
  #target: SocketAddress | undefined;
  #locked: SocketAddress | undefined;
  #heardAtMs = 0;
  /** True after SDP named another address, until the next lock. */
  #isMoving = false;
  /** The last packet from the signalled source, and from any other one, while it is not locked. */
  #fromSignalled: Candidate | undefined;
  #fromOther: Candidate | undefined;

  constructor(plan: EndpointPlan, onLocked: (remote: SocketAddress) => void) {
    this.#onLocked = onLocked;
    this.#locked = plan.lockedTo;
    this.update(plan);
    if (plan.lockedTo !== undefined) {
      this.#isMoving = false;
      this.#target = plan.lockedTo;
    }
  }

  /** Where to send; undefined while nobody said. */
  get target(): SocketAddress | undefined {
    return this.#target;
  }

  /** True while all but the target are strangers: until SDP names another address. */
  get isSettled(): boolean {
    const { address, port } = this.#locked ?? {};
    return !this.#isMoving && port !== undefined && port === this.#signalled?.port && address === this.#signalled.address;
  }

  update(plan: EndpointPlan): void {
    const { remote } = plan;
    if (remote === undefined || remote.port === 0 || (remote.address === this.#signalled?.address && remote.port === this.#signalled.port))
      return;
    this.#signalled = remote;
    this.#fromSignalled = undefined;
    const isLockedThere = this.#locked?.address === remote.address && this.#locked.port === remote.port;
    if (isLockedThere) return;
    this.#isMoving = true;
    this.#target = { address: plan.signalingAddress ?? remote.address, port: remote.port };
  }

  judge(address: string, port: number, header: RtpHeader, nowMs: number): Verdict {
    // Nothing can be sent there, and a socket that is asked to throws.
    if (port === 0) return "stranger";
    const locked = this.#locked;
    if (locked !== undefined && locked.port === port && locked.address === address) {
      this.#heardAtMs = nowMs;
      return "accepted";
    }
    const isSignalled = this.#signalled?.port === port && this.#signalled.address === address;
    if (locked !== undefined && !isSignalled && !(this.#isMoving && nowMs - this.#heardAtMs > silentMs)) return "stranger";
    const before = isSignalled ? this.#fromSignalled : this.#fromOther;
    if (before !== undefined && isNextOf(before, address, port, header)) {
      this.#lock({ address, port }, nowMs);
      return "accepted";
    }
    const candidate = { address, port, ssrc: header.ssrc, sequenceNumber: header.sequenceNumber };
    if (isSignalled) this.#fromSignalled = candidate;
    else this.#fromOther = candidate;
    return "first";
  }

  #lock(remote: SocketAddress, nowMs: number): void {
    this.#locked = remote;
    this.#target = remote;
    this.#heardAtMs = nowMs;
    this.#isMoving = false;
    this.#fromSignalled = undefined;
    this.#fromOther = undefined;
    this.#onLocked(remote);
  }
}

function isNextOf(before: Candidate, address: string, port: number, header: RtpHeader): boolean {
  return (
    before.port === port &&
    before.address === address &&
    before.ssrc === header.ssrc &&
    sequenceDistance(before.sequenceNumber, header.sequenceNumber) === 1
  );
}
