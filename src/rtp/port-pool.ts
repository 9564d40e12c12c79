/** Even RTP ports of a range, each with the odd one above it for RTCP (RFC 3550 §11). */
export class PortPool {
  readonly #firstPort: number;
  /** Free ports as a ring list by index, oldest first, so that taking one out of the middle costs nothing. The last index is the list's head. */
  readonly #after: Int32Array;
  readonly #before: Int32Array;
  readonly #head: number;
  #free = 0;

  /** Pairs that fit wholly into `firstPort` to `lastPort`. */
  constructor(firstPort: number, lastPort: number) {
    this.#firstPort = firstPort + (firstPort % 2);
    const pairs = Math.max(0, Math.floor((lastPort - this.#firstPort + 1) / 2));
    this.#head = pairs;
    this.#after = new Int32Array(pairs + 1).fill(-1);
    this.#before = new Int32Array(pairs + 1).fill(-1);
    this.#after[pairs] = pairs;
    this.#before[pairs] = pairs;
    for (let index = 0; index < pairs; index++) this.#append(index);
  }

  get free(): number {
    return this.#free;
  }

  /**
   * The port that has rested longest, so a stray packet of its last call finds nobody for as long as the range allows: 30 s need 60 ports for each leg
   * that begins in a second. Undefined when all are taken.
   */
  acquire(): number | undefined {
    const index = this.#after[this.#head] ?? this.#head;
    if (index === this.#head) return undefined;
    this.#remove(index);
    return this.#firstPort + index * 2;
  }

  /** Takes this very port, which a call had before a restart. False when it is taken or not in the range. */
  acquireExact(port: number): boolean {
    const index = this.#indexOf(port);
    if (index === undefined || this.#after[index] === -1) return false;
    this.#remove(index);
    return true;
  }

  /** Gives a port back. Of another range, or given back twice: nothing happens. */
  release(port: number): void {
    const index = this.#indexOf(port);
    if (index !== undefined && this.#after[index] === -1) this.#append(index);
  }

  #indexOf(port: number): number | undefined {
    const index = (port - this.#firstPort) / 2;
    return Number.isInteger(index) && index >= 0 && index < this.#head ? index : undefined;
  }

  #append(index: number): void {
    const last = this.#before[this.#head] ?? this.#head;
    this.#after[last] = index;
    this.#before[index] = last;
    this.#after[index] = this.#head;
    this.#before[this.#head] = index;
    this.#free += 1;
  }

  #remove(index: number): void {
    const before = this.#before[index] ?? this.#head;
    const after = this.#after[index] ?? this.#head;
    this.#after[before] = after;
    this.#before[after] = before;
    this.#after[index] = -1;
    this.#free -= 1;
  }
}
