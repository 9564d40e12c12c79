/** The few file operations of the writer: a narrow door, so that tests can make a disk fail. All are synchronous and throw the system's errors. */
import * as fs from "node:fs";

export type Disk = {
  /** Opens an empty file for writing, with mode 0600; what it held is gone. */
  open(path: string): number;
  /** Writes all of `bytes` at offset `at`. */
  write(file: number, bytes: Uint8Array, at: number): void;
  syncData(file: number): void;
  close(file: number): void;
  /** A missing file is fine. */
  remove(path: string): void;
  syncDirectory(path: string): void;
  /** Undefined when there is no such file. */
  size(path: string): number | undefined;
  /** Bytes that this process may still use on the file system of `path`. */
  freeBytes(path: string): number;
  /** Sets the modification time, in epoch milliseconds. The file is made if missing. */
  touch(path: string, atMs: number): void;
};

const { O_CREAT, O_TRUNC, O_WRONLY } = fs.constants;

export const realDisk: Disk = {
  open: (path) => fs.openSync(path, O_CREAT | O_WRONLY | O_TRUNC, 0o600),
  write(file, bytes, at) {
    let done = 0;
    while (done < bytes.length) done += fs.writeSync(file, bytes, done, bytes.length - done, at + done);
  },
  syncData: (file) => fs.fdatasyncSync(file),
  close: (file) => fs.closeSync(file),
  remove: (path) => fs.rmSync(path, { force: true }),
  syncDirectory(path) {
    const directory = fs.openSync(path, "r");
    try {
      fs.fsyncSync(directory);
    } finally {
      fs.closeSync(directory);
    }
  },
  size: (path) => fs.statSync(path, { throwIfNoEntry: false })?.size,
  freeBytes(path) {
    const { bavail, bsize } = fs.statfsSync(path);
    return bavail * bsize;
  },
  touch(path, atMs) {
    fs.closeSync(fs.openSync(path, O_CREAT | O_WRONLY, 0o600));
    fs.utimesSync(path, atMs / 1000, atMs / 1000);
  },
};
