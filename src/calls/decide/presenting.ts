/** What is told to whom a call dials: who calls, and who passed the call on. */
import type { Address, Call, Diversion, Presentation } from "../model.ts";
import { anonymous } from "../presentation.ts";

/** Of whom is dialled, and for whom. */
type Dialling = {
  readonly address: Address;
  readonly callerId: string;
  readonly by?: string;
  readonly dialId?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** A call that was passed on more often than this goes round (RFC 5806 §7.1 leaves the number to us). */
const mostPasses = 10;

export function presentationOf(call: Call, dialling: Dialling): Presentation {
  const { callerId, headers } = dialling;
  const name = nameOf(call, dialling);
  const withheld = callerId === anonymous ? call.identity?.withheld : undefined;
  const diversions = diversionsOf(call, dialling);
  return {
    ...(name !== undefined && { name }),
    ...(withheld !== undefined && { withheld }),
    ...(diversions.length > 0 && { diversions }),
    ...(headers && { headers }),
  };
}

export function goesRound({ diversions = [] }: Presentation): boolean {
  return diversions.reduce((sum, { count }) => sum + count, 0) > mostPasses;
}

/** One more entry on top; whoever stands there already has diverted once more. */
export function passedOn(before: readonly Diversion[], by: string, reason: string): readonly Diversion[] {
  const [latest, ...earlier] = before;
  if (latest?.by === by) return [{ ...latest, reason, count: latest.count + 1 }, ...earlier];
  return [{ by, reason, count: 1 }, ...before];
}

/** The caller's own name goes with the caller's own number; those of users are for colleagues. */
function nameOf(call: Call, { callerId, by, address }: Dialling): string | undefined {
  if (callerId !== call.from || callerId === anonymous) return undefined;
  const caller = call.parties[by ?? ""]?.address;
  return call.identity?.name ?? (address.kind !== "number" && caller?.kind === "user" ? caller.name : undefined);
}

/** A flow that dials for who called in passes the call on, by the number that was called. */
function diversionsOf(call: Call, { by, dialId }: Dialling): readonly Diversion[] {
  const before = call.diversions ?? [];
  if (dialId === undefined || call.origin.kind !== "trunk") return before;
  const isCaller = Object.values(call.legs).some(({ partyId, direction }) => partyId === by && direction === "inbound");
  return isCaller ? passedOn(before, call.to, reasonOf(call, by)) : before;
}

/** By what became of whom the flow dialled before (RFC 5806 §9). */
function reasonOf(call: Call, by: string | undefined): string {
  const before = Object.values(call.parties).findLast(
    (party) => party.by === by && party.dialId !== undefined && party.leftAt !== undefined,
  );
  if (before?.outcome?.result === "busy") return "user-busy";
  return before?.outcome?.result === "no-answer" && before.answeredAt === undefined ? "no-answer" : "unconditional";
}
