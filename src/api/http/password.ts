/** Passwords as argon2id PHC strings (RFC 9106), hashed a few at a time. */
import { hash, verify } from "@node-rs/argon2";
import { apiRefusal } from "./errors.ts";

/** Each job takes 6 ms of a thread of libuv's pool and 19 MB; DNS look-ups and files need that pool too. */
const jobsAtOnce = 2;
const longestQueue = 100;

export class Passwords {
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  #decoy: Promise<string> | undefined;

  hash(password: string): Promise<string> {
    return this.#inTurn(() => hash(password));
  }

  /** The same work whether there is a hash to compare with or not, so that time does not tell which users exist. Throws API_RATE_LIMITED when too many wait. */
  async verify(passwordHash: string | undefined, password: string): Promise<boolean> {
    const compared = passwordHash ?? (await (this.#decoy ??= hash("nobody's password")));
    return (await this.#inTurn(() => verify(compared, password))) && passwordHash !== undefined;
  }

  async #inTurn<T>(job: () => Promise<T>): Promise<T> {
    if (this.#running >= jobsAtOnce) {
      if (this.#waiting.length >= longestQueue) throw apiRefusal("API_RATE_LIMITED", { retryAfterS: 1 });
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#running++;
    try {
      return await job();
    } finally {
      // The turn is handed on, so `#running` stays.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
