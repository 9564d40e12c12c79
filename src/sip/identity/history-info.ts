/**
 * The History-Info header field, RFC 7044: every target a request had, each with an index that says which came of which. Diversions are
 * found in it and written to it as RFC 7544 has it: the new target has the cause why the one before was left (RFC 4458).
 */
import { type Parsed, parsed, unparsed } from "../../kernel/index.ts";
import { wholeNumber } from "../message/cseq.ts";
import { parseNameAddr } from "../message/name-addr.ts";
import { parseReason } from "../message/reason.ts";
import { formatUri, parseUri } from "../message/uri.ts";
import type { Diversion } from "./diversion.ts";

export type HistoryEntry = {
  /** Without the header fields that it carried. */
  readonly uri: string;
  /** `1.1.2` */
  readonly index: string;
  /** The status code that stands for why the target before this one was left; of the URI's `cause`, or of a Reason in the entry that was left. */
  readonly cause?: number;
  readonly reasonCause?: number;
  readonly isPrivate: boolean;
};

export function parseHistoryEntry(value: string): Parsed<HistoryEntry> {
  const address = parseNameAddr(value);
  if (!address.ok) return address;
  const index = address.value.params.get("index") ?? "";
  if (!/^\d{1,5}(\.\d{1,5}){0,30}$/.test(index)) return unparsed("index");
  const uri = parseUri(address.value.uri);
  if (!uri.ok) return uri;
  const { headers, params } = uri.value;
  const cause = wholeNumber(params.get("cause"));
  const reason = parseReason(headers.get("reason") ?? "");
  const reasonCause = reason.ok && reason.value.protocol.toUpperCase() === "SIP" ? reason.value.cause : undefined;
  const bare = { ...uri.value, params: new Map([...params].filter(([name]) => name !== "cause")), headers: new Map() };
  const isPrivate = /(^|[;,\s])(history|header|session|id)([;,\s]|$)/i.test(headers.get("privacy") ?? "");
  return parsed({
    uri: formatUri(bare),
    index,
    isPrivate,
    ...(cause !== undefined && { cause }),
    ...(reasonCause !== undefined && { reasonCause }),
  });
}

/** RFC 7544 §7.1: whoever stands before a target with a cause diverted to it. The latest first. */
export function diversionsIn(values: readonly string[]): readonly Diversion[] {
  const entries = values.flatMap((value) => {
    const entry = parseHistoryEntry(value);
    return entry.ok ? entry.value : [];
  });
  const diversions = entries.flatMap((entry, place): Diversion[] => {
    const before = entries[place - 1];
    const cause = entry.cause ?? before?.reasonCause;
    if (before === undefined || cause === undefined) return [];
    return [{ uri: before.uri, reason: reasonOfCause[cause] ?? "unknown", count: 1, isPrivate: before.isPrivate }];
  });
  return diversions.toReversed();
}

/** RFC 7544 §7.2: one value for each who diverted, the first first, and one for where the call goes now. */
export function formatHistory(diversions: readonly Diversion[], target: string): readonly string[] {
  const oldestFirst = diversions.toReversed();
  const places = [...oldestFirst, { uri: target, isPrivate: false }];
  return places.map(({ uri, isPrivate }, place) => {
    const index = Array.from({ length: place + 1 }, () => "1").join(".");
    const cause = oldestFirst[place - 1] && causeOfReason(oldestFirst[place - 1]?.reason ?? "");
    return `<${withCause(uri, cause, isPrivate)}>;index=${index}${place === 0 ? "" : `;mp=${index.slice(0, -2)}`}`;
  });
}

function withCause(text: string, cause: number | undefined, isPrivate: boolean): string {
  const uri = parseUri(text);
  if (!uri.ok) return text;
  const params = new Map([...uri.value.params, ...(cause === undefined ? [] : [["cause", String(cause)] as const])]);
  return formatUri({ ...uri.value, params, headers: new Map(isPrivate && uri.value.scheme !== "tel" ? [["Privacy", "history"]] : []) });
}

/** RFC 7544 §7.1, table of causes. */
const reasonOfCause: Readonly<Record<number, string>> = {
  302: "unconditional",
  404: "unknown",
  408: "no-answer",
  480: "deflection",
  486: "user-busy",
  487: "deflection",
  503: "unavailable",
};

function causeOfReason(reason: string): number {
  return { unconditional: 302, "no-answer": 408, deflection: 480, "user-busy": 486, unavailable: 503 }[reason] ?? 404;
}
