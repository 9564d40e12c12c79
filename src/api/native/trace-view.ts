/** What a call said over SIP, in the words of the native API. */
import type { Call, CallTrace, LegMessage } from "../../calls/index.ts";
import { readTraced, repeatsOf } from "../../sip/index.ts";
import type { CallTraceView, TraceMessageView } from "../contract/traces.ts";
import { timeOf } from "./time.ts";

export function viewOfTrace(call: Call, { keeping, messages }: CallTrace): CallTraceView {
  const repeats = repeatsOf(messages);
  const startMs = messages[0]?.at ?? 0;
  return {
    callId: call.id,
    keeping,
    messages: messages.map((message, index) => viewOfMessage(message, startMs, repeats[index] ?? null)),
  };
}

function viewOfMessage(message: LegMessage, startMs: number, repeatOf: number | null): TraceMessageView {
  const { at, direction, protocol, local, remote, callId, legId, bytes } = message;
  const read = readTraced(message);
  const ours = { address: local.address, port: local.port };
  const theirs = { address: remote.address, port: remote.port };
  return {
    at: timeOf(at),
    sinceMs: at - startMs,
    direction,
    protocol,
    from: direction === "sent" ? ours : theirs,
    to: direction === "sent" ? theirs : ours,
    method: read?.kind === "request" ? read.method : (read?.headers.get("CSeq") ?? "").replace(/^\d+\s+/, ""),
    status: read?.kind === "response" ? read.status : null,
    reason: read?.kind === "response" ? read.reason : null,
    sipCallId: callId,
    legId,
    repeatOf,
    text: bytes.toString(),
  };
}
