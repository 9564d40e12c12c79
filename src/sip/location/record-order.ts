/** In which order servers are tried: RFC 2782 for SRV, RFC 3403 §4.1 and RFC 3263 §4.1 for NAPTR. */
import { createHash } from "node:crypto";
import type { Ids } from "../../kernel/index.ts";
import type { SipProtocol } from "../transport/transport.ts";
import type { NaptrRecord, SrvRecord } from "./name-server.ts";

/** From 0 up to but not including 1. */
export type Draw = () => number;

/** Draws that are the same each time for one seed; without a seed they are new ones. */
export function drawsOf(ids: Ids, seed?: string): Draw {
  let drawn = 0;
  return () => {
    const hex = seed === undefined ? ids.random(6) : createHash("sha256").update(`${seed}\0${drawn++}`).digest("hex").slice(0, 12);
    return Number.parseInt(hex, 16) / 2 ** 48;
  };
}

/** Ascending priority; within one, each place is drawn by weight, and those of weight 0 have a small chance. The order in which the records came does not matter. */
export function inSrvOrder(records: readonly SrvRecord[], draw: Draw): readonly SrvRecord[] {
  const known = records.toSorted((a, b) => a.priority - b.priority || compare(a.name, b.name) || a.port - b.port);
  const priorities = [...new Set(known.map(({ priority }) => priority))];
  return priorities.flatMap((priority) =>
    byWeight(
      known.filter((record) => record.priority === priority),
      draw,
    ),
  );
}

/** The addresses of one host are equals: each draw begins with another. */
export function inDrawnOrder(addresses: readonly string[], draw: Draw): readonly string[] {
  if (addresses.length < 2) return addresses;
  const known = addresses.toSorted(compare);
  const first = Math.floor(draw() * known.length);
  return [...known.slice(first), ...known.slice(0, first)];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function byWeight(records: readonly SrvRecord[], draw: Draw): readonly SrvRecord[] {
  const waiting = records.toSorted((a, b) => Math.sign(a.weight) - Math.sign(b.weight));
  const ordered: SrvRecord[] = [];
  while (waiting.length > 0) {
    const chosen = Math.floor(draw() * (waiting.reduce((sum, { weight }) => sum + weight, 0) + 1));
    let reached = 0;
    const index = waiting.findIndex(({ weight }) => (reached += weight) >= chosen);
    ordered.push(...waiting.splice(index, 1));
  }
  return ordered;
}

export type Service = { readonly protocol: SipProtocol; readonly name: string };

/** RFC 3263 §4.1. WebSocket is for clients, which find their servers by other means (RFC 7118 §1). */
const protocolOfService: Readonly<Record<string, SipProtocol>> = { "SIP+D2U": "udp", "SIP+D2T": "tcp", "SIPS+D2T": "tls" };

/** The services among the records that we have the protocol for, best first. A secure target takes SIPS alone. */
export function inNaptrOrder(records: readonly NaptrRecord[], protocols: readonly SipProtocol[], isSecure: boolean): readonly Service[] {
  return records
    .toSorted((a, b) => a.order - b.order || a.preference - b.preference)
    .flatMap(({ flags, service, regexp, replacement }) => {
      const protocol = protocolOfService[service.toUpperCase()];
      const isOurs = protocol !== undefined && protocols.includes(protocol) && (!isSecure || protocol === "tls");
      return isOurs && flags.toLowerCase() === "s" && regexp === "" ? [{ protocol, name: replacement }] : [];
    });
}
