/**
 * The reliable provisional answers to one INVITE of ours in one dialog (RFC 3262 §4).
 *
 *   RSeq                      then
 *   none                      an ordinary provisional answer
 *   the first, or last + 1    counts, and gets its PRACK
 *   last or lower             a repeat: dropped; the transaction of its PRACK repeats that
 *   higher                    dropped: the peer first repeats what is missing
 */
import { wholeNumber } from "../../message/cseq.ts";
import type { Body } from "../../message/builder.ts";
import type { SipResponse } from "../../message/message.ts";
import { sequenceOf } from "../../transaction/matching.ts";
import type { DialogRequests, RequestOutcome } from "../dialog-requests.ts";

export class ProvisionalAcknowledger {
  #last: number | undefined;

  take(response: SipResponse): "ordinary" | "reliable" | "dropped" {
    if (!isReliable(response)) return "ordinary";
    const sequence = wholeNumber(response.headers.get("RSeq")) ?? 0;
    if (sequence === 0 || (this.#last !== undefined && sequence !== this.#last + 1)) return "dropped";
    this.#last = sequence;
    return "reliable";
  }

  /** Sends PRACK for the answer taken last. */
  acknowledge(requests: DialogRequests, response: SipResponse, body: Body | undefined, done: (outcome: RequestOutcome) => void): void {
    requests.send("PRACK", { headers: [["RAck", `${this.#last} ${sequenceOf(response)} INVITE`]], body }, done);
  }
}

export function isReliable(response: SipResponse): boolean {
  return response.headers.lists("Require", "100rel");
}
