/** What somebody is owed because of a step of a call: put into its record, so that it is not lost and not made up. */
import type { OutboxItem } from "./journal-port.ts";
import type { CallChange } from "./views.ts";

/** One input and all that followed from it. */
export type CallStep = Omit<CallChange, "position">;

/** The tones that were gathered of a party that has left. */
export function gatheredAtEnd({ after, events }: CallStep): readonly OutboxItem[] {
  return events.flatMap((event) => {
    const { gather, gathered } = (event.kind === "party.left" && after.parties[event.partyId]?.script) || {};
    if (event.kind !== "party.left" || gather === undefined || gather.atEnd === "nothing") return [];
    const { url, body, tonesAs } = gather;
    const digits = gather.atEnd === "digits" ? `${gathered?.digits ?? ""}${gathered?.ahead ?? ""}` : "";
    const id = `${after.id}-${event.partyId}-gathered`;
    return [{ id, accountId: after.accountId, key: id, url, body: { ...body, [tonesAs]: digits } }];
  });
}
