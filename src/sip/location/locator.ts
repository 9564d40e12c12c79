/**
 * Finds the servers a request can go to, best first: RFC 3263 §4.1 and §4.2.
 *
 *   target                      protocol                        addresses
 *   numeric, localhost          given, else UDP (sips: TLS)     itself
 *   name and port               given, else UDP (sips: TLS)     A and AAAA
 *   name and protocol           given                           SRV of it, else A and AAAA
 *   name alone                  NAPTR, else those that have     SRV, else A and AAAA by UDP (sips: TLS)
 *                               SRV, in our order
 */
import type { Clock, Ids } from "../../kernel/index.ts";
import type { SipAddress, SipProtocol } from "../transport/transport.ts";
import { Avoided, keyOf } from "./avoided.ts";
import { type NameServer, openNameServer, type RecordType } from "./name-server.ts";
import { RecordCache } from "./record-cache.ts";
import { type Draw, drawsOf, inDrawnOrder, inNaptrOrder, inSrvOrder, type Service } from "./record-order.ts";
import { defaultPort, numericAddress, securedProtocol, type Target, usualProtocol } from "./target.ts";

export type SipAddresses = readonly [SipAddress, ...SipAddress[]];

export type Located = { readonly ok: true; readonly addresses: SipAddresses } | { readonly ok: false; readonly reason: string };

export type LocatorOptions = {
  readonly clock: Clock;
  readonly ids: Ids;
  /** Those we can send by, best first: UDP and TCP when left out. */
  readonly protocols?: readonly SipProtocol[];
  /** Address families we have a listener for, best first: IPv4 when left out. */
  readonly families?: readonly (4 | 6)[];
  readonly nameServer?: NameServer;
  /** Of one question to a name server. */
  readonly timeoutMs?: number;
};

/** What comes of the records of others is bounded. */
const maxServers = 16;

/** A host and port of an SRV record, or the target itself. */
type Server = { readonly protocol: SipProtocol; readonly host: string; readonly port: number };

export class Locator {
  readonly #ids: Ids;
  readonly #protocols: readonly SipProtocol[];
  readonly #families: readonly (4 | 6)[];
  readonly #nameServer: NameServer;
  readonly #records: RecordCache;
  readonly #avoided: Avoided;
  #isClosed = false;

  constructor({ clock, ids, protocols, families, nameServer, timeoutMs = 3_000 }: LocatorOptions) {
    this.#ids = ids;
    this.#protocols = protocols ?? ["udp", "tcp"];
    this.#families = families ?? [4];
    this.#nameServer = nameServer ?? openNameServer();
    this.#records = new RecordCache(clock, this.#nameServer, timeoutMs);
    this.#avoided = new Avoided(clock);
  }

