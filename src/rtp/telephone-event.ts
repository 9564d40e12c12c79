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
/** What a segment that is followed by another has at least. */
const shortestSegment = 0xf000;
/** Seconds. */
const longestLatenessS = 10;
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

  /**
   * Characters that are no digit are left out. Times are rounded to frames; a pause has room for the repeated end. A tone is cut to what one event can
   * tell: 8.18 s at 8 kHz, 1.36 s at 48 kHz.
   */
  constructor(digits: string, toneMs: number, gapMs: number, clockRateHz = usualClockRateHz) {
    this.#frameUnits = (clockRateHz * frameMs) / 1000;
    this.#events = Array.from(digits.toUpperCase(), (digit) => digitNames.indexOf(digit)).filter((event) => event >= 0);
    this.#toneFrames = Math.max(2, Math.min(Math.floor(longestDuration / this.#frameUnits), Math.round(toneMs / frameMs)));
    this.#pauseFrames = Math.max(endPackets, Math.round(gapMs / frameMs));
  }

  /** How long the tone of each digit is. */
  get toneMs(): number {
    return this.#toneFrames * frameMs;
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
  began(digit: string): void;
  /** It came up; once for each key, whatever was lost or repeated. */
  digit(digit: string, durationMs: number): void;
};

/**
 * Hears digits. | state | packet or time → | to | done |
 *   idle | newer timestamp                       | down  | began          (any packet may be the first one seen)
 *   down | same timestamp, or the next segment   | down  | longer duration
 *   down | one of these with E                   | idle  | digit
 *   down | newer timestamp                       | down  | digit, began   (the end was lost)
 *   down | between this and the digit told last  | down  | began, digit   (overtaken by this one)
 *   down | nothing for 200 ms                    | idle  | digit
 *   any  | what was told before                  |  –    | nothing
 *
 * So each event of which anything comes is told once, in the order of their begins, unless all of it comes after the end of the next one.
 */
export class TelephoneEventReceiver {
  readonly #listener: DigitListener;
  /** Of the timestamps. */
  clockRateHz = usualClockRateHz;
  #isDown = false;
  /** Begin of the event heard last; undefined before the first. */
  #begin: number | undefined;
  /** Begin of its segment (§2.5.1.3). */
  #timestamp = 0;
  #event = 0;
  /** Of the segment. */
  #duration = 0;
  #heardAtMs = 0;
  /** Begin of the last segment of the event told last, and whether there is one. */
  #toldTimestamp = 0;
  #hasTold = false;

  constructor(listener: DigitListener) {
    this.#listener = listener;
  }

  /** A packet may hold several events, each beginning where the one before ends (§2.5.1.5). */
  receive(timestamp: number, bytes: Uint8Array, start: number, end: number, nowMs: number): void {
    let begin = timestamp;
    for (let at = start; at + telephoneEventBytes <= end; at += telephoneEventBytes) {
      const duration = readUint16(bytes, at + 2);
      // Behind the first, zeros are padding of those who fill up their packets.
      if (at > start && duration === 0) return;
      const isEnd = (byteAt(bytes, at + 1) & 0x80) !== 0;
      this.#hear(begin, byteAt(bytes, at), duration, isEnd, nowMs);
      if (!isEnd) return;
      begin = (begin + duration) >>> 0;
    }
  }

  /** To be called often: ends a digit whose end was lost. */
  expire(nowMs: number): void {
    if (this.#isDown && nowMs - this.#heardAtMs > lostEndMs) this.#up();
  }

  /** The peer began another stream: its timestamps have nothing to do with the old ones. */
  reset(): void {
    this.#up();
    this.#begin = undefined;
    this.#hasTold = false;
  }

  #hear(timestamp: number, event: number, duration: number, isEnd: boolean, nowMs: number): void {
    if (event >= digitNames.length) return;
    // No packet is so late: the peer's timestamps began anew.
    if (this.#begin !== undefined && ((timestamp - this.#begin) | 0) < -longestLatenessS * this.clockRateHz) this.reset();
    const age = this.#begin === undefined ? 1 : (timestamp - this.#begin) | 0;
    if (age < 0) {
      this.#hearOvertaken(timestamp, event, duration);
      return;
    }
    const segmentAge = (timestamp - this.#timestamp) | 0;
    if (age > 0 && (this.#begin === undefined || segmentAge > 0)) {
      if (this.#begin === undefined || !this.#isNextSegment(segmentAge, event)) {
        this.#up();
        this.#isDown = true;
        this.#begin = timestamp;
        this.#event = event;
        this.#listener.began(digitNames[event] ?? "");
      } else if (!this.#isDown) this.#toldTimestamp = timestamp;
      this.#timestamp = timestamp;
      this.#duration = 0;
    } else if (segmentAge < 0) return;
    this.#duration = Math.max(this.#duration, duration);
    this.#heardAtMs = nowMs;
    if (isEnd) this.#up();
  }

  /** §2.5.1.3 lets a segment last 0xffff units; some end it at the last update that fits. It goes on also when it was given up for lost. */
  #isNextSegment(segmentAge: number, event: number): boolean {
    if (event !== this.#event) return false;
    return segmentAge === longestDuration || (segmentAge === this.#duration && segmentAge >= shortestSegment);
  }

  /** Nothing of it came before the next one began, which is still down: there is time to tell it. */
  #hearOvertaken(begin: number, event: number, duration: number): void {
    if (!this.#isDown || (this.#hasTold && ((begin - this.#toldTimestamp) | 0) <= 0)) return;
    this.#listener.began(digitNames[event] ?? "");
    this.#tell(begin, event, duration);
  }

  #up(): void {
    if (!this.#isDown || this.#begin === undefined) return;
    this.#isDown = false;
    this.#tell(this.#timestamp, this.#event, ((this.#timestamp - this.#begin) >>> 0) + this.#duration);
  }

  #tell(timestamp: number, event: number, duration: number): void {
    this.#toldTimestamp = timestamp;
    this.#hasTold = true;
    this.#listener.digit(digitNames[event] ?? "", Math.round((duration * 1000) / this.clockRateHz));
  }
}
