import type { Libc } from "./libc.ts";

/** Of Linux on x64 and arm64, as <sys/socket.h>, <netinet/in.h> and <sys/epoll.h> have them. */
export const linux = {
  AF_INET: 2,
  AF_INET6: 10,
  /** SOCK_DGRAM, SOCK_NONBLOCK and SOCK_CLOEXEC. */
  datagrams: 2 | 0o4000 | 0o2_000_000,
  SOL_SOCKET: 1,
  SO_TIMESTAMPNS: 35,
  IPPROTO_IPV6: 41,
  IPV6_V6ONLY: 26,
  /** MSG_DONTWAIT and MSG_NOSIGNAL. */
  atOnce: 0x40 | 0x4000,
  EPOLL_CLOEXEC: 0o2_000_000,
  EPOLL_CTL_ADD: 1,
  EPOLLIN: 1,
  CLOCK_REALTIME: 0,
} as const;

/** struct sockaddr_in6, the longer of the two. */
export const socketAddressBytes = 28;
/** The longest datagram. */
const datagramBytes = 65_536;
export const eventsAtOnce = 1024;
/** struct epoll_event is packed on x64. */
const eventWords = process.arch === "x64" ? 3 : 4;
const eventDataWord = process.arch === "x64" ? 1 : 2;
/** struct cmsghdr and a struct timespec. */
const controlBytes = 32;
/** A stamp that is further from now is none of a clock that runs: it was set in between. */
const longestWaitMs = 1000;

/**
 * The memory that the system writes into, laid out once in one block: what it is told lies there stays there. A small typed array of its own would not: the
 * engine moves those.
 *
 *   name       struct sockaddr_in or _in6: who sent it
 *   control    struct cmsghdr, struct timespec: when it came
 *   header     struct msghdr: points to the three others and to `part`
 *   part       struct iovec: points to `datagram`
 */
export class DatagramMemory {
  readonly datagram: Uint8Array;
  readonly header: Uint8Array;
  readonly events: Uint8Array;
  readonly now: Uint8Array;
  readonly name: Uint32Array;
  /** For what is told once and forgotten: options, addresses, an event. */
  readonly scratch: Uint8Array;
  readonly #headerWords: Uint32Array;
  readonly #control: Uint32Array;
  readonly #nowWords: Uint32Array;
  readonly #eventWords: Uint32Array;
  readonly #scratchWords: Uint32Array;

  constructor(libc: Pick<Libc, "addressOf">) {
    const sizes = {
      datagram: datagramBytes,
      events: eventsAtOnce * eventWords * 4,
      header: 56,
      part: 16,
      name: 32,
      control: 32,
      now: 16,
      scratch: 32,
    };
    const block = new ArrayBuffer(Object.values(sizes).reduce((sum, size) => sum + size + 8, 0));
    const base = libc.addressOf(block);
    let end = 0;
    const place = (size: number) => {
      const at = end;
      end += Math.ceil(size / 8) * 8;
      return at;
    };
    const bytes = (size: number) => new Uint8Array(block, place(size), size);
    const words = (of: Uint8Array) => new Uint32Array(block, of.byteOffset, of.length / 4);
    const pointer = (to: Uint8Array) => base + BigInt(to.byteOffset);

    this.datagram = bytes(sizes.datagram);
    this.events = bytes(sizes.events);
    this.header = bytes(sizes.header);
    this.now = bytes(sizes.now);
    this.scratch = bytes(sizes.scratch);
    const part = bytes(sizes.part);
    const name = bytes(sizes.name);
    const control = bytes(sizes.control);
    this.name = words(name);
    this.#headerWords = words(this.header);
    this.#control = words(control);
    this.#nowWords = words(this.now);
    this.#eventWords = words(this.events);
    this.#scratchWords = words(this.scratch);

    new BigUint64Array(block, part.byteOffset, 2).set([pointer(this.datagram), BigInt(datagramBytes)]);
    // msg_name, msg_namelen, msg_iov, msg_iovlen, msg_control, msg_controllen, msg_flags.
    new BigUint64Array(block, this.header.byteOffset, 7).set([pointer(name), 0n, pointer(part), 1n, pointer(control), 0n, 0n]);
  }

  /** What the system shortened at the last datagram has its full length again. */
  expect(): void {
    this.#headerWords[2] = socketAddressBytes;
    this.#headerWords[10] = controlBytes;
  }

  /** The descriptor that event `index` is about. */
  readyAt(index: number): number {
    return this.#eventWords[index * eventWords + eventDataWord] ?? -1;
  }

  /** `scratch` as a struct epoll_event that is told when `fd` can be read. */
  interestIn(fd: number): Uint8Array {
    this.#scratchWords.fill(0);
    this.#scratchWords[0] = linux.EPOLLIN;
    this.#scratchWords[eventDataWord] = fd;
    return this.scratch;
  }

  /** `scratch` as an option that is switched on. */
  get on(): Uint8Array {
    this.#scratchWords.fill(0);
    this.#scratchWords[0] = 1;
    return this.scratch;
  }

  /** How long the last datagram has waited, in ms; `now` is what it is compared with. */
  get waitedMs(): number {
    if (this.#headerWords[10] === 0) return 0;
    const seconds = ((this.#nowWords[0] ?? 0) - (this.#control[4] ?? 0)) | 0;
    const waitedMs = seconds * 1000 + ((this.#nowWords[2] ?? 0) - (this.#control[6] ?? 0)) / 1_000_000;
    return waitedMs > 0 && waitedMs < longestWaitMs ? waitedMs : 0;
  }
}
