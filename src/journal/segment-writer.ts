/**
 * What the writer thread does: append, make durable, say so, repeat. Everything is synchronous; a batch is whatever came in while the
 * former one was on its way to the disk.
 *
 * When the disk refuses, the same bytes are written again at the same place, so that pages whose sync failed are dirty again (a
 * second fdatasync alone would report success for data the kernel has dropped). Nothing later runs before that has succeeded.
 */
import { join } from "node:path";
import type { Clock, Timer } from "../kernel/index.ts";
import type { Disk } from "./disk.ts";
import { segmentPath } from "./segment-file.ts";
import type { WriterCommand, WriterReport, WriterSettings } from "./writer-protocol.ts";

export const aliveFileName = "alive";
const aliveEveryMs = 1000;
const retryFirstMs = 50;
const retryLongestMs = 2000;

type OpenSegment = { readonly first: number; readonly file: number; durableBytes: number };

export class SegmentWriter {
  readonly #settings: WriterSettings;
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #report: (report: WriterReport) => void;
  /** Commands not carried out yet; the first is the one that fails, if any. */
  readonly #queue: WriterCommand[] = [];
  #segment: OpenSegment | undefined;
  #retry: Timer | undefined;
  #retryMs = retryFirstMs;
  #pulse: Timer | undefined;
  #onlyReserveLeft: boolean | undefined;
  #isClosed = false;

  constructor(settings: WriterSettings, disk: Disk, clock: Clock, report: (report: WriterReport) => void) {
    this.#settings = settings;
    this.#disk = disk;
    this.#clock = clock;
    this.#report = report;
    this.#beat();
  }

  send(command: WriterCommand): void {
    if (this.#isClosed) return;
    this.#queue.push(command);
    if (command.kind === "close" && this.#retry !== undefined) this.#close();
    else if (this.#retry === undefined) this.#run();
  }

  #run(): void {
    this.#retry = undefined;
    for (let command = this.#queue[0]; command !== undefined && !this.#isClosed; command = this.#queue[0]) {
      try {
        this.#carryOut(command);
      } catch (error) {
        this.#refused(error);
        return;
      }
      this.#retryMs = retryFirstMs;
      this.#queue.shift();
    }
  }

  #carryOut(command: WriterCommand): void {
    switch (command.kind) {
      case "write":
        this.#write(command.segment, new Uint8Array(command.bytes, 0, command.length));
        this.#report({ kind: "written", last: command.last, bytes: command.bytes });
        return;
      case "remove":
        for (const first of command.segments) this.#disk.remove(segmentPath(this.#settings.directory, first));
        this.#checkReserve();
        return;
      case "close":
        this.#close();
    }
  }

  #write(first: number, bytes: Uint8Array): void {
    const segment = this.#open(first);
    this.#disk.write(segment.file, bytes, segment.durableBytes);
    this.#disk.syncData(segment.file);
    if (segment.durableBytes === 0) this.#disk.syncDirectory(this.#settings.directory);
    segment.durableBytes += bytes.length;
  }

  #open(first: number): OpenSegment {
    if (this.#segment?.first === first) return this.#segment;
    if (this.#segment !== undefined) {
      const { file } = this.#segment;
      this.#segment = undefined;
      this.#disk.close(file);
    }
    // A file of this name holds at most bytes of a record that never became whole: otherwise the position would have been used.
    this.#segment = { first, file: this.#disk.open(segmentPath(this.#settings.directory, first)), durableBytes: 0 };
    return this.#segment;
  }

  #refused(error: unknown): void {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if ((code === "ENOSPC" || code === "EDQUOT") && this.#giveUpReserve()) {
      this.#run();
      return;
    }
    this.#report({ kind: "failing", reason: error instanceof Error ? error.message : String(error) });
    this.#retry = this.#clock.after(this.#retryMs, () => this.#run());
    this.#retryMs = Math.min(this.#retryMs * 2, retryLongestMs);
  }

  get #reservePath(): string {
    return join(this.#settings.directory, "reserve");
  }

  /** True when there was something to give up. */
  #giveUpReserve(): boolean {
    try {
      const bytes = this.#disk.size(this.#reservePath) ?? 0;
      if (bytes === 0) return false;
      this.#disk.remove(this.#reservePath);
      this.#tellSpace(true);
      return true;
    } catch (error) {
      this.#report({ kind: "warning", reason: `the reserve cannot be given up: ${String(error)}` });
      return false;
    }
  }

  /** Makes the reserve when there is room for it twice. */
  #checkReserve(): void {
    const { directory, reserveBytes } = this.#settings;
    try {
      if ((this.#disk.size(this.#reservePath) ?? 0) < reserveBytes && this.#disk.freeBytes(directory) >= reserveBytes * 2)
        this.#makeReserve();
      this.#tellSpace((this.#disk.size(this.#reservePath) ?? 0) < reserveBytes);
    } catch (error) {
      if (this.#onlyReserveLeft !== true) this.#report({ kind: "warning", reason: `the reserve cannot be made: ${String(error)}` });
      this.#tellSpace(true);
    }
  }

  #makeReserve(): void {
    const file = this.#disk.open(this.#reservePath);
    try {
      const zeros = new Uint8Array(Math.min(1024 * 1024, this.#settings.reserveBytes));
      for (let at = 0; at < this.#settings.reserveBytes; at += zeros.length) {
        this.#disk.write(file, zeros.subarray(0, Math.min(zeros.length, this.#settings.reserveBytes - at)), at);
      }
      this.#disk.syncData(file);
    } finally {
      this.#disk.close(file);
    }
  }

  #tellSpace(onlyReserveLeft: boolean): void {
    if (this.#onlyReserveLeft === onlyReserveLeft) return;
    this.#onlyReserveLeft = onlyReserveLeft;
    this.#report({ kind: "space", onlyReserveLeft });
  }

  #beat(): void {
    try {
      this.#disk.touch(join(this.#settings.directory, aliveFileName), this.#clock.now());
    } catch (error) {
      this.#report({ kind: "warning", reason: `the sign of life cannot be written: ${String(error)}` });
    }
    if (this.#retry === undefined) this.#checkReserve();
    this.#pulse = this.#clock.after(aliveEveryMs, () => this.#beat());
  }

  #close(): void {
    this.#isClosed = true;
    this.#retry?.cancel();
    this.#pulse?.cancel();
    if (this.#segment !== undefined) this.#disk.close(this.#segment.file);
    this.#segment = undefined;
    this.#report({ kind: "closed" });
  }
}
