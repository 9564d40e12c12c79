/** Where calls go and where they may come from, by what is configured. Answers at once, from memory. */
import { type Directory, isE164, type Phone, type PhoneNumber, type Trunk, type User } from "../directory/index.ts";
import { type Binding, parseUri, targetOf } from "../sip/index.ts";
import { addressOfRecord, nameOf } from "./colleague.ts";
import type { Routes } from "./decide/step.ts";
import type { Address, LegRoute, Presentation } from "./model.ts";
import { outcomes } from "./outcome.ts";
import { anonymous, phonePolicy, presentTo, type Receiver, strangerPolicy } from "./presentation.ts";

/** The live registrations of a phone. */
export type Registrations = { contactsOf(phoneId: string): readonly Binding[] };

export type RoutingOptions = {
  readonly directory: Directory;
  readonly registrations: Registrations;
  /** Host of our own addresses of record. */
  readonly domain: string;
  /** Hosts whose SIP addresses may be called directly; none when left out. */
  readonly sipHosts?: readonly string[];
};

export class Routing {
  readonly #options: RoutingOptions;

  constructor(options: RoutingOptions) {
    this.#options = options;
  }

  /** Outgoing legs to an address: by trunk to a number, by registration to a user. */
  route(accountId: string, to: Address, callerId: string, told: Presentation = {}): Routes {
    const own = callerId === anonymous ? this.#options.directory.numbers.list(accountId)[0]?.number : undefined;
    const shown: Shown = { callerId, ...(own !== undefined && { withheld: own }), ...told };
    if (to.kind === "number") return this.#byTrunk(accountId, to.number, shown);
    if (to.kind === "user") {
      const phones = this.#options.directory.phones.byUser(to.userId);
      return this.#toPhones(
        phones.filter((phone) => phone.accountId === accountId),
        shown,
      );
    }
    const direct = this.#directRoute(to.uri, shown);
    if (direct !== undefined) return { ok: true, routes: [direct] };
    const phone = this.#phoneNamed(accountId, to.uri);
    return phone === undefined ? { ok: false, outcome: outcomes.noRoute(to.uri) } : this.#toPhones([phone], shown);
  }

  /**
   * Where the contacts of a 3xx lead (RFC 3261 §8.1.3.4): on the same trunk, to a number or phone of ours, or to a host that may be called. Others
   * are left out: a far end must not make us call whomever it likes.
   */
  redirect(
    accountId: string,
    from: LegRoute,
    contacts: readonly string[],
    callerId: string,
    told: Presentation,
  ): readonly LegRoute[] | "pass" {
    const trunk = from.trunkId === undefined ? undefined : this.#options.directory.trunks.get(accountId, from.trunkId);
    if (trunk?.policy.redirects === "pass") return "pass";
    return contacts.flatMap((contact) => this.#redirected(accountId, trunk, from, contact, { callerId, ...told }));
  }

  /** Whom a number, an extension or the name of a phone means in this account; undefined when nobody. */
  destination(accountId: string, to: string): Address | undefined {
    if (isE164(to)) return { kind: "number", number: to };
    const line = this.#options.directory.lines.byNumber(accountId, to);
    const user = line && this.#options.directory.users.get(accountId, line.userId);
    if (line !== undefined && user !== undefined) return { kind: "user", userId: user.id, name: nameOf(user), number: line.number };
    return this.#phoneNamed(accountId, to) === undefined ? undefined : { kind: "uri", uri: to };
  }

  /** True when a call to this URI leads somewhere: a phone of the account, or a SIP host that may be called. */
  mayCall(accountId: string, uri: string): boolean {
    return this.#directRoute(uri, { callerId: anonymous }) !== undefined || this.#phoneNamed(accountId, uri) !== undefined;
  }

  /** This user as a party of calls. */
  addressOfUser(user: User): Address {
    const line = this.#options.directory.lines.byUser(user.id)[0];
    return { kind: "user", userId: user.id, name: nameOf(user), ...(line && { number: line.number }) };
  }

  /** The trunks that accept calls from this source address. */
  trunksFrom(address: string): readonly Trunk[] {
    return this.#options.directory.trunks.bySource(address);
  }

  /** The number that was called on one of these trunks, when its account owns it. */
  numberCalled(trunks: readonly Trunk[], called: string): { readonly trunk: Trunk; readonly number: PhoneNumber } | undefined {
    const number = this.#options.directory.numbers.byNumber(called) ?? this.#options.directory.numbers.byNumber(`+${called}`);
    const trunk = trunks.find(({ accountId }) => accountId === number?.accountId);
    return number !== undefined && trunk !== undefined ? { trunk, number } : undefined;
  }

  /** The number somebody shows who calls `to`: colleagues see the extension, everybody else the account's first number. */
  shownTo(to: Address, from: Address, accountId: string): string | undefined {
    const extension = from.kind === "user" && to.kind !== "number" ? from.number : undefined;
    return extension ?? this.#options.directory.numbers.list(accountId)[0]?.number;
  }

  userOf(phone: Phone): User | undefined {
    return this.#options.directory.users.get(phone.accountId, phone.userId);
  }

  #byTrunk(accountId: string, number: string, shown: Shown): Routes {
    const taking = this.#options.directory.trunks.list(accountId).flatMap((trunk) => {
      const prefix = trunk.prefixes.filter((candidate) => number.startsWith(candidate)).toSorted((a, b) => b.length - a.length)[0];
      return prefix === undefined ? [] : [{ trunk, length: prefix.length }];
    });
    const best = taking.toSorted((a, b) => b.length - a.length || a.trunk.priority - b.trunk.priority)[0]?.trunk;
    return best === undefined
      ? { ok: false, outcome: outcomes.noRoute(number) }
      : { ok: true, routes: [this.#trunkRoute(best, number, shown)] };
  }

  #trunkRoute(trunk: Trunk, number: string, shown: Shown): LegRoute {
    const host = trunk.host.includes(":") ? `[${trunk.host}]` : trunk.host;
    const authority = trunk.port === null || trunk.port === (trunk.transport === "tls" ? 5061 : 5060) ? host : `${host}:${trunk.port}`;
    const uri = `sip:${number}@${authority}`;
    const requestUri = trunk.transport === null || trunk.transport === "udp" ? uri : `${uri};transport=${trunk.transport}`;
    return {
      trunkId: trunk.id,
      requestUri,
      host: trunk.host,
      ...(trunk.port !== null && { port: trunk.port }),
      ...(trunk.transport !== null && { protocol: trunk.transport }),
      ...this.#presented(trunk.policy, requestUri, shown),
      toUri: uri,
      mediaToSource: trunk.mediaToSource,
      ...(trunk.codecs !== null && { codecs: trunk.codecs }),
      ...(trunk.policy.keptHeaders.length > 0 && { keeps: trunk.policy.keptHeaders.map((name) => name.toLowerCase()) }),
    };
  }

  #redirected(accountId: string, trunk: Trunk | undefined, from: LegRoute, contact: string, shown: Shown): readonly LegRoute[] {
    const parsed = writable.test(contact) ? parseUri(contact) : undefined;
    if (parsed?.ok !== true || parsed.value.headers.size > 0) return [];
    const { scheme, user = "", host } = parsed.value;
    const isOnTrunk = scheme === "sip" && trunk !== undefined && [trunk.host, ...trunk.sourceAddresses].includes(host.toLowerCase());
    if (isOnTrunk) {
      const { port: before, protocol: usual, ...rest } = from;
      const { port = host === from.host ? before : undefined, protocol = usual } = targetOf(parsed.value);
      const target = { requestUri: contact, host, ...(port !== undefined && { port }), ...(protocol && { protocol }) };
      return [{ ...rest, ...this.#presented(trunk.policy, contact, shown), ...target }];
    }
    const isOurs = scheme === "tel" || (scheme === "sip" && host.toLowerCase() === this.#options.domain.toLowerCase());
    const to = isOurs
      ? this.destination(
          accountId,
          user.replace(/^\+[-.()\d]+$/, (number) => number.replace(/[-.()]/g, "")),
        )
      : undefined;
    const direct = to === undefined ? this.#directRoute(contact, shown) : undefined;
    if (to === undefined) return direct === undefined ? [] : [direct];
    const { callerId, ...told } = shown;
    const routes = this.route(accountId, to, callerId, told);
    return routes.ok ? routes.routes : [];
  }

  /** To a `sip:` or `sips:` URI on a host that may be called (RFC 3261 §19.1.1). Its maddr is not followed: that would be another host. */
  #directRoute(uri: string, shown: Shown): LegRoute | undefined {
    const parsed = writable.test(uri) ? parseUri(uri) : undefined;
    if (parsed?.ok !== true || parsed.value.scheme === "tel") return undefined;
    const { user, host, headers } = parsed.value;
    if (user === undefined || headers.size > 0 || this.#options.sipHosts?.includes(host.toLowerCase()) !== true) return undefined;
    const { port, protocol: named, isSecure } = targetOf(parsed.value);
    // Nobody listens for WebSocket but servers, which are no phones.
    if (named === "ws" || named === "wss") return undefined;
    const protocol = isSecure === true ? "tls" : named;
    return {
      requestUri: uri,
      host,
      ...(port !== undefined && { port }),
      ...(protocol && { protocol }),
      ...this.#presented(strangerPolicy, uri, shown),
      toUri: uri,
      mediaToSource: false,
    };
  }

  /** All contacts ring at once that have the highest preference (RFC 3261 §20.10): one with a lower q stands in while nobody else is there. */
  #toPhones(phones: readonly Phone[], shown: Shown): Routes {
    const found = phones.flatMap((phone) => this.#options.registrations.contactsOf(phone.id).map((binding) => ({ phone, binding })));
    const highest = Math.max(...found.map(({ binding }) => binding.preference));
    const routes = found
      .filter(({ binding }) => binding.preference === highest)
      .map(
        ({ phone, binding: { contact, source } }): LegRoute => ({
          phoneId: phone.id,
          requestUri: contact,
          host: source.address,
          port: source.port,
          protocol: source.protocol,
          ...(source.listener !== undefined && { listener: source.listener }),
          ...this.#presented(phonePolicy, contact, shown),
          toUri: this.#uriOf(phone.username),
          mediaToSource: true,
        }),
      );
    return routes.length === 0 ? { ok: false, outcome: outcomes.notRegistered() } : { ok: true, routes };
  }

  #presented(policy: Receiver["policy"], target: string, { callerId, ...told }: Shown) {
    return presentTo({ policy, target, uriOf: (user) => this.#uriOf(user) }, callerId, told);
  }

  #uriOf(user: string): string {
    return addressOfRecord(user, this.#options.domain);
  }

  /** A phone of this account by its user name, with or without our domain. */
  #phoneNamed(accountId: string, uri: string): Phone | undefined {
    const parsed = parseUri(uri);
    const name = parsed.ok && parsed.value.scheme !== "tel" ? parsed.value.user : uri;
    const phone = name === undefined ? undefined : this.#options.directory.phones.byUsername(name);
    return phone?.accountId === accountId ? phone : undefined;
  }
}

type Shown = Presentation & { readonly callerId: string };

/** What can stand in a request line and between < and > as it is. */
const writable = /^[!#-;=?-~]{1,255}$/;
