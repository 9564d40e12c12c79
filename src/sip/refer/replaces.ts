/** `Replaces: call-id;to-tag=a;from-tag=b;early-only`: the dialog whose place an INVITE takes (RFC 3891 §6.1). */
import { type Parsed, parsed, unparsed } from "../../kernel/index.ts";
import type { SipRequest } from "../message/message.ts";
import { formatParams, parseParams } from "../message/params.ts";

/** The tags as whoever receives it has them: `localTag` is its own (to-tag), `remoteTag` the other side's (from-tag). */
export type Replaces = { readonly callId: string; readonly localTag: string; readonly remoteTag: string; readonly earlyOnly: boolean };

export function parseReplaces(text: string): Parsed<Replaces> {
  const [callId = "", ...rest] = text.split(";");
  const params = parseParams(rest.join(";"));
  const [localTag, remoteTag] = [params.get("to-tag"), params.get("from-tag")];
  if (!/^[^\s;,]+$/.test(callId.trim())) return unparsed("no Call-ID");
  if (localTag === undefined || localTag === "" || remoteTag === undefined || remoteTag === "") return unparsed("no tags");
  return parsed({ callId: callId.trim(), localTag, remoteTag, earlyOnly: params.has("early-only") });
}

export function formatReplaces({ callId, localTag, remoteTag, earlyOnly }: Replaces): string {
  const tags = formatParams(
    new Map([
      ["to-tag", localTag],
      ["from-tag", remoteTag],
    ]),
  );
  return `${callId}${tags}${earlyOnly ? ";early-only" : ""}`;
}

/** Of an INVITE; undefined when it replaces nothing. §3: it has one that can be read, or it is a bad request. */
export function replacesOf(request: SipRequest): Parsed<Replaces> | undefined {
  const values = request.headers.all("Replaces");
  const [value] = values;
  if (value === undefined) return undefined;
  return values.length > 1 ? unparsed("several Replaces") : parseReplaces(value);
}
