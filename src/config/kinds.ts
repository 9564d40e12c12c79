/** The kinds of values a setting can have: how the text is read, and the sentence that says what is allowed. */
import { isIP } from "node:net";
import { isAbsolute } from "node:path";
import { type CodecName, codecNames, isId } from "../kernel/index.ts";

export type Kind<T> = {
  /** Completes "must be …". */
  readonly allowed: string;
  /** Returns undefined for text that is not allowed. */
  parse(text: string): T | undefined;
};

export type PortRange = { readonly first: number; readonly last: number };

const longestName = 253;

export const absolutePath: Kind<string> = {
  allowed: "an absolute path",
  parse: (text) => (isAbsolute(text) ? text : undefined),
};

export const ipAddress: Kind<string> = {
  allowed: "an IPv4 or IPv6 address",
  parse: (text) => (isIP(text) === 0 ? undefined : text),
};

export const hostName: Kind<string> = {
  allowed: "an IP address or a host name",
  parse: (text) => (isIP(text) !== 0 || (text.length <= longestName && isDnsName(text)) ? text : undefined),
};

/** Host names and addresses, in small letters, separated by commas. */
export const hostNames: Kind<readonly string[]> = {
  allowed: "IP addresses and host names, separated by commas",
  parse(text) {
    const hosts = text.split(",").map((host) => host.trim().toLowerCase());
    return hosts.every((host) => hostName.parse(host) !== undefined) ? hosts : undefined;
  },
};

/** Addresses of servers, each with or without a port, separated by commas; IPv6 with a port in brackets. */
export const serverAddresses: Kind<readonly string[]> = {
  allowed: "IP addresses, each with or without a port (192.0.2.53:5353, [2001:db8::53]:5353), separated by commas",
  parse(text) {
    const servers = text.split(",").map((server) => server.trim());
    return servers.every(isServerAddress) ? servers : undefined;
  },
};

export const flag: Kind<boolean> = {
  allowed: "true or false",
  parse: (text) => (text === "true" ? true : text === "false" ? false : undefined),
};

export const entityId: Kind<string> = {
  allowed: "24 lower-case hexadecimal digits",
  parse: (text) => (isId(text) ? text : undefined),
};

export const emailAddress: Kind<string> = {
  allowed: "an e-mail address",
  parse: (text) => (/^[^\s@]+@[^\s@]+$/.test(text) && text.length <= 254 ? text : undefined),
};

export const password: Kind<string> = {
  allowed: "8 to 128 characters",
  parse: (text) => (text.length >= 8 && text.length <= 128 ? text : undefined),
};

export const captureKey: Kind<string> = {
  allowed: "1 to 128 characters",
  parse: (text) => (text.length <= 128 ? text : undefined),
};

/** A port to bind; 0 lets the operating system choose. */
export const bindPort: Kind<number> = {
  allowed: "a port from 1 to 65535, or 0 to let the operating system pick one",
  parse: (text) => integerBetween(text, 0, 65535),
};

export const portRange: Kind<PortRange> = {
  allowed: "two ports from 1024 to 65535 as first-last, the first even and below the last",
  parse(text) {
    const [firstText, lastText, ...rest] = text.split("-");
    const first = integerBetween(firstText ?? "", 1024, 65535);
    const last = integerBetween(lastText ?? "", 1024, 65535);
    if (first === undefined || last === undefined || rest.length > 0) return undefined;
    return first < last && first % 2 === 0 ? { first, last } : undefined;
  },
};

/** 0 to 1. */
export const share: Kind<number> = {
  allowed: "a number from 0 to 1, such as 0.01",
  parse: (text) => (/^(0(\.\d{1,9})?|1(\.0{1,9})?)$/.test(text) ? Number(text) : undefined),
};

/** Where datagrams go: `udp://host:port`, an IPv6 address in brackets. */
export const udpAddress: Kind<{ readonly host: string; readonly port: number }> = {
  allowed: "udp://host:port",
  parse(text) {
    const [, bracketed, name, portText = ""] = /^udp:\/\/(?:\[([^\]]*)\]|([^:/]+)):(\d+)$/.exec(text) ?? [];
    const host = hostName.parse(bracketed ?? name ?? "");
    const port = integerBetween(portText, 1, 65535);
    return host === undefined || port === undefined ? undefined : { host, port };
  },
};

/** An http or https address without query and fragment; returned without the slash at its end, so paths can be appended. */
export const webAddress: Kind<string> = {
  allowed: "an http or https URL without query or fragment",
  parse(text) {
    const url = URL.parse(text);
    if (url === null || !["http:", "https:"].includes(url.protocol) || url.search !== "" || url.hash !== "") return undefined;
    return url.href.replace(/\/+$/, "");
  },
};

export const soundAddress: Kind<string> = {
  allowed: "an absolute path or an http or https URL",
  parse: (text) => (isAbsolute(text) || ["http:", "https:"].includes(URL.parse(text)?.protocol ?? "") ? text : undefined),
};

export const countryCode: Kind<string> = {
  allowed: "two letters of ISO 3166-1, such as DE",
  parse: (text) => (/^[A-Za-z]{2}$/.test(text) ? text.toUpperCase() : undefined),
};

export const postgresUrl: Kind<string> = {
  allowed: "a postgres:// or postgresql:// URL",
  parse: (text) => (["postgres:", "postgresql:"].includes(URL.parse(text)?.protocol ?? "") ? text : undefined),
};

export function integer(least: number, most: number): Kind<number> {
  return { allowed: `a whole number from ${least} to ${most}`, parse: (text) => integerBetween(text, least, most) };
}

export function choice<const T extends string>(values: readonly T[]): Kind<T> {
  return { allowed: `one of ${values.join(", ")}`, parse: (text) => values.find((value) => value === text) };
}

/** Each once; separated by commas. */
export const codecList: Kind<readonly CodecName[]> = {
  allowed: `one or more of ${codecNames.join(", ")}, each once, separated by commas`,
  parse(text) {
    const names = text.split(",").map((word) => codecNames.find((name) => name === word.trim()));
    const known = names.filter((name) => name !== undefined);
    return known.length === names.length && new Set(known).size === known.length ? known : undefined;
  },
};

function integerBetween(text: string, least: number, most: number): number | undefined {
  if (!/^\d{1,9}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}

function isServerAddress(text: string): boolean {
  if (isIP(text) !== 0) return true;
  const [, ipv6, ipv4, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text) ?? [];
  return isIP(ipv6 ?? ipv4 ?? "") === (ipv6 === undefined ? 4 : 6) && integerBetween(port ?? "", 1, 65535) !== undefined;
}

/** RFC 1123 §2.1. A name whose last label is all digits would be a broken IPv4 address. */
function isDnsName(text: string): boolean {
  const labels = text.split(".");
  return labels.every((label) => /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(label)) && !/^\d+$/.test(labels.at(-1) ?? "");
}
