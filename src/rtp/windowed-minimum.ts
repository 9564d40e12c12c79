/** The least of what was added within about the last `windowMs` to twice that: two buckets instead of all values. */
export class WindowedMinimum {
  readonly #windowMs: number;
  #bucketEndsMs = Number.NEGATIVE_INFINITY;
  #current = Number.POSITIVE_INFINITY;
  #previous = Number.POSITIVE_INFINITY;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Infinite before the first value. */
  get value(): number {
    return this.#current < this.#previous ? this.#current : this.#previous;
  }

  add(value: number, atMs: number): void {
    if (atMs >= this.#bucketEndsMs) {
      // A pause of a whole window has made both old.
      this.#previous = atMs >= this.#bucketEndsMs + this.#windowMs ? Number.POSITIVE_INFINITY : this.#current;
      this.#current = value;
      this.#bucketEndsMs = atMs + this.#windowMs;
    } else if (value < this.#current) this.#current = value;
  }

  /** Everything that was added is now so much more. */
  shift(by: number): void {
    this.#current += by;
    this.#previous += by;
  }

  reset(): void {
    this.#bucketEndsMs = Number.NEGATIVE_INFINITY;
    this.#current = Number.POSITIVE_INFINITY;
    this.#previous = Number.POSITIVE_INFINITY;
  }
}