  /**
   * Calls `found` once: before it returns for a numeric target, later for a name, whose addresses then carry it. One `seed` draws the same order from the same records
   * each time: all requests of one dialog, and an INVITE that is repeated after a restart, meet the same server.
   */
  locate(target: Target, found: (located: Located) => void, seed?: string): void {
    const numeric = numericAddress(target) ?? this.#loopback(target);
    if (numeric !== undefined) found({ ok: true, addresses: [numeric] });
    else {
      void this.#search(target, drawsOf(this.#ids, seed)).then((located) => {
        if (!this.#isClosed) found(located);
      });
    }
  }

  /** A request to this address failed: for a while others are tried before it. */
  avoid(address: SipAddress, forMs?: number): void {
    this.#avoided.add(address, forMs);
  }

  /** Nobody is called any more. */
  close(): void {
    this.#isClosed = true;
    this.#nameServer.close();
  }

  /** RFC 6761 §6.3: no name server is asked for it. */
  #loopback(target: Target): SipAddress | undefined {
    if (target.host.toLowerCase() !== "localhost") return undefined;
    return numericAddress({ ...target, host: this.#families.includes(4) ? "127.0.0.1" : "::1" });
  }

  async #search(target: Target, draw: Draw): Promise<Located> {
    const { host } = target;
    const isImpossible = target.isSecure === true && target.protocol !== undefined && securedProtocol(target.protocol) === undefined;
    const protocol = usualProtocol(target);
    if (isImpossible || !this.#protocols.includes(protocol))
      return { ok: false, reason: `${host} cannot be reached by ${protocol} from here` };
    const servers = await this.#serversOf(target, protocol, draw);
    if (servers.length === 0) return { ok: false, reason: `${host} says that it offers no SIP service` };
    const addresses = new Map<string, SipAddress>();
    const reasons = new Set<string>();
    for (const { server, found, reason } of await Promise.all(servers.slice(0, maxServers).map((known) => this.#addressesOf(known)))) {
      if (reason !== undefined) reasons.add(reason);
      for (const address of found.flatMap((family) => inDrawnOrder(family, draw))) {
        const one: SipAddress = { protocol: server.protocol, address, port: server.port, name: host };
        if (addresses.size < maxServers && !addresses.has(keyOf(one))) addresses.set(keyOf(one), one);
      }
    }
    const [first, ...others] = this.#avoided.last([...addresses.values()]);
    if (first !== undefined) return { ok: true, addresses: [first, ...others] };
    return { ok: false, reason: [`${host} has no address`, ...reasons].join(": ") };
  }

  /** None when the host says itself that it has no such service. */
  async #serversOf(target: Target, protocol: SipProtocol, draw: Draw): Promise<readonly Server[]> {
    const { host, port, isSecure = false } = target;
    if (port !== undefined) return [{ protocol, host, port }];
    if (target.protocol === undefined) {
      const named = await this.#ask("NAPTR", host);
      const byName = await this.#byServices(inNaptrOrder(named, this.#protocols, isSecure), draw);
      if (byName.servers.length > 0) return byName.servers;
    }
    const wanted =
      target.protocol === undefined && !isSecure ? this.#protocols.filter((own) => own === "udp" || own === "tcp") : [protocol];
    const { servers, isRefused } = await this.#byServices(
      wanted.flatMap((own) => serviceOf(own, host)),
      draw,
    );
    return servers.length > 0 || isRefused ? servers : [{ protocol, host, port: defaultPort(protocol) }];
  }

  /** Refused: each of these services has one record, whose target is the root (RFC 2782). */
  async #byServices(
    services: readonly Service[],
    draw: Draw,
  ): Promise<{ readonly servers: readonly Server[]; readonly isRefused: boolean }> {
    const answers = await Promise.all(services.map(({ name }) => this.#ask("SRV", name)));
    const servers = answers.flatMap((records, index) => {
      const protocol = services[index]?.protocol ?? "udp";
      const open = records.filter(({ name, port }) => !isClosed(name) && port > 0);
      return inSrvOrder(open, draw).map(({ name, port }): Server => ({ protocol, host: name, port }));
    });
    const isRefused = answers.length > 0 && answers.every((records) => records.length > 0 && records.every(({ name }) => isClosed(name)));
    return { servers, isRefused };
  }

  async #addressesOf(
    server: Server,
  ): Promise<{ readonly server: Server; readonly found: readonly (readonly string[])[]; readonly reason?: string }> {
    const numeric = numericAddress(server);
    if (numeric !== undefined) return { server, found: [[numeric.address]] };
    const answers = await Promise.all(this.#families.map((family) => this.#records.ask(family === 4 ? "A" : "AAAA", server.host)));
    const found = answers.map((answer) => (answer.kind === "records" ? answer.records.map(({ address }) => address) : []));
    const failed = answers.find((answer) => answer.kind === "failed");
    return { server, found, ...(failed && { reason: failed.reason }) };
  }

  /** A question nobody answers is as good as no record: the next step may still find something. */
  async #ask<T extends RecordType>(type: T, name: string) {
    const answer = await this.#records.ask(type, name);
    return answer.kind === "records" ? answer.records : [];
  }
}

function isClosed(name: string): boolean {
  return name === "" || name === ".";
}

/** The SRV name of a protocol (RFC 3263 §4.1); WebSocket has none. */
function serviceOf(protocol: SipProtocol, host: string): readonly Service[] {
  const prefix = { udp: "_sip._udp", tcp: "_sip._tcp", tls: "_sips._tcp", ws: undefined, wss: undefined }[protocol];
  return prefix === undefined ? [] : [{ protocol, name: `${prefix}.${host}` }];
}
