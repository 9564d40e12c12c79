import type { ReceivedRtpHeader } from "./packet.ts";
import { sequenceDistance } from "./sequence.ts";

/** A second of 20 ms packets and more, or 640 ms of 10 ms packets. */
const slotsAtMost = 64;
const slotsAtFirst = 8;
/** Room in a slot grows in these steps: 20 ms of G.711 or G.722. */
const slotStepBytes = 160;
/** 20 ms of L16 at 48 kHz and some more; nothing else comes near it. */
export const longestPayloadBytes = 2048;
const none = -1;

// What is known of a slot lies in `fields`, so many numbers each.
const stride = 5;
const timestampField = 0;
const numberField = 1;
const kindField = 2;
const lengthField = 3;
const afterField = 4;

/** Where a packet's payload lies. Its bytes hold until the next packet is put in. */
export type PacketView = {
  readonly payloadType: number;
  readonly marker: boolean;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
};
type Filled<View> = { -readonly [Name in keyof View]: View[Name] };

/**
 * Payloads in the order of their timestamps, then of their sequence numbers. They are copied into slots of one array that grows to what is needed and then
 * stays: 1.5 kB for a G.711 stream, nothing allocated per packet. The packets of a slot form a list, since one that comes is nearly always the last.
 */
export class PacketQueue {
  #slots = 0;
  #slotBytes = 0;
  #bytes = new Uint8Array(0);
  #fields = new Int32Array(0);
  #first = none;
  #last = none;
  #free = none;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Of the first packet; 0 when there is none. */
  get timestamp(): number {
    return this.#field(this.#first, timestampField) >>> 0;
  }

  /** Of the first packet; 0 when there is none. */
  get sequenceNumber(): number {
    return this.#field(this.#first, numberField);
  }

  /** Copies a payload of at most 1,500 bytes. When all slots are taken the first packet leaves, and it returns false. */
  put(header: ReceivedRtpHeader, bytes: Uint8Array): boolean {
    const length = header.payloadEnd - header.payloadStart;
    if (length > this.#slotBytes) this.#grow(this.#slots, Math.ceil(length / slotStepBytes) * slotStepBytes);
    const isFull = this.#count === slotsAtMost;
    if (isFull) this.remove();
    if (this.#free === none) this.#grow(Math.max(slotsAtFirst, this.#slots * 2), this.#slotBytes);
    const slot = this.#free;
    this.#free = this.#field(slot, afterField);
    const at = slot * stride;
    this.#fields[at + timestampField] = header.timestamp;
    this.#fields[at + numberField] = header.sequenceNumber;
    this.#fields[at + kindField] = (header.marker ? 0x80 : 0) | header.payloadType;
    this.#fields[at + lengthField] = length;
    const target = this.#bytes;
    const from = slot * this.#slotBytes;
    const { payloadStart } = header;
    for (let index = 0; index < length; index++) target[from + index] = bytes[payloadStart + index] ?? 0;
    this.#link(slot, header);
    return !isFull;
  }

  /** Tells of the first packet. Only when there is one. */
  view(into: Filled<PacketView>): void {
    const kind = this.#field(this.#first, kindField);
    into.payloadType = kind & 0x7f;
    into.marker = kind >= 0x80;
    into.bytes = this.#bytes;
    into.start = this.#first * this.#slotBytes;
    into.end = into.start + this.#field(this.#first, lengthField);
  }

  /** The first packet leaves. */
  remove(): void {
    const slot = this.#first;
    if (slot === none) return;
    this.#first = this.#field(slot, afterField);
    if (this.#first === none) this.#last = none;
    this.#fields[slot * stride + afterField] = this.#free;
    this.#free = slot;
    this.#count -= 1;
  }

  clear(): void {
    while (this.#count > 0) this.remove();
  }

  #field(slot: number, field: number): number {
    return this.#fields[slot * stride + field] ?? 0;
  }

  #link(slot: number, { timestamp, sequenceNumber }: ReceivedRtpHeader): void {
    this.#count += 1;
    let before = this.#last;
    if (before !== none && !this.#isBefore(before, timestamp, sequenceNumber)) {
      before = none;
      for (let next = this.#first; next !== none && this.#isBefore(next, timestamp, sequenceNumber); next = this.#field(next, afterField))
        before = next;
    }
    const after = before === none ? this.#first : this.#field(before, afterField);
    this.#fields[slot * stride + afterField] = after;
    if (before === none) this.#first = slot;
    else this.#fields[before * stride + afterField] = slot;
    if (after === none) this.#last = slot;
  }

  #isBefore(slot: number, timestamp: number, sequenceNumber: number): boolean {
    const ahead = (timestamp - this.#field(slot, timestampField)) | 0;
    return ahead > 0 || (ahead === 0 && sequenceDistance(this.#field(slot, numberField), sequenceNumber) >= 0);
  }

  /** To so many slots of so many bytes. */
  #grow(slots: number, slotBytes: number): void {
    const bytes = new Uint8Array(slots * slotBytes);
    for (let slot = 0; slot < this.#slots; slot++) {
      bytes.set(this.#bytes.subarray(slot * this.#slotBytes, (slot + 1) * this.#slotBytes), slot * slotBytes);
    }
    this.#bytes = bytes;
    this.#slotBytes = slotBytes;
    if (slots === this.#slots) return;
    const fields = new Int32Array(slots * stride);
    fields.set(this.#fields);
    for (let slot = this.#slots; slot < slots; slot++) {
      fields[slot * stride + afterField] = this.#free;
      this.#free = slot;
    }
    this.#fields = fields;
    this.#slots = slots;
  }
}
