/** A whole SIP stack of a user agent server without sockets: bytes go in as a socket would hand them up, bytes come out. */
import { type Logger, silentLogger, systemIds } from "../../src/kernel/index.ts";
import { authorize } from "../../src/sip/auth/authorization.ts";
import { Challenger } from "../../src/sip/auth/challenger.ts";
import { ha1Of } from "../../src/sip/auth/digest.ts";
import type { InviteUsage } from "../../src/sip/dialog/invite-usage.ts";
import { formatMessage } from "../../src/sip/message/format-message.ts";
import type { SipMessage, SipRequest, SipResponse } from "../../src/sip/message/message.ts";
import { parseMessage } from "../../src/sip/message/parse-message.ts";
import { StreamParser } from "../../src/sip/message/stream-parser.ts";
import { Registrar } from "../../src/sip/registration/registrar.ts";
import { SipStack, type SipStackOptions } from "../../src/sip/stack.ts";
import { Receiver } from "../../src/sip/transport/receiver.ts";
import type { SipAddress, SipTransport } from "../../src/sip/transport/transport.ts";
import { recorded } from "./sip-ends.ts";
import { VirtualClock } from "./virtual-clock.ts";

export const peerAddress: SipAddress = { protocol: "udp", address: "198.51.100.7", port: 5062 };
const realm = "wire";
const password = "secret";

/** INVITEs ring; REGISTERs reach a registrar at which every name is known. */
export function wireStack(options: Partial<SipStackOptions> = {}) {
  const clock = new VirtualClock();
  /** What was logged as an error: a handler that threw. */
  const errors: unknown[] = [];
  const logger: Logger = { ...silentLogger, error: (...args: unknown[]) => void errors.push(args) };
  const receiver = new Receiver(logger);
  const sent: { readonly message: SipMessage; readonly destination: SipAddress }[] = [];
  const send = (bytes: Uint8Array, destination: SipAddress, message?: SipMessage) => {
    const parsed = parseMessage(bytes);
    if (parsed.ok) sent.push({ message: parsed.value, destination });
    // A refusal repeats the very fields that could not be read.
    else if (message?.kind === "response" && [400, 505, 513].includes(message.status)) sent.push({ message, destination });
    else throw new Error(`wrote an unreadable SIP message: ${parsed.reason}\n${Buffer.from(bytes).toString()}`);
  };
  const transport: SipTransport = {
    send: (message, destination) => send(formatMessage(message), destination, message),
    sendBytes: (bytes, destination) => send(bytes, destination),
    sentBy: () => ({ host: "192.0.2.1", port: 5060 }),
    onMessage: (handler) => receiver.onMessage(handler),
    tap: (tap) => void (receiver.tap = tap),
    close: async () => undefined,
  };
  const ids = systemIds(clock);
  const challenger = new Challenger({ clock, ids, realm, secret: Buffer.from("k"), kind: "www" });
  const registrar = new Registrar({
    clock,
    logger: silentLogger,
    challenger,
    credentials: {
      find: (username) => {
        const ha1 = ha1Of(username, realm, password);
        return { accountId: "account", phoneId: username, ha1Md5: ha1.md5, ha1Sha256: ha1.sha256 };
      },
    },
    store: { load: async () => [], save: async () => undefined, remove: async () => undefined },
    product: "wire",
  });
  const stack = new SipStack({
    transport,
    clock,
    ids,
    logger,
    product: "wire",
    screen: (request) => registrar.screen(request),
    ...options,
  });
  receiver.onMalformed((request, status, _reason, source) => stack.answerWithoutState(request, source, { status }));
  const invited: { readonly request: SipRequest; readonly usage: InviteUsage; readonly log: ReturnType<typeof recorded> }[] = [];
  stack.onInvite((transaction) => {
    const log = recorded();
    const usage = stack.acceptInvite(transaction, { localTag: `tag-${invited.length}`, contact: "sip:leg@192.0.2.1" }, log.events);
    invited.push({ request: transaction.request, usage, log });
    usage.ring(180);
  });
  stack.onRegister((transaction) => void registrar.register(transaction));

  const take = (bytes: Uint8Array, source = peerAddress) => receiver.take(parseMessage(bytes), source, bytes);
  /** What the stack says to one datagram, before any time passes. */
  const receive = async (bytes: Uint8Array, source = peerAddress): Promise<SipMessage[]> => {
    const before = sent.length;
    take(bytes, source);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    return sent.slice(before).map(({ message }) => message);
  };
  /** The same for a connection that brings these bytes; `isBroken` when it must be closed. */
  const receiveStream = (bytes: Uint8Array) => {
    const before = sent.length;
    const parser = new StreamParser();
    for (const item of parser.feed(bytes))
      if (item.kind === "message") receiver.take(item.message, { ...peerAddress, protocol: "tcp" }, item.bytes);
    const { isBroken, pendingBytes } = parser;
    return { isBroken, pendingBytes, answers: sent.slice(before).map(({ message }) => message) };
  };
  return { clock, stack, registrar, counters: receiver.counters, sent, invited, errors, take, receive, receiveStream };
}

/** The request once more with credentials of `username` for the challenge in `answer`. */
export function signed(bytes: Uint8Array, answer: SipResponse, username: string): Uint8Array {
  const parsed = parseMessage(bytes);
  if (!parsed.ok || parsed.value.kind !== "request") throw new Error("not a request");
  const { method, uri } = parsed.value;
  const header = authorize(answer, { username, secret: { password }, method, uri, cnonce: "c", count: 1 });
  if (header === undefined) throw new Error("no challenge we can answer");
  const headers = parsed.value.headers.clone();
  headers.append(...header);
  headers.replaceFirst("Via", `${headers.get("Via")}2`);
  return formatMessage({ ...parsed.value, headers });
}
