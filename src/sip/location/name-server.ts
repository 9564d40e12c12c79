/** Questions to name servers: the port, and its one implementation over c-ares, so that a slow name server never occupies the thread pool that all of Node shares. */
import { Resolver } from "node:dns/promises";

export type AddressRecord = { readonly address: string; readonly ttl: number };
/** RFC 2782. */
export type SrvRecord = { readonly priority: number; readonly weight: number; readonly port: number; readonly name: string };
/** RFC 3403 §4.1. */
export type NaptrRecord = {
  readonly order: number;
  readonly preference: number;
  readonly flags: string;
  readonly service: string;
  readonly regexp: string;
  readonly replacement: string;
};

export type RecordOf = {
  readonly A: AddressRecord;
  readonly AAAA: AddressRecord;
  readonly SRV: SrvRecord;
  readonly NAPTR: NaptrRecord;
};
export type RecordType = keyof RecordOf;

/** `none`: there is no such name or it has no such record; that is an answer too. `failed`: nobody could say. */
export type Answer<R> =
  | { readonly kind: "records"; readonly records: readonly R[] }
  | { readonly kind: "none" }
  | { readonly kind: "failed"; readonly reason: string };

export type NameServer = {
  /** Never rejects. */
  ask<T extends RecordType>(type: T, name: string): Promise<Answer<RecordOf[T]>>;
  /** Questions under way end as failed. */
  close(): void;
};

/** `servers`: numeric addresses, each with or without a port; those of the system when left out. */
export function openNameServer(servers: readonly string[] = []): NameServer {
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  if (servers.length > 0) resolver.setServers(servers);
  const questions: { readonly [T in RecordType]: (name: string) => Promise<readonly RecordOf[T][]> } = {
    A: (name) => resolver.resolve4(name, { ttl: true }),
    AAAA: (name) => resolver.resolve6(name, { ttl: true }),
    SRV: (name) => resolver.resolveSrv(name),
    NAPTR: (name) => resolver.resolveNaptr(name),
  };
  return {
    async ask(type, name) {
      try {
        const records = await questions[type](name);
        return records.length === 0 ? { kind: "none" } : { kind: "records", records };
      } catch (error) {
        const code = error instanceof Error && "code" in error ? error.code : undefined;
        if (code === "ENOTFOUND" || code === "ENODATA") return { kind: "none" };
        return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
      }
    },
    close: () => resolver.cancel(),
  };
}
