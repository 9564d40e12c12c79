/**
 * DTMF digits as named events, RFC 4733 §2.3. Events 0 to 15 are 0-9 * # A-D.
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |     event     |E|R| volume    |          duration             |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * All packets of one event carry the timestamp of its begin; the duration grows. Both are in units of the clock rate, 8 kHz unless something else is said.
 */
import { byteAt, readUint16, writeUint16 } from "./packet.ts";

export const telephoneEventBytes = 4;
const digitNames = "0123456789*#ABCD";
const usualClockRateHz = 8000;
const frameMs = 20;
/** −10 dBm0, a usual level. */
const volume = 10;
/** §2.5.1.4: the last packet is sent three times. */
const endPackets = 3;
const longestDuration = 0xffff;
/** An event of which no more is heard for this long has ended; its end packets were lost. */
const lostEndMs = 200;

/** True when every character can be sent as an event. */
export function areDigits(text: string): boolean {
  return text !== "" && Array.from(text).every((digit) => digitNames.includes(digit.toUpperCase()));
}

/** What one 20 ms frame carries while digits are sent: the first packet of an event, a later one, the pause between two, or nothing any more. */
export type DigitFrame = "begin" | "event" | "pause" | "done";

/** Sends digits one after the other, frame by frame. */
export class TelephoneEventSender {
  readonly #events: readonly number[];
  readonly #toneFrames: number;
  readonly #pauseFrames: number;
  readonly #frameUnits: number;
  #index = 0;
  /** Frames since the current digit began. */
  #frame = 0;

  /** Characters that are no digit are left out. Times are rounded to frames; a pause has room for the repeated end. */
  constructor(digits: string, toneMs: number, gapMs: number, clockRateHz = usualClockRateHz) {
    this.#frameUnits = (clockRateHz * frameMs) / 1000;
    this.#events = Array.from(digits.toUpperCase(), (digit) => digitNames.indexOf(digit)).filter((event) => event >= 0);
    this.#toneFrames = Math.max(2, Math.min(Math.floor(longestDuration / this.#frameUnits), Math.round(toneMs / frameMs)));
    this.#pauseFrames = Math.max(endPackets, Math.round(gapMs / frameMs));
  }

  /** The digit of the frame that `next` was last asked for, while its tone lasts; else undefined. For those who must send it as sound. */
  get toneDigit(): string | undefined {
    return this.#frame >= 1 && this.#frame <= this.#toneFrames ? digitNames[this.#events[this.#index] ?? -1] : undefined;
  }

  /** Goes on by a frame. On "begin" and "event", `payload` holds what to send with the timestamp of the begin. */
  next(payload: Uint8Array): DigitFrame {
    if (this.#frame >= this.#toneFrames + this.#pauseFrames) {
      this.#index += 1;
      this.#frame = 0;
    }
    const event = this.#events[this.#index];
    if (event === undefined) return "done";
    this.#frame += 1;
    if (this.#frame >= this.#toneFrames + endPackets) return "pause";
    const isEnd = this.#frame >= this.#toneFrames;
    payload[0] = event;
    payload[1] = (isEnd ? 0x80 : 0) | volume;
    writeUint16(payload, 2, Math.min(this.#frame, this.#toneFrames) * this.#frameUnits);
    return this.#frame === 1 ? "begin" : "event";
  }
}

export type DigitListener = {
  /** A key went down. */
  began(): void;
  /** It came up; once for each key, whatever was lost or repeated. */
  digit(digit: string, durationMs: number): void;
};

/**
 * Hears digits. | state | packet or time → | to | done |
 *   idle | newer timestamp            | down  | began          (any packet may be the first one seen)
 *   down | same timestamp, no E       | down  | longer duration
 *   down | same timestamp, E          | idle  | digit
 *   down | newer timestamp            | down  | digit, began   (the end was lost)
 *   down | nothing for 200 ms         | idle  | digit
 *   any  | older timestamp, or E again|  –    | nothing
 */
export class TelephoneEventReceiver {
  readonly #listener: DigitListener;
  /** Of the timestamps. */
  clockRateHz = usualClockRateHz;
  #isDown = false;
  /** Begin of the event heard last; undefined before the first. */
  #timestamp: number | undefined;
  #event = 0;
  #duration = 0;
  /** Of segments that went before (§2.5.1.3). */
  #earlier = 0;
  #heardAtMs = 0;

  constructor(listener: DigitListener) {
    this.#listener = listener;
  }

  receive(timestamp: number, bytes: Uint8Array, start: number, end: number, nowMs: number): void {
    const event = byteAt(bytes, start);
    if (end - start < telephoneEventBytes || event >= digitNames.length) return;
    const isEnd = (byteAt(bytes, start + 1) & 0x80) !== 0;
    const duration = readUint16(bytes, start + 2);
    const age = this.#timestamp === undefined ? 1 : (timestamp - this.#timestamp) | 0;
    if (age < 0) return;
    if (age > 0) {
      const isNextSegment = this.#isDown && age === longestDuration && event === this.#event;
      if (isNextSegment) this.#earlier += longestDuration;
      else {
        this.#up();
        this.#isDown = true;
        this.#event = event;
        this.#earlier = 0;
        this.#listener.began();
      }
      this.#timestamp = timestamp;
      this.#duration = 0;
    }
    this.#duration = Math.max(this.#duration, duration);
    this.#heardAtMs = nowMs;
    if (isEnd) this.#up();
  }

  /** To be called often: ends a digit whose end was lost. */
  expire(nowMs: number): void {
    if (this.#isDown && nowMs - this.#heardAtMs > lostEndMs) this.#up();
  }

  /** The peer began another stream: its timestamps have nothing to do with the old ones. */
  reset(): void {
    this.#up();
    this.#timestamp = undefined;
  }

  #up(): void {
    if (!this.#isDown) return;
    this.#isDown = false;
    this.#listener.digit(digitNames[this.#event] ?? "", Math.round(((this.#earlier + this.#duration) * 1000) / this.clockRateHz));
  }
}
