/** One Via value: `SIP/2.0/UDP host:port;branch=…`, RFC 3261 §20.42 and RFC 3581. */
import { type Parsed, parsed, unparsed } from "../../kernel/index.ts";
import { formatParams, noParams, type Params, parseParams } from "./params.ts";
import { formatHostPort, parseHostPort } from "./uri.ts";

export type Via = {
  /** Left out when it is 2.0. A request of another version is answered too, with 505 (§21.5.6). */
  readonly version?: string;
  /** Upper case: UDP, TCP, TLS, WS, WSS. */
  readonly protocol: string;
  readonly host: string;
  readonly port?: number | undefined;
  readonly branch?: string | undefined;
  readonly received?: string | undefined;
  /** `asked` is the parameter without a value: the client wants the answer at its source port. */
  readonly rport?: number | "asked" | undefined;
  /** All others: maddr, ttl, alias, … */
  readonly params: Params;
};

/** A branch with this beginning identifies its transaction by itself (§8.1.1.7). */
export const magicCookie = "z9hG4bK";

export function parseVia(text: string): Parsed<Via> {
  if (text !== latest.text) latest = { text, via: readVia(text) };
  return latest.via;
}

/** One message's top Via is asked for by transport, matching and answer in turn: it is read once. 15 to 24 µs a call were spent on the repeats. */
let latest: { readonly text: string; readonly via: Parsed<Via> } = { text: "", via: unparsed("Via") };

function readVia(text: string): Parsed<Via> {
  const match = viaPattern.exec(text);
  const hostPort = parseHostPort(match?.[3] ?? "");
  if (match === null || hostPort === undefined) return unparsed("Via");
  const rest = match[4] ?? "";
  const all = parseParams(rest);
  const [branch, received] = [all.get("branch"), all.get("received")?.replace(/^\[|\]$/g, "")];
  // Both are written as they came: these would divide the value, or swallow what follows.
  if ((rest.includes('"') || rest.includes("<")) && separator.test(`${branch ?? ""}${received ?? ""}`)) return unparsed("Via");
  const rport = all.get("rport");
  let params = noParams;
  for (const name of all.keys()) if (!ownParams.has(name)) params = new Map([...all].filter(([key]) => !ownParams.has(key)));
  const version = match[1] ?? "2.0";
  return parsed({
    ...(version === "2.0" ? undefined : { version }),
    protocol: (match[2] ?? "").toUpperCase(),
    host: hostPort.host,
    port: hostPort.port,
    branch,
    received,
    rport: rport === undefined ? undefined : /^\d{1,5}$/.test(rport) ? Number(rport) : "asked",
    params,
  });
}

export function formatVia(via: Via): string {
  let text = `SIP/${via.version ?? "2.0"}/${via.protocol} ${formatHostPort(via.host, via.port)}`;
  if (via.branch !== undefined) text += `;branch=${via.branch}`;
  if (via.received !== undefined) text += `;received=${via.received}`;
  if (via.rport !== undefined) text += via.rport === "asked" ? ";rport" : `;rport=${via.rport}`;
  return text + formatParams(via.params);
}

/** The protocol, the slashes and the port may have white space around them (§25.1 SLASH, COLON). */
const viaPattern = /^\s*SIP\s*\/\s*(\d{1,3}\.\d{1,3})\s*\/\s*([A-Za-z0-9\-.!%*_+`'~]+)\s+([^;\s]+(?:\s*:\s*\d+)?)\s*(?:;(.*))?$/is;
const separator = /[",;<>\s]/;
const ownParams: ReadonlySet<string> = new Set(["branch", "received", "rport"]);
