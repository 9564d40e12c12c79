/** What calls said, as a test puts it in. */
import type { Call, CallTrace, KeptTraces, LegMessage, Traces } from "../../../src/calls/index.ts";

export class FakeTraces implements Traces {
  /** By call. */
  readonly messages = new Map<string, readonly LegMessage[]>();
  readonly kept = new Set<string>();

  async of({ id, endedAt }: Call): Promise<CallTrace> {
    const keeping = !this.kept.has(id) ? "no" : endedAt === undefined ? "until-its-end" : "yes";
    return { keeping, messages: this.messages.get(id) ?? [] };
  }

  async keep(call: Call): Promise<CallTrace> {
    this.kept.add(call.id);
    return await this.of(call);
  }
}

/** Kept traces without a disk. */
export class MemoryTraces implements Pick<KeptTraces, "read" | "write" | "asked" | "ask"> {
  readonly files = new Map<string, readonly LegMessage[]>();
  readonly marks = new Set<string>();
  /** Set to make writing fail. */
  isFull = false;

  async read({ id }: Pick<Call, "id">) {
    return this.files.get(id) ?? [];
  }

  async write({ id }: Pick<Call, "id">, messages: readonly LegMessage[]) {
    if (this.isFull) throw new Error("no space left");
    this.files.set(id, messages);
  }

  async asked() {
    return [...this.marks];
  }

  async ask({ id }: Pick<Call, "id">, isWanted: boolean) {
    if (isWanted) this.marks.add(id);
    else this.marks.delete(id);
  }
}
