import type { OutboxItem, RecordDraft } from "../../../src/calls/index.ts";

export const exampleAccount = "0193a0b1c2d3000000000001";

/** One step of a call, with an event that is as small as they come. The last one ends the call. */
export function stepOf(
  callId: string,
  seq: number,
  options: { readonly at?: number; readonly isLast?: boolean; readonly value?: string; readonly outbox?: readonly OutboxItem[] } = {},
): RecordDraft {
  const at = options.at ?? 1_000_000 + seq;
  return {
    at,
    streams: [
      {
        accountId: exampleAccount,
        callId,
        seq,
        events: [{ kind: "data.changed", at, set: { value: options.value ?? `${callId} ${seq}` } }],
      },
    ],
    ...(options.isLast === true ? { ended: [callId] } : {}),
    ...(options.outbox === undefined ? {} : { outbox: options.outbox }),
  };
}
