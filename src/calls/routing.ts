/** Where calls go and where they may come from, by what is configured. Answers at once, from memory. */
import type { Directory, Phone, PhoneNumber, Trunk, User } from "../directory/index.ts";
import { type Binding, parseUri } from "../sip/index.ts";
import type { Routes } from "./decide/step.ts";
import type { Address, LegRoute } from "./model.ts";
import { outcomes } from "./outcome.ts";

/** The live registrations of a phone. */
export type Registrations = { contactsOf(phoneId: string): readonly Binding[] };

export type RoutingOptions = {
  readonly directory: Directory;
  readonly registrations: Registrations;
  /** Host of our own addresses of record. */
  readonly domain: string;
};

export class Routing {
  readonly #options: RoutingOptions;

  constructor(options: RoutingOptions) {
    this.#options = options;
  }

  /** Outgoing legs to an address: by trunk to a number, by registration to a user. */
  route(accountId: string, to: Address, callerId: string): Routes {
    if (to.kind === "number") return this.#byTrunk(accountId, to.number, callerId);
    if (to.kind === "user") {
      const phones = this.#options.directory.phones.byUser(to.userId);
      return this.#toPhones(
        phones.filter((phone) => phone.accountId === accountId),
        callerId,
      );
    }
    const phone = this.#phoneNamed(accountId, to.uri);
    return phone === undefined ? { ok: false, outcome: outcomes.noRoute(to.uri) } : this.#toPhones([phone], callerId);
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

  /** The number a user shows when calling from a phone: the account's first. */
  callerIdOf(accountId: string): string | undefined {
    return this.#options.directory.numbers.list(accountId)[0]?.number;
  }

  userOf(phone: Phone): User | undefined {
    return this.#options.directory.users.get(phone.accountId, phone.userId);
  }

  #byTrunk(accountId: string, number: string, callerId: string): Routes {
    const taking = this.#options.directory.trunks.list(accountId).flatMap((trunk) => {
      const prefix = trunk.prefixes.filter((candidate) => number.startsWith(candidate)).toSorted((a, b) => b.length - a.length)[0];
      return prefix === undefined ? [] : [{ trunk, length: prefix.length }];
    });
    const best = taking.toSorted((a, b) => b.length - a.length || a.trunk.priority - b.trunk.priority)[0]?.trunk;
    return best === undefined
      ? { ok: false, outcome: outcomes.noRoute(number) }
      : { ok: true, routes: [this.#trunkRoute(best, number, callerId)] };
  }

  #trunkRoute(trunk: Trunk, number: string, callerId: string): LegRoute {
    const host = trunk.host.includes(":") ? `[${trunk.host}]` : trunk.host;
    const authority = trunk.port === 5060 ? host : `${host}:${trunk.port}`;
    const uri = `sip:${number}@${authority}`;
    return {
      trunkId: trunk.id,
      requestUri: trunk.transport === "tcp" ? `${uri};transport=tcp` : uri,
      host: trunk.host,
      port: trunk.port,
      protocol: trunk.transport,
      fromUri: this.#uriOf(callerId),
      toUri: uri,
      mediaToSource: trunk.mediaToSource,
    };
  }

  #toPhones(phones: readonly Phone[], callerId: string): Routes {
    const routes = phones.flatMap((phone) =>
      this.#options.registrations.contactsOf(phone.id).map(
        (binding): LegRoute => ({
          phoneId: phone.id,
          requestUri: binding.contact,
          host: binding.source.address,
          port: binding.source.port,
          protocol: binding.source.protocol,
          fromUri: this.#uriOf(callerId),
          toUri: this.#uriOf(phone.username),
          mediaToSource: true,
        }),
      ),
    );
    return routes.length === 0 ? { ok: false, outcome: outcomes.notRegistered() } : { ok: true, routes };
  }

  /** Callers' names come from anywhere: whatever could end the user part is escaped (RFC 3261 §19.1.2). */
  #uriOf(user: string): string {
    return `sip:${encodeURIComponent(user).replaceAll("%2B", "+")}@${this.#options.domain}`;
  }

  /** A phone of this account by its user name, with or without our domain. */
  #phoneNamed(accountId: string, uri: string): Phone | undefined {
    const parsed = parseUri(uri);
    const name = parsed.ok && parsed.value.scheme !== "tel" ? parsed.value.user : uri;
    const phone = name === undefined ? undefined : this.#options.directory.phones.byUsername(name);
    return phone?.accountId === accountId ? phone : undefined;
  }
}
