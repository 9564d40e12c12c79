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
/** In a struct msghdr. */
const nameLengthWord = 2;
const controlLengthWord = 10;
/** A stamp that is further from now is none of a clock that runs: it was set in between. */
const longestWaitMs = 1000;

/**
 * The memory that the system reads and writes through pointers, laid out once in one block: what it is told lies there stays there. A small typed array of
 * its own would not: the engine moves those.
 *
 *   bytes      of one datagram
 *   name       struct sockaddr_in or _in6: who sent it, or gets it
 *   control    struct cmsghdr, struct timespec: when it came
 *   part       struct iovec: points to `bytes`
 *   header     struct msghdr: points to `name`, `part` and `control`
 *
 * There is one of each for what comes and, without `control`, one for what goes.
 */
export class DatagramMemory {
  /** Of what came. */
  readonly datagram: Uint8Array;
  /** Who sent it. */
  readonly name: Uint32Array;
  /** For what is told once and forgotten: options, addresses, an event. */
  readonly scratch: Uint8Array;
  /** Of the header of what came, the header of what goes, its bytes, the events, and the time. */
  readonly pointers: Readonly<Record<"incoming" | "outgoing" | "bytes" | "events" | "now", bigint>>;
  readonly #header: Uint32Array;
  readonly #control: Uint32Array;
  readonly #outgoing: Uint8Array;
  readonly #outgoingHeader: Uint32Array;
  readonly #outgoingName: Uint8Array;
  readonly #outgoingPart: Uint32Array;
  readonly #now: Uint32Array;
  readonly #events: Uint32Array;
  readonly #scratchWords: Uint32Array;

  constructor(libc: Pick<Libc, "addressOf">) {
    const block = new ArrayBuffer(2 * datagramBytes + eventsAtOnce * eventWords * 4 + 512);
    const base = libc.addressOf(block);
    let end = 0;
    const place = (size: number) => {
      const bytes = new Uint8Array(block, end, size);
      end += Math.ceil(size / 8) * 8;
      return bytes;
    };
    const words = ({ byteOffset, length }: Uint8Array) => new Uint32Array(block, byteOffset, length / 4);
    const pointer = ({ byteOffset }: Uint8Array) => base + BigInt(byteOffset);
    /** With the pointers that stay. */
    const message = (datagram: Uint8Array, control: Uint8Array | undefined) => {
      const [name, part, header] = [place(32), place(16), place(56)];
      new BigUint64Array(block, part.byteOffset, 2).set([pointer(datagram), BigInt(datagram.length)]);
      // msg_name, msg_namelen, msg_iov, msg_iovlen, msg_control, msg_controllen, msg_flags.
      const fields = [pointer(name), 0n, pointer(part), 1n, control === undefined ? 0n : pointer(control), 0n, 0n];
      new BigUint64Array(block, header.byteOffset, 7).set(fields);
      return { name, part, header };
    };

    this.datagram = place(datagramBytes);
    this.#outgoing = place(datagramBytes);
    const [events, now, control] = [place(eventsAtOnce * eventWords * 4), place(16), place(controlBytes)];
    this.scratch = place(32);
    const [incoming, outgoing] = [message(this.datagram, control), message(this.#outgoing, undefined)];
    this.name = words(incoming.name);
    this.#header = words(incoming.header);
    this.#control = words(control);
    this.#outgoingName = outgoing.name;
    this.#outgoingPart = words(outgoing.part);
    this.#outgoingHeader = words(outgoing.header);
    this.#now = words(now);
    this.#events = words(events);
    this.#scratchWords = words(this.scratch);
    this.pointers = {
      incoming: pointer(incoming.header),
      outgoing: pointer(outgoing.header),
      bytes: pointer(this.#outgoing),
      events: pointer(events),
      now: pointer(now),
    };
  }

  /** What the system shortened at the last datagram has its full length again. */
  expect(): void {
    this.#header[nameLengthWord] = socketAddressBytes;
    this.#header[controlLengthWord] = controlBytes;
  }

  /** How long the last datagram has waited, in ms; `now` is what it is compared with. */
  get waitedMs(): number {
    if (this.#header[controlLengthWord] === 0) return 0;
    const seconds = ((this.#now[0] ?? 0) - (this.#control[4] ?? 0)) | 0;
    const waitedMs = seconds * 1000 + ((this.#now[2] ?? 0) - (this.#control[6] ?? 0)) / 1_000_000;
    return waitedMs > 0 && waitedMs < longestWaitMs ? waitedMs : 0;
  }

  /** What goes next. */
  fill(bytes: Uint8Array): void {
    this.#outgoing.set(bytes);
    this.#outgoingPart[2] = bytes.length;
  }

  /** To whom that goes: a struct sockaddr_in or _in6 of `length`. */
  aim(name: Uint8Array, length: number): void {
    this.#outgoingName.set(name);
    this.#outgoingHeader[nameLengthWord] = length;
  }

  /** The descriptor that event `index` is about. */
  readyAt(index: number): number {
    return this.#events[index * eventWords + eventDataWord] ?? -1;
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
}
