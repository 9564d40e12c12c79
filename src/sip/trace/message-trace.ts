/**
 * Every message of a transport, in two rings that share the memory: one for calls, one for all else. What strangers send, however
 * much, pushes out only what others sent that no call came of: a Call-ID enters the ring of calls by what *we* send (a request inside
 * or for a call, a 1xx above 100 or a 2xx to one), and what came before it moves along.
 *
 * Recording costs 1.4 µs a message of 435 bytes on a 2-core VM that is busy with other work (`npm run bench -- trace`): most of it is memory
 * that no cache holds.
 */
import type { Clock } from "../../kernel/index.ts";
import { asBuffer } from "../message/parse-message.ts";
import type { SipMessage } from "../message/message.ts";
import type { SipAddress, SipTransport } from "../transport/transport.ts";
import { hashOf, MessageRing, type RingCounters } from "./message-ring.ts";
import type { Direction, TracedMessage } from "./traced-message.ts";

const mebibyte = 1024 * 1024;
/** Holds any datagram, so that a small memory still has several. */
const leastSlabBytes = 256 * 1024;
const othersShare = 16;
/** As many as messages of 1 kB fit into 64 MiB: chains stay short. */
const buckets = 65_536;
const othersBuckets = 4096;

/** Requests that strangers send outside of calls; inside a dialog they follow what is known of their Call-ID. */
const outsideOfCalls: ReadonlySet<string> = new Set(["REGISTER", "OPTIONS", "SUBSCRIBE", "NOTIFY", "PUBLISH", "MESSAGE"]);

export type MessageTraceOptions = {
  readonly clock: Clock;
  /** For both rings; at least 4 MiB. Taken from the system as it is needed. */
  readonly memoryBytes: number;
};

export class MessageTrace {
  readonly #clock: Clock;
  readonly #calls: MessageRing;
  readonly #others: MessageRing;
  #order = 0;
  #unnamed = 0;

  constructor({ clock, memoryBytes }: MessageTraceOptions) {
    this.#clock = clock;
    const slabBytes = Math.max(leastSlabBytes, Math.min(mebibyte, Math.floor(memoryBytes / 64)));
    const slabs = Math.floor(memoryBytes / slabBytes);
    const others = Math.max(2, Math.floor(slabs / othersShare));
    this.#calls = new MessageRing({ slabs: slabs - others, slabBytes, buckets });
    this.#others = new MessageRing({ slabs: others, slabBytes, buckets: othersBuckets });
  }

  /** Both rings, for who follows what is recorded. */
  get rings(): readonly MessageRing[] {
    return [this.#calls, this.#others];
  }

  get heldBytes(): number {
    return this.#calls.bytes + this.#others.bytes;
  }

  /** Of calls; `dropped` is of all. */
  get counters(): Readonly<RingCounters> {
    return { ...this.#calls.counters, dropped: this.#calls.counters.dropped + this.#others.counters.dropped + this.#unnamed };
  }

  /** Records what this transport sends and receives from now on. */
  attach(transport: SipTransport): void {
    transport.tap((direction, bytes, peer, message) => {
      const { host, port } = transport.sentBy(peer);
      this.#record(direction, bytes, peer, { address: host, port }, message);
    });
  }

  /** What is remembered of a Call-ID, oldest first, not redacted. */
  find(callId: string): readonly TracedMessage[] {
    const key = keyOf(callId);
    return [...this.#others.find(key), ...this.#calls.find(key)].toSorted((a, b) => a.order - b.order);
  }

  #record(direction: Direction, bytes: Uint8Array, peer: SipAddress, local: TracedMessage["local"], message: SipMessage | undefined): void {
    const callId = message === undefined ? fieldIn(asBuffer(bytes), "Call-ID") : keyOf(message.headers.get("Call-ID") ?? "");
    if (callId === "") {
      this.#unnamed++;
      return;
    }
    const hash = hashOf(callId);
    const isKnown = this.#calls.has(callId, hash);
    const isOfCall = isKnown || (direction === "sent" && makesCall(asBuffer(bytes)));
    if (isOfCall && !isKnown) this.#others.moveTo(this.#calls, callId);
    const ring = isOfCall ? this.#calls : this.#others;
    const { protocol } = peer;
    ring.append({ order: ++this.#order, at: this.#clock.now(), direction, protocol, local, remote: peer, callId, bytes }, false, hash);
  }
}

/** A request that we send for a call, or an answer of ours that makes one. */
function makesCall(bytes: Buffer): boolean {
  const start = bytes.toString("latin1", 0, "SIP/2.0 100".length);
  if (start.startsWith("SIP/2.0 ") && (start === "SIP/2.0 100" || start > "SIP/2.0 3")) return false;
  const cseq = fieldIn(bytes, "CSeq");
  return !outsideOfCalls.has(cseq.slice(cseq.lastIndexOf(" ") + 1));
}

/** One character a byte. A Call-ID is ASCII (RFC 3261 §25.1: word), but it may be anybody's. */
function keyOf(callId: string): string {
  for (let index = 0; index < callId.length; index++) if (callId.charCodeAt(index) > 0x7f) return Buffer.from(callId).toString("latin1");
  return callId;
}

/** A field of a message that we wrote ourselves, so its name is spelled in one way; empty when it has none. */
function fieldIn(bytes: Buffer, name: "Call-ID" | "CSeq"): string {
  const label = `\r\n${name}: `;
  const start = bytes.indexOf(label, 0, "latin1");
  return start < 0 ? "" : bytes.toString("latin1", start + label.length, bytes.indexOf("\r", start + label.length));
}
