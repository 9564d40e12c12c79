/**
 * Messages in a fixed amount of memory: the newest push the oldest out. Slabs are made when they are first needed and then used again
 * and again; all that a slab held is forgotten at once when it is used again, so a record is there whole or not at all.
 *
 * A record, little-endian, at a multiple of 8; no record lies across two slabs:
 *
 *      0  f64  position of the record before it in its bucket, -1 when there is none
 *      8  f64  order
 *     16  f64  epoch milliseconds
 *     24  u32  bytes of the message
 *     28  u16  bytes of the Call-ID
 *     30  u8   bytes of the local address
 *     31  u8   bytes of the remote address
 *     32  u16  local port
 *     34  u16  remote port
 *     36  u8   protocol, by its place in `sipProtocols`
 *     37  u8   1: received; 2: moved to another ring; 4: came from another ring
 *     38  u16  upper half of the hash of the Call-ID
 *     40       local address, remote address, Call-ID, message
 *
 * A position counts the bytes of all slabs there ever were. The index is one position for each of a fixed number of buckets, the newest
 * record whose Call-ID falls into it: chains lead from there to older ones and end at the first that is forgotten. It needs no upkeep
 * when records go.
 */
import { type SipProtocol, sipProtocols } from "../transport/transport.ts";
import type { Direction, TracedMessage } from "./traced-message.ts";

const headBytes = 40;
const received = 1;
const moved = 2;
const adopted = 4;
const none = -1;

export type RingSize = { readonly slabs: number; readonly slabBytes: number /** A power of two. */; readonly buckets: number };

export type RingCounters = {
  /** Messages ever taken. */
  recorded: number;
  /** Of these, those that newer ones pushed out. */
  forgotten: number;
  /** Messages too large to be taken. */
  dropped: number;
};

/** A message with the place after it, and whether it came from another ring. */
export type RingEntry = { readonly message: TracedMessage; readonly next: number; readonly isAdopted: boolean };

type Slab = { readonly bytes: Buffer; readonly view: DataView; end: number; records: number };

export class MessageRing {
  readonly counters: RingCounters = { recorded: 0, forgotten: 0, dropped: 0 };
  readonly #size: RingSize;
  readonly #slabs: Slab[] = [];
  readonly #heads: Float64Array;
  /** The number of the slab that is being filled, of all there ever were. */
  #number = 0;
  #slab: Slab;

  /** `slabs` is at least 2. */
  constructor(size: RingSize) {
    this.#size = size;
    this.#heads = new Float64Array(size.buckets).fill(none);
    this.#slab = this.#enter(0);
  }

  /** Memory that is held now. */
  get bytes(): number {
    return this.#slabs.length * this.#size.slabBytes;
  }

