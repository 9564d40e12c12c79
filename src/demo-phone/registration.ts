/**
 * Keeps a phone registered (RFC 3261 §10.2). Bindings that a former process left are removed first: nobody listens there any more.
 *
 * | state | answer | next |
 * |---|---|---|
 * | clearing or registering | 401 or 407, once | the same with credentials |
 * | clearing | 2xx | registering |
 * | registering | 2xx | registering again, after half of what was granted |
 * | any | anything else | clearing, after the pause |
 */
import type { Clock, Ids, Timer } from "../kernel/index.ts";
import { authorize, type HeaderPair, type SipResponse, type SipStack } from "../sip/index.ts";
import type { PhoneAccount } from "./settings.ts";

export type RegistrationOptions = {
  readonly stack: Pick<SipStack, "request" | "contactUri">;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly account: PhoneAccount;
};

const wantedS = 300;
const pauseMs = 2000;
/** The phone stands in for a real one: whoever registers with the usual preference is rung instead. */
const preference = 0.1;

type Purpose = "clearing" | "registering";

export class Registration {
  readonly #options: RegistrationOptions;
  /** One for all requests of a registration (RFC 3261 §10.2). */
  readonly #callId: string;
  readonly #tag: string;
  #sequence = 0;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: RegistrationOptions) {
    this.#options = options;
    this.#callId = options.ids.random(16);
    this.#tag = options.ids.random(8);
  }

  start(): void {
    this.#send("clearing");
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #send(purpose: Purpose, authorization?: HeaderPair): void {
    const { stack, ids, account } = this.#options;
    const address = `<sip:${account.username}@${account.domain}>`;
    const contact = `<${stack.contactUri(account.username, { protocol: "udp", ...account.registrar })}>;q=${preference}`;
    const own: readonly HeaderPair[] =
      purpose === "clearing"
        ? [
            ["Contact", "*"],
            ["Expires", "0"],
          ]
        : [
            ["Contact", contact],
            ["Expires", String(wantedS)],
          ];
    const request = {
      method: "REGISTER",
      uri: uriOf(account),
      from: `${address};tag=${this.#tag}`,
      to: address,
      callId: this.#callId,
      branch: `z9hG4bK${ids.random(12)}`,
      sequence: ++this.#sequence,
      destinations: [{ protocol: "udp", ...account.registrar }],
      headers: authorization === undefined ? own : [...own, authorization],
    } as const;
    stack.request(request, ({ status, response }) => {
      if (!this.#isClosed) this.#answered(purpose, status, response, authorization !== undefined);
    });
  }

  #answered(purpose: Purpose, status: number, response: SipResponse | undefined, wasSigned: boolean): void {
    const authorization = wasSigned || response === undefined ? undefined : this.#authorizationFor(response);
    if ((status === 401 || status === 407) && authorization !== undefined) this.#send(purpose, authorization);
    else if (status < 200 || status >= 300) this.#later(pauseMs, "clearing");
    else if (purpose === "clearing") this.#send("registering");
    else this.#later((wantedS * 1000) / 2, "registering");
  }

  #authorizationFor(challenge: SipResponse): HeaderPair | undefined {
    const { account, ids } = this.#options;
    const { username, password } = account;
    return authorize(challenge, {
      username,
      secret: { password },
      method: "REGISTER",
      uri: uriOf(account),
      cnonce: ids.random(8),
      count: 1,
    });
  }

  #later(delayMs: number, purpose: Purpose): void {
    this.#timer = this.#options.clock.after(delayMs, () => this.#send(purpose));
  }
}

function uriOf({ domain }: PhoneAccount): string {
  return `sip:${domain}`;
}
