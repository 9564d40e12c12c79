/**
 * One input being decided: the events so far and the call they lead to. Collaborators of decide/ take a step and emit into it,
 * so that one input and all that follows from it become one journal record.
 */
import type { CallEvent } from "../events.ts";
import { evolve } from "../evolve/evolve.ts";
import type { Address, Call, LegQuality, LegRoute, Outcome, Presentation } from "../model.ts";
import type { ScriptEvent, ScriptLibrary } from "../script.ts";

/** What decide may ask of its surroundings. The answers go into events, so that replaying never asks again. */
export type Surroundings = {
  /** Epoch milliseconds. */
  readonly now: number;
  nextId(): string;
  /** An RTP port that is free, or undefined when none is. */
  acquirePort(): number | undefined;
  /** Where a leg to this address goes: one route per device or gateway, tried together. */
  route(accountId: string, to: Address, callerId: string, told?: Presentation): Routes;
  /** Where the contacts of a redirection lead that this account may call; or they are for whoever calls. */
  redirect(
    accountId: string,
    from: LegRoute,
    contacts: readonly string[],
    callerId: string,
    told: Presentation,
  ): readonly LegRoute[] | "pass";
  /** Whom a number, an extension or a name means in this account; undefined when nobody. */
  destination(accountId: string, to: string): Address | undefined;
  /** A user of this account; undefined when there is none. */
  addressOfUser(accountId: string, userId: string): Address | undefined;
  /** How the media of a leg did as of their latest report. */
  qualityOf(legId: string): LegQuality | undefined;
  /** A leg from which nothing comes for so long ends; 0: it does not. */
  readonly mediaTimeoutMs: number;
  readonly script: ScriptLibrary;
};

export type Routes = { readonly ok: true; readonly routes: readonly LegRoute[] } | { readonly ok: false; readonly outcome: Outcome };

export class Step {
  readonly around: Surroundings;
  readonly events: CallEvent[] = [];
  /** What scripts are still to be told of; drained by decide once the input itself is dealt with. */
  readonly untold: { readonly partyId: string; readonly event: ScriptEvent }[] = [];
  #call: Call | undefined;

  constructor(call: Call | undefined, around: Surroundings) {
    this.#call = call;
    this.around = around;
  }

  get call(): Call {
    if (this.#call === undefined) throw new Error("There is no call before call.created");
    return this.#call;
  }

  get now(): number {
    return this.around.now;
  }

  /** The script of this party hears of `event` within this step. */
  tell(partyId: string, event: ScriptEvent): void {
    this.untold.push({ partyId, event });
  }

  emit(event: CallEvent): void {
    this.events.push(event);
    this.#call = evolve(this.#call, event);
  }
}
