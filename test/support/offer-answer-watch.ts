/**
 * Watches one side's wire for what RFC 3264 §4 forbids: a new offer, or an answer to the peer's, while an offer of its own is unanswered.
 * Bodies name what they are: `s=offer`, `s=answer`.
 */
import type { SipMessage } from "../../src/sip/message/message.ts";

export class OfferAnswerWatch {
  readonly wrong: string[] = [];
  /** CSeq of the transaction whose message had our unanswered offer. */
  #outstanding: string | undefined;
  /** Repeats say nothing new. */
  readonly #sent = new Set<string>();

  sent(message: SipMessage): void {
    const sequence = message.headers.get("CSeq") ?? "";
    const kind = kindOf(message);
    const isRequest = message.kind === "request";
    const key = `${isRequest ? message.method : message.status} ${sequence} ${message.headers.get("RSeq") ?? ""} ${isRequest}`;
    if (kind === undefined || this.#sent.has(key)) return;
    this.#sent.add(key);
    const name = `${isRequest ? message.method : message.status} ${kind} (${sequence})`;
    // Our own offer that came in a provisional answer and was not taken there comes again in the 2xx.
    const isOwn = this.#outstanding === `${isRequest ? "ours" : "theirs"} ${sequence}`;
    if (this.#outstanding !== undefined && !isOwn && (isRequest ? kind === "offer" : message.status < 300))
      this.wrong.push(`${name} while ${this.#outstanding} waits`);
    const isPreview = !isRequest && message.status < 200 && !message.headers.has("RSeq");
    if (kind === "offer" && !isPreview) this.#outstanding = `${isRequest ? "ours" : "theirs"} ${sequence}`;
  }

  heard(message: SipMessage): void {
    const sequence = message.headers.get("CSeq") ?? "";
    const kind = kindOf(message);
    if (message.kind === "response") {
      const isFinal = message.status >= 200 || (kind === "answer" && message.headers.has("RSeq"));
      if (isFinal && this.#outstanding === `ours ${sequence}`) this.#outstanding = undefined;
    } else if (
      this.#outstanding?.startsWith("theirs") === true &&
      (message.method === "ACK" || (message.method === "PRACK" && kind === "answer"))
    )
      this.#outstanding = undefined;
  }
}

function kindOf(message: SipMessage): "offer" | "answer" | undefined {
  const text = Buffer.from(message.body).toString();
  return text === "s=offer" ? "offer" : text === "s=answer" ? "answer" : undefined;
}
