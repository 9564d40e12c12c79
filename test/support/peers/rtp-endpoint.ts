import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { decodeALaw, decodeMuLaw, encodeMuLaw } from "../audio/g711.ts";
import { freePortRange } from "../free-ports.ts";
import { eventually } from "../waiting.ts";

export type ReceivedPacket = {
  readonly arrivalMs: number;
  readonly marker: boolean;
  readonly payloadType: number;
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly payload: Uint8Array;
};

/** One voice in an RTP session: payload type, and name with clock rate and channels as in rtpmap. */
export type RtpVoice = { readonly payloadType: number; readonly rtpmap: string };

const pcmu = 0;
const pcma = 8;
/** The telephone-event payload type that the SIPp scenarios offer. */
const telephoneEventType = 101;
const frameSamples = 160;
const frameMs = 20;
const keypad = "0123456789*#ABCD";

/**
 * The media of a scripted far end: a socket that keeps every RTP packet it got and sends mu-law and RFC 4733 digits on a fixed 20 ms grid. It sends
 * to where the first packet came from. Written apart from the server's RTP code.
 */
export class RtpEndpoint implements AsyncDisposable {
  readonly port: number;
  readonly packets: ReceivedPacket[] = [];
  readonly #socket: Socket;
  readonly #sending = new AbortController();
  readonly #queue: ((timestamp: number) => readonly Uint8Array[])[] = [];
  #peer: { readonly address: string; readonly port: number } | undefined;
  #sequenceNumber = 7_000;
  #sent: Promise<void> = Promise.resolve();

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on("message", (bytes, from) => {
      this.#receive(bytes);
      if (this.#peer === undefined) {
        this.#peer = { address: from.address, port: from.port };
        this.#sent = this.#sendFrames(this.#peer);
      }
    });
  }

  static async open(): Promise<RtpEndpoint> {
    const socket = createSocket("udp4");
    socket.bind(await freePortRange(2), "127.0.0.1");
    await once(socket, "listening");
    return new RtpEndpoint(socket);
  }

  /** What was heard in these packets, all when not given: the G.711 of the stream that has most of them, laid out by timestamp; loss is silence. 8 kHz. */
  heard(packets: readonly ReceivedPacket[] = this.packets): Int16Array {
    const streams = Map.groupBy(
      packets.filter((packet) => packet.payloadType === pcmu || packet.payloadType === pcma),
      (packet) => packet.ssrc,
    );
    const [audio = []] = [...streams.values()].toSorted((a, b) => b.length - a.length);
    const first = audio[0];
    if (first === undefined) return new Int16Array();
    const offsets = audio.map((packet) => (packet.timestamp - first.timestamp) | 0);
    const samples = new Int16Array(Math.max(...audio.map(({ payload }, index) => (offsets[index] ?? 0) + payload.length)));
    audio.forEach((packet, index) => {
      const decode = packet.payloadType === pcmu ? decodeMuLaw : decodeALaw;
      const offset = offsets[index] ?? 0;
      if (offset >= 0) samples.set(Int16Array.from(packet.payload, decode), offset);
    });
    return samples;
  }

  /** The digits received as RFC 4733 events, one for each timestamp of which an end was seen. */
  digits(): string {
    const ended = new Map<number, string>();
    for (const { payloadType, payload, timestamp } of this.packets) {
      const isEnd = ((payload[1] ?? 0) & 0x80) !== 0;
      if (payloadType === telephoneEventType && isEnd) ended.set(timestamp, keypad[payload[0] ?? 0] ?? "?");
    }
    return [...ended.values()].join("");
  }

  async waitForPackets(count: number, timeoutMs = 10_000): Promise<void> {
    await eventually(`${count} RTP packets (${this.packets.length} came)`, () => this.packets.length >= count, timeoutMs);
  }

  /** Says these 8 kHz samples, in turn with what was asked before. */
  play(samples: Int16Array): void {
    for (let at = 0; at < samples.length; at += frameSamples) {
      this.send(Uint8Array.from({ length: frameSamples }, (_, index) => encodeMuLaw(samples[at + index] ?? 0)));
    }
  }

  /** Sends a payload of PCMU as it is, in turn. */
  send(payload: Uint8Array): void {
    this.#queue.push((timestamp) => [this.#packet(pcmu, timestamp, false, payload)]);
  }

  /** Presses digits: each 100 ms long, its end sent three times (RFC 4733 §2.5.1.4), 100 ms apart. */
  press(digits: string): void {
    for (const digit of digits) {
      const event = keypad.indexOf(digit);
      if (event < 0) throw new Error(`no such key: ${digit}`);
      const frames = 5;
      let begin = 0;
      for (let frame = 1; frame <= frames; frame++) {
        this.#queue.push((timestamp) => {
          if (frame === 1) begin = timestamp;
          const isLast = frame === frames;
          const duration = frame * frameSamples;
          const payload = Uint8Array.of(event, (isLast ? 0x80 : 0) | 10, duration >> 8, duration & 0xff);
          return Array.from({ length: isLast ? 3 : 1 }, () => this.#packet(telephoneEventType, begin, frame === 1, payload));
        });
      }
      this.play(new Int16Array(frameSamples * 5));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#sending.abort();
    await this.#sent;
    const closed = once(this.#socket, "close");
    this.#socket.close();
    await closed;
  }

  async #sendFrames(peer: { readonly address: string; readonly port: number }): Promise<void> {
    const silence = new Uint8Array(frameSamples).fill(0xff);
    const startMs = performance.now();
    for (let frame = 0; ; frame++) {
      const wait = startMs + frame * frameMs - performance.now();
      const isOver = await delay(Math.max(0, wait), false, { signal: this.#sending.signal }).catch(() => true);
      if (isOver) return;
      const timestamp = 40_000 + frame * frameSamples;
      const packets = this.#queue.shift()?.(timestamp) ?? [this.#packet(pcmu, timestamp, frame === 0, silence)];
      for (const packet of packets) this.#socket.send(packet, peer.port, peer.address);
    }
  }

  //  0                   1                   2                   3
  //  |V=2|P|X|  CC   |M|     PT      |       sequence number         |
  //  |                           timestamp                           |
  //  |           synchronization source (SSRC) identifier            |   RFC 3550 §5.1
  #packet(payloadType: number, timestamp: number, marker: boolean, payload: Uint8Array): Uint8Array {
    const bytes = Buffer.alloc(12 + payload.length);
    bytes[0] = 0x80;
    bytes[1] = (marker ? 0x80 : 0) | payloadType;
    bytes.writeUInt16BE(this.#sequenceNumber++ & 0xffff, 2);
    bytes.writeUInt32BE(timestamp >>> 0, 4);
    bytes.writeUInt32BE(0x5e_ed_00_01, 8);
    bytes.set(payload, 12);
    return bytes;
  }

  #receive(bytes: Buffer): void {
    const arrivalMs = performance.now();
    if (bytes.length < 12 || (bytes.readUInt8(0) & 0xc0) !== 0x80) return;
    const second = bytes.readUInt8(1);
    // RTCP sent to the RTP port (RFC 5761 §4): its types 192 to 223 are no payload types.
    if (second >= 192 && second <= 223) return;
    const header = 12 + (bytes.readUInt8(0) & 0x0f) * 4;
    this.packets.push({
      arrivalMs,
      marker: (second & 0x80) !== 0,
      payloadType: second & 0x7f,
      sequenceNumber: bytes.readUInt16BE(2),
      timestamp: bytes.readUInt32BE(4),
      ssrc: bytes.readUInt32BE(8),
      payload: Uint8Array.from(bytes.subarray(header)),
    });
  }
}