  /** `callId` has characters below 256 only. `bytes` are copied. */
  append(message: Omit<TracedMessage, "bytes"> & { readonly bytes: Uint8Array }, isAdopted = false, hash = hashOf(message.callId)): void {
    const { callId, bytes, local, remote } = message;
    const callIdAt = headBytes + local.address.length + remote.address.length;
    const bytesAt = callIdAt + callId.length;
    const length = bytesAt + bytes.length;
    if (length > this.#size.slabBytes || callId.length > 0xffff || local.address.length > 0xff || remote.address.length > 0xff) {
      this.counters.dropped++;
      return;
    }
    if (this.#slab.end + length > this.#size.slabBytes) this.#slab = this.#enter(this.#number + 1);
    const slab = this.#slab;
    const at = slab.end;
    const bucket = hash & (this.#size.buckets - 1);
    const { view } = slab;
    view.setFloat64(at, this.#heads[bucket] ?? none, true);
    view.setFloat64(at + 8, message.order, true);
    view.setFloat64(at + 16, message.at, true);
    view.setUint32(at + 24, bytes.length, true);
    view.setUint16(at + 28, callId.length, true);
    view.setUint8(at + 30, local.address.length);
    view.setUint8(at + 31, remote.address.length);
    view.setUint16(at + 32, local.port, true);
    view.setUint16(at + 34, remote.port, true);
    view.setUint8(at + 36, sipProtocols.indexOf(message.protocol));
    view.setUint8(at + 37, (message.direction === "received" ? received : 0) | (isAdopted ? adopted : 0));
    view.setUint16(at + 38, hash >>> 16, true);
    // Faster than write() for texts this short.
    put(slab.bytes, at + headBytes, local.address);
    put(slab.bytes, at + headBytes + local.address.length, remote.address);
    put(slab.bytes, at + callIdAt, callId);
    slab.bytes.set(bytes, at + bytesAt);
    this.#heads[bucket] = this.#number * this.#size.slabBytes + at;
    slab.end = (at + length + 7) & ~7;
    slab.records++;
    this.counters.recorded++;
  }

  has(callId: string, hash = hashOf(callId)): boolean {
    return !this.#visit(callId, hash, isFound);
  }

  /** Copies of what is left of a Call-ID, oldest first, without what was moved to another ring. */
  find(callId: string): TracedMessage[] {
    const found: TracedMessage[] = [];
    this.#visit(callId, hashOf(callId), (slab, at) => {
      if ((slab.view.getUint8(at + 37) & moved) === 0) found.push(read(slab, at));
      return true;
    });
    return found.toReversed();
  }

  /** What is here of a Call-ID lives on in `other`, for as long as that remembers. */
  moveTo(other: MessageRing, callId: string): void {
    for (const message of this.find(callId)) other.append(message, true);
    this.#visit(callId, hashOf(callId), (slab, at) => {
      slab.view.setUint8(at + 37, slab.view.getUint8(at + 37) | moved);
      return true;
    });
  }

  /** The first message at `position` (0, or `next` of the one before) or after it; undefined while there is none. What is forgotten is left out. */
  after(position: number): RingEntry | undefined {
    const { slabBytes } = this.#size;
    let at = Math.max(position, this.#oldest * slabBytes);
    for (;;) {
      const number = Math.floor(at / slabBytes);
      const slab = this.#slabAt(number);
      if (slab === undefined) return undefined;
      const offset = at - number * slabBytes;
      if (offset < slab.end) {
        const message = read(slab, offset);
        const length = headBytes + lengthOf(slab.view, offset) + message.bytes.length;
        return { message, next: at + ((length + 7) & ~7), isAdopted: (slab.view.getUint8(offset + 37) & adopted) !== 0 };
      }
      if (number === this.#number) return undefined;
      at = (number + 1) * slabBytes;
    }
  }

  get #oldest(): number {
    return Math.max(0, this.#number - this.#size.slabs + 1);
  }

  #slabAt(number: number): Slab | undefined {
    return number < this.#oldest || number > this.#number ? undefined : this.#slabs[number % this.#size.slabs];
  }

  /** Newest first, until `each` returns false; true when it never did. */
  #visit(callId: string, hash: number, each: (slab: Slab, at: number) => boolean): boolean {
    const { slabBytes } = this.#size;
    let position = this.#heads[hash & (this.#size.buckets - 1)] ?? none;
    while (position >= 0) {
      const number = Math.floor(position / slabBytes);
      const slab = this.#slabAt(number);
      if (slab === undefined) return true;
      const at = position - number * slabBytes;
      if (isOf(slab, at, callId, hash) && !each(slab, at)) return false;
      position = slab.view.getFloat64(at, true);
    }
    return true;
  }

  #enter(number: number): Slab {
    const index = number % this.#size.slabs;
    const former = this.#slabs[index];
    this.#number = number;
    if (former !== undefined) {
      this.counters.forgotten += former.records;
      former.end = former.records = 0;
      return former;
    }
    const bytes = Buffer.allocUnsafeSlow(this.#size.slabBytes);
    const slab = { bytes, view: new DataView(bytes.buffer), end: 0, records: 0 };
    this.#slabs.push(slab);
    return slab;
  }
}

/** FNV-1a. The lower bits tell the bucket. */
export function hashOf(callId: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < callId.length; index++) hash = Math.imul(hash ^ callId.charCodeAt(index), 0x01000193);
  return hash ^ (hash >>> 15);
}

function put(bytes: Buffer, at: number, text: string): void {
  for (let index = 0; index < text.length; index++) bytes[at + index] = text.charCodeAt(index);
}

function isFound(): boolean {
  return false;
}

/** Of addresses and Call-ID. */
function lengthOf(view: DataView, at: number): number {
  return view.getUint8(at + 30) + view.getUint8(at + 31) + view.getUint16(at + 28, true);
}

/** Without making a string of what is there: most chains have other Call-IDs in them. */
function isOf({ bytes, view }: Slab, at: number, callId: string, hash: number): boolean {
  if (view.getUint16(at + 38, true) !== hash >>> 16 || view.getUint16(at + 28, true) !== callId.length) return false;
  const start = at + headBytes + view.getUint8(at + 30) + view.getUint8(at + 31);
  for (let index = 0; index < callId.length; index++) if (bytes[start + index] !== callId.charCodeAt(index)) return false;
  return true;
}

function read({ bytes, view }: Slab, at: number): TracedMessage {
  let end = at + headBytes;
  const take = (length: number) => bytes.subarray(end, (end += length));
  const localAddress = take(view.getUint8(at + 30)).toString("latin1");
  const remoteAddress = take(view.getUint8(at + 31)).toString("latin1");
  const callId = take(view.getUint16(at + 28, true)).toString("latin1");
  const direction: Direction = (view.getUint8(at + 37) & received) === 0 ? "sent" : "received";
  return {
    order: view.getFloat64(at + 8, true),
    at: view.getFloat64(at + 16, true),
    direction,
    protocol: sipProtocols[view.getUint8(at + 36)] as SipProtocol,
    local: { address: localAddress, port: view.getUint16(at + 32, true) },
    remote: { address: remoteAddress, port: view.getUint16(at + 34, true) },
    callId,
    bytes: Buffer.from(take(view.getUint32(at + 24, true))),
  };
}
