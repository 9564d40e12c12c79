/**
 * The registrar, RFC 3261 §10.3: phones of known users sign in by digest and say where they are. The living bindings are in
 * memory; the store is written behind, because a database that is away must not keep phones from registering.
 */
import type { Clock, Logger, Timer } from "../../kernel/index.ts";
import type { Challenger } from "../auth/challenger.ts";
import { responseTo } from "../message/builder.ts";
import { wholeNumber } from "../message/cseq.ts";
import type { HeaderPair } from "../message/header-list.ts";
import type { SipRequest } from "../message/message.ts";
import { parseNameAddr } from "../message/name-addr.ts";
import { parseUri } from "../message/uri.ts";
import type { BareAnswer } from "../request-checks.ts";
import { sequenceOf } from "../transaction/matching.ts";
import type { NonInviteServerTransaction } from "../transaction/non-invite-server.ts";
import type { SipAddress } from "../transport/transport.ts";
import {
  type AskedContact,
  type Binding,
  type BindingStore,
  isSameBinding,
  type Phone,
  type PhoneCredentials,
  readContact,
} from "./binding.ts";
import { flowParams, lacksOutboundHop, outboundHeaders, usesOutbound } from "./outbound.ts";

export type RegistrarOptions = {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of kind `www`. */
  readonly challenger: Challenger;
  readonly credentials: PhoneCredentials;
  readonly store: BindingStore;
  /** Server header. */
  readonly product: string;
  readonly minExpiresS?: number;
  readonly maxExpiresS?: number;
  readonly defaultExpiresS?: number;
  /** Contacts a phone may have at once. */
  readonly maxContacts?: number;
  /** Whether the way a REGISTER came by is still there: false once its connection has closed, because nobody can open it again from here. */
  readonly isReachable?: (source: SipAddress) => boolean;
};

const sweepMs = 30_000;
const limits = { minExpiresS: 60, maxExpiresS: 7_200, defaultExpiresS: 3_600, maxContacts: 10 };

export class Registrar {
  readonly #options: RegistrarOptions & typeof limits;
  readonly #bindings = new Map<string, Binding[]>();
  readonly #watchers = new Set<(phoneId: string) => void>();
  #sweep: Timer | undefined;
  #isClosed = false;

  constructor(options: RegistrarOptions) {
    this.#options = { ...limits, ...options };
  }

