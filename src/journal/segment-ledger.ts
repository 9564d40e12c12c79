/**
 * Which segments are still needed. Pure book-keeping: it knows segments by their first position and calls by their ids.
 *
 * A segment may go when every call with records in it is done: its last record is shipped. When a call's last record lies in a
 * segment that goes while older records of it stay (a long call holds that older segment), its end is carried forward as an end note.
 */
type Segment = {
  readonly first: number;
  /** Highest position in it; first − 1 while it has none. */
  last: number;
  /** Calls with records here that are not done. */
  open: number;
  /** Done calls whose end stands here and that have records in other segments, which may outlive this one. */
  readonly ends: Map<string, readonly Segment[]>;
};

type CallTrace = { readonly segments: Segment[]; endedAt: number | undefined };

export class SegmentLedger {
  /** Ascending. */
  readonly #segments: Segment[] = [];
  readonly #calls = new Map<string, CallTrace>();
  /** Ended calls in order of the position of their end, from #endedFrom on; those before are done. */
  #ended: { readonly callId: string; readonly position: number; readonly segment: Segment }[] = [];
  #endedFrom = 0;
  #shipped = 0;

  /** First positions of all segments, ascending. */
  get segments(): readonly number[] {
    return this.#segments.map(({ first }) => first);
  }

  /** Calls that have not ended. */
  isLive(callId: string): boolean {
    const trace = this.#calls.get(callId);
    return trace !== undefined && trace.endedAt === undefined;
  }

  /** First positions of segments with records of live calls, ascending. */
  liveSegments(): readonly number[] {
    const firsts = new Set<number>();
    for (const trace of this.#calls.values()) {
      if (trace.endedAt === undefined) for (const { first } of trace.segments) firsts.add(first);
    }
    return [...firsts].toSorted((a, b) => a - b);
  }

  begin(first: number): void {
    this.#segments.push({ first, last: first - 1, open: 0, ends: new Map() });
  }

  /** A record in the newest segment. */
  record(position: number, callIds: readonly string[], ended: readonly string[] = []): void {
    const segment = this.#newest();
    segment.last = position;
    for (const callId of callIds) this.#touch(callId, segment);
    for (const callId of ended) this.#end(callId, position, segment);
  }

  /** An end note in the newest segment. The calls in it were done when it was written. */
  endNote(callIds: readonly string[]): void {
    const segment = this.#newest();
    for (const callId of callIds) {
      const trace = this.#calls.get(callId);
      if (trace === undefined) continue;
      for (const other of trace.segments) other.open--;
      this.#calls.delete(callId);
      segment.ends.set(callId, trace.segments);
    }
  }

  /**
   * Everything up to `position` is in the store. Returns the segments that may go, and the calls whose end must be noted in the newest
   * segment before that. The caller writes the note by `endNote` first.
   */
  shipped(position: number): { readonly remove: readonly number[]; readonly note: readonly string[] } {
    this.#shipped = Math.max(this.#shipped, position);
    this.#settle();
    const gone = new Set(this.#segments.slice(0, -1).filter((segment) => segment.open === 0 && segment.last <= this.#shipped));
    if (gone.size === 0) return { remove: [], note: [] };
    const kept = this.#segments.filter((segment) => !gone.has(segment));
    this.#segments.splice(0, this.#segments.length, ...kept);
    const newest = this.#newest();
    const note: string[] = [];
    for (const segment of gone) {
      for (const [callId, others] of segment.ends) {
        const remaining = others.filter((other) => !gone.has(other) && kept.includes(other));
        if (remaining.length === 0 || newest.ends.has(callId)) continue;
        newest.ends.set(callId, remaining);
        note.push(callId);
      }
    }
    return { remove: [...gone].map(({ first }) => first), note };
  }

  #touch(callId: string, segment: Segment): void {
    const trace = this.#calls.get(callId);
    if (trace === undefined) {
      this.#calls.set(callId, { segments: [segment], endedAt: undefined });
      segment.open++;
    } else if (trace.segments.at(-1) !== segment) {
      trace.segments.push(segment);
      segment.open++;
    }
  }

  #end(callId: string, position: number, segment: Segment): void {
    const trace = this.#calls.get(callId);
    if (trace === undefined || trace.endedAt !== undefined) return;
    trace.endedAt = position;
    this.#ended.push({ callId, position, segment });
  }

  /** Calls whose end is shipped are done: nothing of them needs to stay, except their end where older records outlive it. */
  #settle(): void {
    for (; this.#endedFrom < this.#ended.length; this.#endedFrom++) {
      const end = this.#ended[this.#endedFrom];
      if (end === undefined || end.position > this.#shipped) break;
      const trace = this.#calls.get(end.callId);
      if (trace === undefined) continue;
      this.#calls.delete(end.callId);
      for (const segment of trace.segments) segment.open--;
      const others = trace.segments.filter((segment) => segment !== end.segment);
      if (others.length > 0) end.segment.ends.set(end.callId, others);
    }
    if (this.#endedFrom > 1024 && this.#endedFrom * 2 > this.#ended.length) {
      this.#ended = this.#ended.slice(this.#endedFrom);
      this.#endedFrom = 0;
    }
  }

  #newest(): Segment {
    const newest = this.#segments.at(-1);
    if (newest === undefined) throw new Error("no segment was begun");
    return newest;
  }
}
