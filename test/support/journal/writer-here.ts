import { type Disk, realDisk } from "../../../src/journal/disk.ts";
import { SegmentWriter } from "../../../src/journal/segment-writer.ts";
import type { StartWriter } from "../../../src/journal/writer-protocol.ts";
import type { Clock } from "../../../src/kernel/index.ts";

/** The journal's writer in this thread: batches go to the disk at once, its reports come in the next microtask. */
export function writerHere(clock: Clock, disk: Disk = realDisk): StartWriter {
  return (settings, report) => new SegmentWriter(settings, disk, clock, (message) => queueMicrotask(() => report(message)));
}

/** The real disk, which refuses as told. */
export class FailingDisk {
  /** Called before each operation that changes something; what it throws is what the disk says. */
  refuse: (operation: keyof Disk, path?: string) => void = () => undefined;

  readonly disk: Disk = {
    ...realDisk,
    open: (path) => {
      this.refuse("open", path);
      return realDisk.open(path);
    },
    write: (file, bytes, at) => {
      try {
        this.refuse("write");
      } catch (error) {
        // A disk that becomes full takes the first part.
        realDisk.write(file, bytes.subarray(0, bytes.length / 2), at);
        throw error;
      }
      realDisk.write(file, bytes, at);
    },
    syncData: (file) => {
      this.refuse("syncData");
      realDisk.syncData(file);
    },
    syncDirectory: (path) => {
      this.refuse("syncDirectory", path);
      realDisk.syncDirectory(path);
    },
  };
}

export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: the disk refuses`), { code });
}
