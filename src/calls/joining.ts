/** Two live calls become one: both decide at once, and what follows is one record of both (design words: parties move between calls). */
import type { CallActor } from "./actor.ts";
import { joined, joinRefusal } from "./decide/transfer/join.ts";
import type { LegSignal } from "./decide/inputs.ts";
import type { Surroundings } from "./decide/step.ts";
import type { Call } from "./model.ts";

type Referred = Extract<LegSignal, { kind: "leg-referred" }>;

/** Resolves with the durable state of `to`. When the two may not be joined nothing changes, and its leg has no referral of that id. */
export function joinCalls(to: CallActor, other: CallActor | undefined, asked: Referred, around: Surroundings): Promise<Call> {
  const here = { call: to.call, legId: asked.legId };
  const there = other && { call: other.call, legId: asked.replacesLegId ?? "" };
  if (other !== undefined && there !== undefined && joinRefusal(here, there) === undefined) {
    const decisions = joined(here, there, asked, around);
    to.takeWith(other, decisions.other, decisions.to);
  }
  return to.durable();
}

/** Ids of calls that went into others, for as long as those live. */
export class AbsorbedCalls {
  readonly #into = new Map<string, string>();

  /** The id under which this call goes on now. */
  resolve(callId: string): string {
    let id = callId;
    for (let into = this.#into.get(id); into !== undefined; into = this.#into.get(id)) id = into;
    return id;
  }

  learn({ id, absorbed = [] }: Call): void {
    for (const former of absorbed) this.#into.set(former, id);
  }

  forget({ absorbed = [] }: Call): void {
    for (const former of absorbed) this.#into.delete(former);
  }
}
