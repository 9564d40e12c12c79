import type { Input } from "./decide/inputs.ts";
import type { Call } from "./model.ts";
import type { HttpRequester } from "./ports.ts";

type Ended = Extract<Input, { kind: "request-ended" }>;

/** Keeps the HTTP requests under way the same as those that a call's state says are pending. */
export class PendingRequests {
  readonly #requester: HttpRequester;
  readonly #started = new Map<string, Set<string>>();

  constructor(requester: HttpRequester) {
    this.#requester = requester;
  }

  apply(call: Call, ended: (input: Ended) => void): void {
    const started = this.#started.get(call.id);
    const wanted = new Set<string>();
    for (const party of Object.values(call.parties)) {
      if (call.endedAt !== undefined) continue;
      for (const { requestId, ...what } of party.requests ?? []) {
        const key = `${call.id}-${party.id}-${requestId}`;
        wanted.add(key);
        if (started?.has(key)) continue;
        void this.#requester
          .start({ key, ...what })
          .then((result) => ended({ kind: "request-ended", partyId: party.id, requestId, ...result }));
      }
    }
    for (const key of started ?? []) if (!wanted.has(key)) this.#requester.cancel(key);
    if (wanted.size > 0) this.#started.set(call.id, wanted);
    else this.#started.delete(call.id);
  }
}
