/** The Diversion header field, RFC 5806: who passed a call on, why, and how often. The latest stands first. */
import { type Parsed, parsed, unparsed } from "../../kernel/index.ts";
import { wholeNumber } from "../message/cseq.ts";
import { isToken } from "../message/header-name.ts";
import { formatNameAddr, nameAddr, parseNameAddr } from "../message/name-addr.ts";

export type Diversion = {
  /** Of whoever passed the call on. */
  readonly uri: string;
  /** `unconditional`, `user-busy`, `no-answer`, `deflection`, … (§9); `unknown` when it says nothing. */
  readonly reason: string;
  /** How often this one did; at least 1. */
  readonly count: number;
  /** Not to be shown to whoever is called. */
  readonly isPrivate: boolean;
};

const mostCount = 1000;

export function parseDiversion(value: string): Parsed<Diversion> {
  const address = parseNameAddr(value);
  if (!address.ok) return address;
  const { uri, params } = address.value;
  const reason = params.get("reason")?.toLowerCase() ?? "";
  const count = wholeNumber(params.get("counter")) ?? 1;
  if (count > mostCount) return unparsed("counter");
  const privacy = params.get("privacy")?.toLowerCase() ?? "off";
  return parsed({
    uri,
    reason: isToken(reason) ? reason : "unknown",
    count: Math.max(1, count),
    isPrivate: privacy !== "off" && privacy !== "name",
  });
}

export function formatDiversion({ uri, reason, count, isPrivate }: Diversion): string {
  const params: [string, string][] = [
    ["reason", reason],
    ["counter", String(count)],
    ["privacy", isPrivate ? "full" : "off"],
  ];
  return formatNameAddr(nameAddr(uri, { params: new Map(params) }));
}
