/**
 * Sends what is recorded to a capture server. It follows the rings a few times a second instead of standing in the way of messages; what
 * they forget before it comes by, and what its socket does not take, is dropped and counted.
 */
import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import type { Clock, Logger, Timer } from "../../kernel/index.ts";
import type { Locator } from "../location/locator.ts";
import { formatHep, type HepIdentity } from "./hep.ts";
import type { MessageRing } from "./message-ring.ts";
import { redacted } from "./redaction.ts";

export type HepExporterOptions = HepIdentity & {
  readonly host: string;
  readonly port: number;
  readonly rings: readonly MessageRing[];
  readonly locator: Pick<Locator, "locate">;
  readonly clock: Clock;
  readonly logger: Logger;
};

export type HepCounters = { sent: number; dropped: number };

const everyMs = 50;
const soonMs = 5;
/** Of each ring at one time: about 3 ms. */
const mostAtOnce = 200;
/** Packets that the socket has not taken yet. */
const mostUnderWay = 1000;

type Cursor = { readonly ring: MessageRing; position: number /** Messages before `position`. */; passed: number };

export class HepExporter {
  readonly counters: HepCounters = { sent: 0, dropped: 0 };
  readonly #options: HepExporterOptions;
  readonly #cursors: readonly Cursor[];
  #socket: { readonly socket: Socket; readonly isV6: boolean } | undefined;
  #underWay = 0;
  #timer: Timer;
  #isClosed = false;

  constructor(options: HepExporterOptions) {
    this.#options = options;
    this.#cursors = options.rings.map((ring) => ({ ring, position: 0, passed: 0 }));
    this.#timer = this.#arm(everyMs);
  }

  close(): void {
    this.#isClosed = true;
    this.#timer.cancel();
    this.#socket?.socket.close();
  }

  #arm(delayMs: number): Timer {
    return this.#options.clock.after(delayMs, () => this.#step());
  }

  #step(): void {
    const { locator, host, port } = this.#options;
    // It remembers for as long as the name server says.
    locator.locate({ host, port, protocol: "udp" }, (located) => {
      if (this.#isClosed) return;
      const address = located.ok ? located.addresses[0].address : undefined;
      const isBehind = this.#cursors.map((cursor) => this.#follow(cursor, address)).includes(true);
      this.#timer = this.#arm(isBehind ? soonMs : everyMs);
    });
  }

  /** True when there is more. */
  #follow(cursor: Cursor, address: string | undefined): boolean {
    const { ring } = cursor;
    const { forgotten } = ring.counters;
    if (cursor.passed < forgotten) {
      this.counters.dropped += forgotten - cursor.passed;
      cursor.passed = forgotten;
    }
    for (let count = 0; count < mostAtOnce; count++) {
      const entry = ring.after(cursor.position);
      if (entry === undefined) return false;
      cursor.position = entry.next;
      cursor.passed++;
      // It was sent when it was first recorded.
      if (entry.isAdopted) continue;
      const packet = formatHep({ ...entry.message, bytes: redacted(entry.message.bytes) }, this.#options);
      if (packet === undefined || address === undefined || this.#underWay >= mostUnderWay) this.counters.dropped++;
      else this.#send(packet, address);
    }
    return true;
  }

  #send(packet: Buffer, address: string): void {
    this.#underWay++;
    this.#socketFor(isIPv6(address)).send(packet, this.#options.port, address, (error) => {
      this.#underWay--;
      if (error === null) this.counters.sent++;
      else this.counters.dropped++;
    });
  }

  #socketFor(isV6: boolean): Socket {
    if (this.#socket?.isV6 === isV6) return this.#socket.socket;
    this.#socket?.socket.close();
    // Destinations are numeric.
    const lookup = (host: string, _options: unknown, callback: (error: null, address: string, family: number) => void) =>
      callback(null, host, isV6 ? 6 : 4);
    const socket = createSocket({ type: isV6 ? "udp6" : "udp4", lookup });
    socket.on("error", (error) => this.#options.logger.debug({ err: error }, "error on the HEP socket"));
    this.#socket = { socket, isV6 };
    return socket;
  }
}
