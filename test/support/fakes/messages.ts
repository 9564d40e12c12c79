/** Messages that every phone takes, written down. */
import { callRefusal, type MessageSender } from "../../../src/calls/index.ts";
import type { FakeDirectory } from "./directory.ts";

type Order = Parameters<MessageSender["send"]>[1];

export class FakeMessages implements MessageSender {
  readonly sent: (Order & { readonly accountId: string })[] = [];
  readonly #directory: FakeDirectory;

  constructor(directory: FakeDirectory) {
    this.#directory = directory;
  }

  async send(accountId: string, order: Order) {
    if (this.#directory.lines.byNumber(accountId, order.to) === undefined) throw callRefusal("CALL_DESTINATION_UNKNOWN", { to: order.to });
    if (Buffer.byteLength(order.text) > 800) throw callRefusal("MESSAGE_TOO_LARGE");
    this.sent.push({ accountId, ...order });
    return [{ phone: order.to, status: 200 }];
  }
}
