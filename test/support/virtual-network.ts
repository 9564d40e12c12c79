/**
 * A network without sockets over the virtual clock: datagrams are lost, delayed, doubled and overtaken as a seed decides.
 * SIP ends go through real bytes, so what cannot be written or read back shows.
 */
import type { Clock } from "../../src/kernel/index.ts";
import { formatMessage } from "../../src/sip/message/format-message.ts";
import type { SipMessage } from "../../src/sip/message/message.ts";
import { parseMessage } from "../../src/sip/message/parse-message.ts";
import { stampSource } from "../../src/sip/transport/address.ts";
import { isReliable, type MessageHandler, type MessageTap, type SipAddress, type SipTransport } from "../../src/sip/transport/transport.ts";

export type NetworkWeather = {
  readonly seed: number;
  /** Shares of datagrams, 0 to 1. */
  readonly loss?: number;
  readonly duplication?: number;
  /** Each datagram takes a time between these; when they differ, datagrams overtake each other. */
  readonly minDelayMs?: number;
  readonly maxDelayMs?: number;
};

export type DatagramSource = { readonly address: string; readonly port: number };
export type DatagramEnd = {
  send(bytes: Uint8Array, destination: DatagramSource): void;
  close(): void;
};

/** What passed a point where tests look: taken when it was sent, whether it arrived or not. */
export type SeenMessage = { readonly atMs: number; readonly from: string; readonly to: string; readonly message: SipMessage };

export class VirtualNetwork {
  readonly seen: SeenMessage[] = [];
  /** Set to drop a message by what it is: return true to lose it. */
  lose: ((message: SipMessage, from: string) => boolean) | undefined;
  /** Set to be told of each SIP message that arrives at an address, and of each that leaves one. */
  watch: { arrived(message: SipMessage, at: string): void; left(message: SipMessage, from: string): void } | undefined;
  readonly #clock: Clock;
  readonly #weather: Required<NetworkWeather>;
  readonly #random: () => number;
  readonly #ends = new Map<string, (bytes: Uint8Array, source: DatagramSource) => void>();

  constructor(clock: Clock, weather: NetworkWeather) {
    this.#clock = clock;
    this.#weather = { loss: 0, duplication: 0, minDelayMs: 1, maxDelayMs: weather.minDelayMs ?? 1, ...weather };
    this.#random = generator(weather.seed);
  }

  /** A plain datagram socket, for RTP. */
  openDatagrams(local: DatagramSource, receive: (bytes: Uint8Array, source: DatagramSource) => void): DatagramEnd {
    const name = nameOf(local);
    if (this.#ends.has(name)) throw new Error(`${name} is in use`);
    this.#ends.set(name, receive);
    return {
      send: (bytes, destination) => this.#carry(bytes, local, destination),
      close: () => void this.#ends.delete(name),
    };
  }

  /** A SIP transport that claims `protocol` at that address. Nothing is lost over tcp; what has no receiver fails. */
  openSip(local: SipAddress): SipTransport {
    const reliable = isReliable(local.protocol);
    let handler: MessageHandler | undefined;
    let tap: MessageTap | undefined;
    const end = this.openDatagrams(local, (bytes, source) => {
      const parsed = parseMessage(bytes);
      if (!parsed.ok) throw new Error(`unreadable SIP message: ${parsed.reason}\n${Buffer.from(bytes).toString()}`);
      const from: SipAddress = { protocol: local.protocol, ...source };
      if (parsed.value.kind === "request") stampSource(parsed.value, from);
      tap?.("received", bytes, from, parsed.value);
      this.watch?.arrived(parsed.value, local.address);
      handler?.(parsed.value, from);
    });
    const sendBytes: SipTransport["sendBytes"] = (bytes, destination, failed) => {
      tap?.("sent", bytes, destination, undefined);
      const parsed = parseMessage(bytes);
      if (!parsed.ok) throw new Error(`wrote an unreadable SIP message: ${parsed.reason}\n${Buffer.from(bytes).toString()}`);
      const [from, to] = [nameOf(local), nameOf(destination)];
      this.watch?.left(parsed.value, local.address);
      this.seen.push({ atMs: this.#clock.now(), from, to, message: parsed.value });
      if (reliable && !this.#ends.has(to)) this.#clock.after(0, () => failed?.("connection refused"));
      else if (this.lose?.(parsed.value, from) !== true) this.#carry(bytes, local, destination, reliable);
    };
    return {
      send: (message, destination, failed) => sendBytes(formatMessage(message), destination, failed),
      sendBytes,
      sentBy: () => ({ host: local.address, port: local.port }),
      onMessage: (receive) => {
        handler = receive;
      },
      tap: (see) => void (tap = see),
      close: async () => end.close(),
    };
  }

  #carry(bytes: Uint8Array, source: DatagramSource, destination: DatagramSource, reliable = false): void {
    const { loss, duplication, minDelayMs, maxDelayMs } = this.#weather;
    if (!reliable && this.#random() < loss) return;
    const copies = !reliable && this.#random() < duplication ? 2 : 1;
    // The sender may use its buffer again.
    const kept = Uint8Array.from(bytes);
    for (let copy = 0; copy < copies; copy++) {
      // Whole milliseconds, as real clocks have them: nonces are made of them.
      const delayMs = reliable ? maxDelayMs : Math.round(minDelayMs + this.#random() * (maxDelayMs - minDelayMs));
      this.#clock.after(delayMs, () => this.#ends.get(nameOf(destination))?.(kept, source));
    }
  }
}

function nameOf({ address, port }: DatagramSource): string {
  return `${address}:${port}`;
}

/** Mulberry32: small, and the same everywhere. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
