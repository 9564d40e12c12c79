/** How many connects each browser has held over HTTP. A browser opens few connections to one server; a tab may not take them all (Bayeux 1.0 §8). */
export class BrowserPolls {
  readonly #most: number;
  readonly #held = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  isCrowded(browserId: string): boolean {
    return (this.#held.get(browserId) ?? 0) >= this.#most;
  }

  hold(browserId: string): void {
    this.#held.set(browserId, (this.#held.get(browserId) ?? 0) + 1);
  }

  release(browserId: string): void {
    const left = (this.#held.get(browserId) ?? 0) - 1;
    if (left > 0) this.#held.set(browserId, left);
    else this.#held.delete(browserId);
  }
}
