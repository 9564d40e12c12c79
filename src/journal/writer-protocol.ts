/** What the journal and its writer say to each other. Plain structured clones, so the writer may live anywhere. */

export type WriterCommand =
  /** Append these bytes, whole records, to the segment and make them durable. A segment not seen before is begun. */
  | { readonly kind: "write"; readonly segment: number; readonly bytes: ArrayBuffer; readonly length: number; readonly last: number }
  | { readonly kind: "remove"; readonly segments: readonly number[] }
  | { readonly kind: "close" };

export type WriterReport =
  /** All bytes up to position `last` are on disk. The buffer comes back for the next batch. */
  | { readonly kind: "written"; readonly last: number; readonly bytes: ArrayBuffer }
  /** The disk refused; the writer tries again by itself until it succeeds. Sent after each attempt. */
  | { readonly kind: "failing"; readonly reason: string }
  /** Something beside the records went wrong. */
  | { readonly kind: "warning"; readonly reason: string }
  /** Whether the space kept for live calls is untouched. */
  | { readonly kind: "space"; readonly onlyReserveLeft: boolean }
  | { readonly kind: "closed" };

/** A running writer. Commands are carried out strictly in order. */
export type JournalWriter = { send(command: WriterCommand): void };

/** Starts a writer for a directory. `report` hears everything from it; `died` is called when it ends without having been asked. */
export type StartWriter = (
  settings: WriterSettings,
  report: (report: WriterReport) => void,
  died: (cause: unknown) => void,
) => JournalWriter;

export type WriterSettings = {
  readonly directory: string;
  /** Size of the file that is given up when the disk is full, so that live calls can be finished. */
  readonly reserveBytes: number;
};
