/** Remembers what name servers said, for as long as it holds, and asks each question once at a time. */
import type { Clock, Timer } from "../../kernel/index.ts";
import type { Answer, NameServer, RecordOf, RecordType } from "./name-server.ts";

/** Longest time an answer is kept. Also how long SRV and NAPTR records are: c-ares does not tell us their TTL. */
const longestMs = 60_000;
/** That there is no such record. The TTL of that (RFC 2308 §5) is not told either. */
const noneMs = 30_000;
/** That nobody could say. */
const failureMs = 2_000;
const maxKept = 2_000;

type Kept = { readonly untilMs: number; readonly answer: Promise<Answer<unknown>> };

export class RecordCache {
  readonly #clock: Clock;
  readonly #server: NameServer;
  readonly #timeoutMs: number;
  readonly #kept = new Map<string, Kept>();

  /** `timeoutMs`: of one question, whatever the server's own patience is. */
  constructor(clock: Clock, server: NameServer, timeoutMs: number) {
    this.#clock = clock;
    this.#server = server;
    this.#timeoutMs = timeoutMs;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** Never rejects, and answers within the time-out. */
  ask<T extends RecordType>(type: T, name: string): Promise<Answer<RecordOf[T]>> {
    const key = `${type} ${name.toLowerCase()}`;
    const now = this.#clock.now();
    const known = this.#kept.get(key);
    // Under one key there are answers of one type only.
    if (known !== undefined && known.untilMs > now) return known.answer as Promise<Answer<RecordOf[T]>>;
    this.#kept.delete(key);
    const oldest = this.#kept.size >= maxKept ? this.#kept.keys().next().value : undefined;
    if (oldest !== undefined) this.#kept.delete(oldest);
    const answer = this.#inTime(this.#server.ask(type, name)).then((said) => {
      if (this.#kept.get(key)?.answer === answer) this.#kept.set(key, { untilMs: this.#clock.now() + lifeOf(said), answer });
      return said;
    });
    // Those who ask meanwhile share the question.
    this.#kept.set(key, { untilMs: now + this.#timeoutMs, answer });
    return answer;
  }

  #inTime<R>(asked: Promise<Answer<R>>): Promise<Answer<R>> {
    let timer: Timer | undefined;
    const late = new Promise<Answer<R>>((resolve) => {
      const reason = "the name server did not answer in time";
      timer = this.#clock.after(this.#timeoutMs, () => resolve({ kind: "failed", reason }));
    });
    return Promise.race([asked, late]).finally(() => timer?.cancel());
  }
}

function lifeOf(answer: Answer<AnyRecord>): number {
  if (answer.kind === "none") return noneMs;
  if (answer.kind === "failed") return failureMs;
  return Math.min(longestMs, ...answer.records.map((record) => ("ttl" in record ? record.ttl * 1_000 : longestMs)));
}

type AnyRecord = RecordOf[RecordType];