  /** Takes over the bindings of before a restart. */
  async load(): Promise<void> {
    for (const binding of await this.#options.store.load()) this.#put(binding);
    this.#armSweep();
  }

  /** Where a phone can be reached now, the preferred contact first; the newest first among equals. */
  contactsOf(phoneId: string): readonly Binding[] {
    const now = this.#options.clock.now();
    return (this.#bindings.get(phoneId) ?? [])
      .filter((binding) => binding.expiresAtMs > now && this.#isReachable(binding))
      .toSorted((a, b) => b.preference - a.preference || b.expiresAtMs - a.expiresAtMs);
  }

  /** Hears of each phone that has come, gone or moved. The handler must not throw. */
  watch(handler: (phoneId: string) => void): { close(): void } {
    this.#watchers.add(handler);
    return { close: () => void this.#watchers.delete(handler) };
  }

  /** For `SipStackOptions.screen`: a REGISTER that answers no challenge of ours is challenged without state. */
  screen(request: SipRequest): BareAnswer | undefined {
    const { challenger } = this.#options;
    if (request.method !== "REGISTER" || challenger.isAnswered(request)) return undefined;
    return { status: challenger.status, headers: challenger.challenge(request) };
  }

  /** For `SipStack.onRegister`. */
  async register(transaction: NonInviteServerTransaction): Promise<void> {
    const { request, source } = transaction;
    const { status, headers = [] } = await this.#decide(request, source);
    const toTag = this.#tagOf(request);
    transaction.respond(responseTo(request, status, { toTag, headers: [["Server", this.#options.product], ...headers] }));
  }

  close(): void {
    this.#isClosed = true;
    this.#sweep?.cancel();
  }

  async #decide(request: SipRequest, source: SipAddress): Promise<BareAnswer> {
    const { challenger, credentials, logger } = this.#options;
    const username = challenger.claimedUsername(request);
    if (username === undefined) return { status: challenger.status, headers: challenger.challenge(request) };
    let phone: Phone | undefined;
    try {
      phone = await credentials.find(username);
    } catch (error) {
      logger.warn({ err: error }, "cannot look up a phone that registers");
      return { status: 503, headers: [["Retry-After", "10"]] };
    }
    const result = challenger.verify(request, phone && { phone, ha1: { md5: phone.ha1Md5, sha256: phone.ha1Sha256 } });
    if (result.kind !== "accepted") return { status: challenger.status, headers: challenger.challenge(request, result.kind === "stale") };
    if (userOf(request.headers.get("To")) !== username) return { status: 403 };
    return this.#update(request, source, result.user.phone);
  }

  /** All contacts of the request or none (§10.3 item 7). */
  #update(request: SipRequest, source: SipAddress, phone: Phone): BareAnswer {
    // A browser is a new contact each time its page is loaded.
    for (const binding of this.#bindings.get(phone.phoneId) ?? []) if (!this.#isReachable(binding)) this.#remove(binding);
    const values = request.headers.all("Contact");
    const headerExpires = request.headers.get("Expires");
    const current = [...this.contactsOf(phone.phoneId)];
    const sequence = sequenceOf(request);
    const callId = request.headers.get("Call-ID") ?? "";
    const isLate = (binding: Binding) => binding.callId === callId && binding.sequence >= sequence;

    if (values.some((value) => value.trim() === "*")) {
      if (values.length !== 1 || wholeNumber(headerExpires) !== 0) return { status: 400 };
      if (current.some(isLate)) return { status: 500 };
      for (const binding of current) this.#remove(binding);
      return this.#success(phone.phoneId);
    }

    const changes: { readonly asked: AskedContact; readonly seconds: number; readonly before: Binding | undefined }[] = [];
    for (const value of values) {
      const asked = readContact(value);
      if (asked === undefined) return { status: 400 };
      // A malformed value counts as the default (§10.2.1.1).
      const seconds = wholeNumber(asked.expires ?? headerExpires) ?? this.#options.defaultExpiresS;
      if (seconds > 0 && seconds < this.#options.minExpiresS)
        return { status: 423, headers: [["Min-Expires", String(this.#options.minExpiresS)]] };
      const before = current.find((binding) => isSameBinding(binding, asked));
      if (before !== undefined && isLate(before)) return { status: 500 };
      changes.push({ asked, seconds: Math.min(seconds, this.#options.maxExpiresS), before });
    }
    const isFlow = usesOutbound(
      request,
      changes.map(({ asked }) => asked),
    );
    if (isFlow && lacksOutboundHop(request)) return { status: 439 };
    const added = changes.filter(({ seconds, before }) => seconds > 0 && before === undefined).length;
    const removed = changes.filter(({ seconds, before }) => seconds === 0 && before !== undefined).length;
    if (current.length + added - removed > this.#options.maxContacts)
      return { status: 403, headers: [["Warning", '399 callwright "too many contacts"']] };

    for (const { asked, seconds, before } of changes) {
      if (before !== undefined && (seconds === 0 || before.contact !== asked.contact)) this.#remove(before);
      if (seconds === 0) continue;
      const { accountId, phoneId } = phone;
      const { contact, flow, preference } = asked;
      const expiresAtMs = this.#options.clock.now() + seconds * 1_000;
      const binding = {
        accountId,
        phoneId,
        contact,
        flow,
        preference,
        callId,
        sequence,
        expiresAtMs,
        source,
        userAgent: request.headers.get("User-Agent"),
      };
      this.#put(binding);
      this.#behind(this.#options.store.save(binding));
    }
    this.#armSweep();
    return this.#success(phone.phoneId, isFlow ? outboundHeaders : []);
  }

  #isReachable({ source }: Binding): boolean {
    return this.#options.isReachable?.(source) ?? true;
  }

  #success(phoneId: string, more: readonly HeaderPair[] = []): BareAnswer {
    const now = this.#options.clock.now();
    const headers = this.contactsOf(phoneId).map(
      (binding): HeaderPair => [
        "Contact",
        `<${binding.contact}>${flowParams(binding)};expires=${Math.ceil((binding.expiresAtMs - now) / 1_000)}`,
      ],
    );
    return { status: 200, headers: [...headers, ...more] };
  }

  #put(binding: Binding): void {
    const others = (this.#bindings.get(binding.phoneId) ?? []).filter((other) => !isSameBinding(other, binding));
    this.#bindings.set(binding.phoneId, [...others, binding]);
    this.#tell(binding.phoneId);
  }

  #remove(binding: Binding): void {
    const left = (this.#bindings.get(binding.phoneId) ?? []).filter((other) => other.contact !== binding.contact);
    if (left.length > 0) this.#bindings.set(binding.phoneId, left);
    else this.#bindings.delete(binding.phoneId);
    this.#tell(binding.phoneId);
    this.#behind(this.#options.store.remove(binding.phoneId, binding.contact));
  }

  #tell(phoneId: string): void {
    for (const watcher of this.#watchers) watcher(phoneId);
  }

  #behind(write: Promise<void>): void {
    write.catch((error: unknown) => this.#options.logger.warn({ err: error }, "a registration is only in memory"));
  }

  #armSweep(): void {
    if (this.#isClosed || this.#sweep !== undefined || this.#bindings.size === 0) return;
    this.#sweep = this.#options.clock.after(sweepMs, () => {
      this.#sweep = undefined;
      const now = this.#options.clock.now();
      for (const binding of [...this.#bindings.values()].flat()) if (binding.expiresAtMs <= now) this.#remove(binding);
      this.#armSweep();
    });
  }

  #tagOf(request: SipRequest): string {
    return `r${sequenceOf(request).toString(36)}${this.#options.clock.now().toString(36)}`;
  }
}

function userOf(value = ""): string | undefined {
  const address = parseNameAddr(value);
  const uri = parseUri(address.ok ? address.value.uri : "");
  return uri.ok ? uri.value.user : undefined;
}
