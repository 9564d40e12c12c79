/** SIP transports on sockets of the loopback, with what arrives to be awaited one by one. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { silentLogger } from "../../src/kernel/index.ts";
import { requestOf } from "../../src/sip/message/builder.ts";
import { formatMessage } from "../../src/sip/message/format-message.ts";
import type { SipMessage, SipRequest } from "../../src/sip/message/message.ts";
import { openSipTransport, type SipTransportOptions, type SocketSipTransport } from "../../src/sip/transport/sip-transport.ts";
import type { TlsSettings } from "../../src/sip/transport/tls/certificates.ts";
import type { SipAddress, SipProtocol } from "../../src/sip/transport/transport.ts";
import { VirtualClock } from "./virtual-clock.ts";

export const loopback = "127.0.0.1";

const tlsFolder = join(import.meta.dirname, "../fixtures/tls");
/** A CA, `server/` with what it vouches for, a client's certificate, and `stranger`, which nobody vouches for. Valid until 2126. */
export const tlsFixture = (name: string) => join(tlsFolder, name);

export const serverTls: TlsSettings = {
  directory: tlsFixture("server"),
  caFile: tlsFixture("ca.crt"),
  clientCertificates: "off",
  verifiesServers: true,
};

/** Closes what a test opened, the latest first. */
export class Closers {
  readonly #closers: (() => unknown)[] = [];

  add(close: () => unknown): void {
    this.#closers.push(close);
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).toReversed()) await close();
  }
}

export class Inbox {
  readonly #arrived: [SipMessage, SipAddress][] = [];
  #waiting: ((item: [SipMessage, SipAddress]) => void) | undefined;

  put(message: SipMessage, source: SipAddress): void {
    if (this.#waiting === undefined) this.#arrived.push([message, source]);
    else this.#waiting([message, source]);
    this.#waiting = undefined;
  }

  next(): Promise<[SipMessage, SipAddress]> {
    const first = this.#arrived.shift();
    if (first !== undefined) return Promise.resolve(first);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  async nextRequest(): Promise<[SipRequest, SipAddress]> {
    const [message, source] = await this.next();
    if (message.kind !== "request") throw new Error("not a request");
    return [message, source];
  }
}

export type OpenTransport = { readonly transport: SocketSipTransport; readonly clock: VirtualClock; readonly inbox: Inbox };

export async function openTransport(closers: Closers, options: Partial<SipTransportOptions> = {}): Promise<OpenTransport> {
  const clock = new VirtualClock();
  const transport = await openSipTransport({ host: loopback, port: 0, clock, logger: silentLogger, ...options });
  closers.add(() => transport.close());
  const inbox = new Inbox();
  transport.onMessage((message, source) => inbox.put(message, source));
  return { transport, clock, inbox };
}

/** One with a further listener of that protocol, and its address. */
export async function openWith(closers: Closers, protocol: SipProtocol, options: Partial<SipTransportOptions> = {}) {
  const opened = await openTransport(closers, { listeners: [{ protocol, host: loopback, port: 0 }], tls: serverTls, ...options });
  const listener = opened.transport.listeners.find((other, index) => index >= 2 && other.protocol === protocol);
  if (listener === undefined) throw new Error(`no listener for ${protocol}`);
  const address: SipAddress = { protocol, address: loopback, port: listener.port };
  return { ...opened, listener, address };
}

export function optionsRequest(via: string, callId = "c"): SipRequest {
  return requestOf({ method: "OPTIONS", uri: "sip:b@h", via, from: "<sip:a>;tag=1", to: "<sip:b>", callId, sequence: 1 });
}

export function optionsBytes(protocol: SipProtocol, callId = "c"): Buffer {
  return formatMessage(optionsRequest(`SIP/2.0/${protocol.toUpperCase()} client.invalid;branch=z9hG4bK${callId};rport`, callId));
}

/** The reason for which sending failed. */
export function failure(send: (failed: (reason: string) => void) => void): Promise<string> {
  return new Promise(send);
}

export async function connectedTo(closers: Closers, port: number): Promise<Socket> {
  const socket = connect(port, loopback);
  // Cut off by the other side is what many tests are about.
  socket.on("error", () => undefined);
  closers.add(() => socket.destroy());
  await once(socket, "connect");
  return socket;
}

export async function textFrom(socket: Socket): Promise<string> {
  const [chunk] = await once(socket, "data");
  return String(chunk);
}
