import { Resolver } from "node:dns/promises";
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import { isSpecialAddress } from "./address-guard.ts";
import { AddressRefused, guardedLookup } from "./lookup.ts";
import type { OutgoingRequest } from "./request.ts";

/**
 * For each origin, so that a slow one keeps nobody else waiting. Idle connections end before common servers end them (5 s and more):
 * a request then seldom meets one that is just being closed.
 */
const limits = { keepAlive: true, maxSockets: 128, maxFreeSockets: 16, timeout: 4000 };
/** RFC 9110 §9.2.2. */
const idempotentMethods = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"];

/** Connections to any origin whose address may be reached, kept for a while. */
export class Connections {
  readonly #allowPrivate: boolean;
  readonly #resolver = new Resolver({ timeout: 2000, tries: 2 });
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;

  constructor(allowPrivate: boolean) {
    this.#allowPrivate = allowPrivate;
    const guarded = { ...limits, lookup: guardedLookup(this.#resolver, allowPrivate) };
    this.#http = new HttpAgent(guarded);
    this.#https = new HttpsAgent(guarded);
  }

  /** Settles with the head of the answer. Rejects with the signal's reason, AddressRefused, or what Node says. */
  async send(request: OutgoingRequest, url: URL, signal: AbortSignal): Promise<IncomingMessage> {
    signal.throwIfAborted();
    const host = url.hostname.replace(/^\[|\]$/g, "");
    if (!this.#allowPrivate && isIP(host) !== 0 && isSpecialAddress(host)) throw new AddressRefused(`the address is ${host}`);
    const { method, body } = request;
    const headers = { ...request.headers, ...(body !== undefined && { "Content-Length": Buffer.byteLength(body) }) };
    const start = () =>
      url.protocol === "https:"
        ? httpsRequest(url, { method, headers, signal, agent: this.#https })
        : httpRequest(url, { method, headers, signal, agent: this.#http });
    return await new Promise((resolve, reject) => {
      // A request that still waits for a connection of its agent does not hear its signal.
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      const attempt = (mayRepeat: boolean) => {
        let isAnswered = false;
        const sent = start();
        sent.on("response", (response) => {
          isAnswered = true;
          resolve(response);
        });
        sent.on("error", (error) => {
          // A kept connection that the server was closing meanwhile.
          if (mayRepeat && sent.reusedSocket && !isAnswered && !signal.aborted) attempt(false);
          else reject(error);
        });
        sent.end(body);
      };
      attempt(isRepeatable(request));
    });
  }

  close(): void {
    this.#resolver.cancel();
    this.#http.destroy();
    this.#https.destroy();
  }
}

function isRepeatable({ method, headers }: OutgoingRequest): boolean {
  return idempotentMethods.includes(method) || Object.keys(headers).some((name) => name.toLowerCase() === "idempotency-key");
}
