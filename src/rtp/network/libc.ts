import { endianness } from "node:os";

/**
 * What sockets need of the C library. Results are those of C: below 0 is a failure; its errno is not told. What is called for each packet takes pointers: a
 * buffer costs 0.1 µs more. `write` and `sendmsg` cost 0.2 and 0.3 µs less than `send` and `sendto`.
 */
export type Libc = {
  socket(family: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  connect(fd: number, address: Uint8Array, length: number): number;
  close(fd: number): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number;
  write(fd: number, bytes: bigint, length: number): number;
  sendmsg(fd: number, header: bigint, flags: number): number;
  recvmsg(fd: number, header: bigint, flags: number): number;
  inet_pton(family: number, text: string, into: Uint8Array): number;
  if_nametoindex(name: string): number;
  epoll_create1(flags: number): number;
  epoll_ctl(epoll: number, operation: number, fd: number, event: Uint8Array): number;
  epoll_wait(epoll: number, events: bigint, most: number, timeoutMs: number): number;
  clock_gettime(clock: number, into: bigint): number;
  /** Where `buffer` lies in memory; it stays there as long as it lives. */
  addressOf(buffer: ArrayBuffer): bigint;
};

// A ssize_t of a datagram has its whole value in the lower half.
const signatures = {
  socket: { arguments: ["int32", "int32", "int32"], return: "int32" },
  bind: { arguments: ["int32", "buffer", "int32"], return: "int32" },
  connect: { arguments: ["int32", "buffer", "int32"], return: "int32" },
  close: { arguments: ["int32"], return: "int32" },
  setsockopt: { arguments: ["int32", "int32", "int32", "buffer", "int32"], return: "int32" },
  write: { arguments: ["int32", "pointer", "int32"], return: "int32" },
  sendmsg: { arguments: ["int32", "pointer", "int32"], return: "int32" },
  recvmsg: { arguments: ["int32", "pointer", "int32"], return: "int32" },
  inet_pton: { arguments: ["int32", "string", "buffer"], return: "int32" },
  if_nametoindex: { arguments: ["string"], return: "int32" },
  epoll_create1: { arguments: ["int32"], return: "int32" },
  epoll_ctl: { arguments: ["int32", "int32", "int32", "buffer"], return: "int32" },
  epoll_wait: { arguments: ["int32", "pointer", "int32", "int32"], return: "int32" },
  clock_gettime: { arguments: ["int32", "pointer"], return: "int32" },
} as const;

/** Undefined where Node has no FFI, and on systems other than 64-bit Linux on x64 and arm64, whose layouts `datagram-memory.ts` knows. */
export async function loadLibc(): Promise<Libc | undefined> {
  const isKnown = process.platform === "linux" && ["x64", "arm64"].includes(process.arch) && endianness() === "LE";
  if (!isKnown) return undefined;
  try {
    const { dlopen, getRawPointer } = await import("node:ffi");
    // Of the process itself: whatever C library it runs on.
    const { functions } = dlopen(null, signatures);
    return { ...functions, addressOf: getRawPointer };
  } catch {
    return undefined;
  }
}
