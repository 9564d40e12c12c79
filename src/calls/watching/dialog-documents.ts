/**
 * What one watcher of dialogs has been told, and what is new to it (RFC 4235 §4.3). Each document is made to be sent: it counts one
 * further and is taken as told. One that would leave nothing out is full, so that phones which know only one dialog need no other.
 */
import type { WatchedDialog } from "../../sip/index.ts";

export type DialogDocument = {
  readonly version: number;
  readonly state: "full" | "partial";
  readonly dialogs: readonly WatchedDialog[];
};

export class DialogDocuments {
  #version = 0;
  #mustBeFull = true;
  /** Alive when they were told, by id. */
  #told = new Map<string, WatchedDialog>();
  /** Ended since, of those that were told. */
  readonly #ended = new Map<string, WatchedDialog>();

  /** The watcher asked again: the next document has everything. */
  refresh(): void {
    this.#mustBeFull = true;
  }

  ended(dialogs: readonly WatchedDialog[]): void {
    for (const dialog of dialogs) if (this.#told.has(dialog.id)) this.#ended.set(dialog.id, dialog);
  }

  /**
   * Something of `live` is to be told. A phone that has not answered its INVITE yet does so in a moment: told at once, it would keep
   * the ringing back for as long as two documents must be apart.
   */
  isNews(live: readonly WatchedDialog[]): boolean {
    const shown = live.filter((dialog) => !isOnlyAsked(dialog) || this.#told.has(dialog.id));
    return shown.length !== this.#told.size || shown.some((dialog) => !this.#isTold(dialog));
  }

  next(live: readonly WatchedDialog[]): DialogDocument {
    const ids = new Set(live.map(({ id }) => id));
    const gone = [...this.#told.values()].filter(({ id }) => !ids.has(id));
    const over = gone.map((dialog): WatchedDialog => this.#ended.get(dialog.id) ?? { ...dialog, state: "terminated" });
    const changed = live.filter((dialog) => !this.#isTold(dialog));
    const isFull = this.#mustBeFull || changed.length === live.length;
    this.#told = new Map(live.map((dialog) => [dialog.id, dialog]));
    this.#ended.clear();
    this.#mustBeFull = false;
    return { version: this.#version++, state: isFull ? "full" : "partial", dialogs: [...(isFull ? live : changed), ...over] };
  }

  #isTold(dialog: WatchedDialog): boolean {
    const told = this.#told.get(dialog.id);
    return told === dialog || (told !== undefined && JSON.stringify(told) === JSON.stringify(dialog));
  }
}

function isOnlyAsked({ direction, state }: WatchedDialog): boolean {
  return direction === "recipient" && state === "trying";
}
