/** A message as it stood on the wire, and what is read out of it once somebody looks. */
import type { SipMessage } from "../message/message.ts";
import { tagOf } from "../message/name-addr.ts";
import { parseMessage } from "../message/parse-message.ts";
import type { SipProtocol } from "../transport/transport.ts";

export type Direction = "sent" | "received";

/** `address` is what a peer sees of us, so for our own side it may be a host name. */
export type Endpoint = { readonly address: string; readonly port: number };

export type TracedMessage = {
  /** Grows with each message of this process. */
  readonly order: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly direction: Direction;
  readonly protocol: SipProtocol;
  /** Ours. */
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Call-ID; its bytes one character each. */
  readonly callId: string;
  readonly bytes: Buffer;
};

type Tags = { readonly from: string | undefined; readonly to: string | undefined };

/** `message` is undefined when the bytes are none that could be answered. */
export function readTraced({ bytes }: TracedMessage): SipMessage | undefined {
  const parsed = parseMessage(bytes);
  return parsed.ok ? parsed.value : parsed.refusable?.request;
}

function tagsOf(message: SipMessage): Tags {
  return { from: tagOf(message.headers.get("From") ?? ""), to: tagOf(message.headers.get("To") ?? "") };
}

/** The tags of our side and of the peer's: From is the sender's in a request, and stays that in its responses (RFC 3261 §8.2.6.2). */
export function sidesOf(
  message: SipMessage,
  direction: Direction,
): { readonly local: string | undefined; readonly remote: string | undefined } {
  const { from, to } = tagsOf(message);
  const isOurRequest = (message.kind === "request") === (direction === "sent");
  return isOurRequest ? { local: from, remote: to } : { local: to, remote: from };
}

/** By order of `messages`, which is that of time: for each the earlier one of which it is a repeat (RFC 3261 §17), byte for byte. */
export function repeatsOf(messages: readonly TracedMessage[]): readonly (number | undefined)[] {
  const firsts = new Map<string, number>();
  return messages.map(({ protocol, direction, remote, bytes }, index) => {
    if (protocol !== "udp") return undefined;
    const key = `${direction} ${remote.address} ${remote.port} ${bytes.toString("latin1")}`;
    const first = firsts.get(key);
    if (first === undefined) firsts.set(key, index);
    return first;
  });
}
