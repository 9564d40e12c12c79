import type { Clock, Timer } from "../kernel/index.ts";
import { frameMs } from "./codec/frame.ts";

/** Who is called once every 20 ms, and if it wants that, once in between. */
export type TickMember = { tick(): void; tickBetween?(): void };

export type TickListener<Member> = {
  /** What a member threw is its own trouble, not that of others. */
  failed(member: Member, cause: unknown): void;
  /** Before the members of some slots are called, or of none. */
  turnBegins(): void;
  /** All members of one slot were called. */
  slotDone(): void;
  /** Whether a turn is wanted every 2 ms, with or without members to call. */
  isHasty(): boolean;
};

/** The order in which slots are taken into use: each far from those before. */
const slotOrder = [0, 10, 5, 15, 2, 12, 7, 17, 4, 14, 9, 19, 1, 11, 6, 16, 3, 13, 8, 18];
/**
 * So many members share a slot before another is taken into use. Waking costs as much as sending ten packets, so a slot for ten calls doubles their cost,
 * and one for fifty adds 7 % to what it is here; a hundred packets leave within 0.6 ms.
 */
const membersPerSlot = 100;
/** Slots run in one turn at most; then the event loop gets to receive. Without a bound, catching up starves it for good. */
const slotsPerTurn = 4;
/** A turn in haste comes after so many ms. */
const hastyMs = 2;
/** A process that was stopped for longer goes on from now instead of catching up. */
const longestBacklogMs = 200;
/** Timers of whole milliseconds fire up to this much early. */
const earlyMs = 0.5;

/**
 * The 20 ms frame of all endpoints on one thread, cut into 20 slots of 1 ms against an absolute schedule, so that packets leave evenly spread and never
 * drift. No timer is armed while there are no members.
 */
export class Tick<Member extends TickMember> {
  readonly #clock: Clock;
  readonly #listener: TickListener<Member>;
  readonly #slots: Member[][] = Array.from({ length: frameMs }, () => []);
  /** The same in the order of use. */
  readonly #ordered = slotOrder.map((index) => this.#slots[index] ?? []);
  readonly #slotOf = new Map<Member, Member[]>();
  /** The members that are called in between, by the slot in which that is. */
  readonly #between: Set<Member>[] = Array.from({ length: frameMs }, () => new Set());
  /** Monotonic time of slot 0. */
  #originMs: number;
  /** The slot that runs next, counted from the origin. */
  #next = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, listener: TickListener<Member>) {
    this.#clock = clock;
    this.#listener = listener;
    this.#originMs = clock.monotonicMs();
  }

  add(member: Member): void {
    const slot =
      this.#ordered.find(({ length }) => length < membersPerSlot) ??
      this.#ordered.reduce((least, other) => (other.length < least.length ? other : least));
    slot.push(member);
    this.#slotOf.set(member, slot);
    if (this.#timer !== undefined) return;
    this.#next = Math.max(this.#next, Math.ceil(this.#clock.monotonicMs() - this.#originMs));
    this.#arm();
  }

  /** Whether `member` is called in between too. */
  want(member: Member, isBetween: boolean): void {
    const slot = this.#slotOf.get(member);
    if (slot === undefined) return;
    const between = this.#between[(this.#slots.indexOf(slot) + frameMs / 2) % frameMs];
    if (isBetween) between?.add(member);
    else between?.delete(member);
  }

  remove(member: Member): void {
    const slot = this.#slotOf.get(member);
    if (slot === undefined) return;
    this.want(member, false);
    slot.splice(slot.indexOf(member), 1);
    this.#slotOf.delete(member);
    if (this.#slotOf.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #turn = (): void => {
    this.#timer = undefined;
    this.#listener.turnBegins();
    let due = Math.floor(this.#clock.monotonicMs() - this.#originMs + earlyMs);
    if (due - this.#next > longestBacklogMs) {
      this.#originMs += due - this.#next;
      due = this.#next;
    }
    for (let run = 0; this.#next <= due && run < slotsPerTurn; this.#next++) {
      const slot = this.#slots[this.#next % frameMs] ?? [];
      const between = this.#between[this.#next % frameMs];
      if (slot.length === 0 && between?.size === 0) continue;
      run += 1;
      // Backwards: a member may take itself out.
      for (let index = slot.length - 1; index >= 0; index--) this.#run(slot[index], "tick");
      if (between !== undefined && between.size > 0) for (const member of between) this.#run(member, "tickBetween");
      this.#listener.slotDone();
    }
    if (this.#slotOf.size > 0) this.#arm();
  };

  #run(member: Member | undefined, what: keyof TickMember): void {
    if (member === undefined) return;
    try {
      if (what === "tick") member.tick();
      else member.tickBetween?.();
    } catch (cause) {
      this.#listener.failed(member, cause);
    }
  }

  #arm(): void {
    let slot = this.#next;
    const last = this.#listener.isHasty() ? slot + hastyMs - 1 : Number.POSITIVE_INFINITY;
    while (slot < last && this.#slots[slot % frameMs]?.length === 0 && this.#between[slot % frameMs]?.size === 0) slot += 1;
    const delayMs = this.#originMs + slot - this.#clock.monotonicMs();
    this.#timer = this.#clock.after(Math.max(0, Math.round(delayMs)), this.#turn);
  }
}
