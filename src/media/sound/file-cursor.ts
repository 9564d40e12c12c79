import type { Piece, SoundFile } from "./prompt-cache.ts";

/** One player's place in a file: holds the piece that plays, and gets the next one while that lasts. */
export class FileCursor {
  readonly file: SoundFile;
  #piece: Piece | undefined;
  #next: Piece | undefined;
  #isLoading = false;
  #error: unknown;

  constructor(file: SoundFile) {
    this.file = file;
  }

  /** Why the file could not be read on; undefined while it can. */
  get error(): unknown {
    return this.#error;
  }

  /** The piece with byte `at`; undefined while it is on its way. */
  pieceAt(at: number): Piece | undefined {
    let piece = this.#piece;
    if (piece === undefined || !hasByte(piece, at)) {
      piece = this.#next !== undefined && hasByte(this.#next, at) ? this.#next : this.file.find(at);
      this.#piece = piece;
      this.#next = undefined;
    }
    if (piece === undefined) {
      this.expect(at);
      return undefined;
    }
    const end = piece.start + piece.bytes.length;
    // After the last piece, the first: the prompt may be repeated.
    const ahead = end < this.file.sizeBytes ? end : 0;
    if (this.#next === undefined && !hasByte(piece, ahead) && at - piece.start > piece.bytes.length / 2) this.expect(ahead);
    return piece;
  }

  /** Gets byte `at` into memory and keeps it there until it is played. Rejects with the error of the file system. */
  async begin(at: number): Promise<void> {
    if (at < this.file.sizeBytes) this.#next = await this.file.load(at);
  }

  /** Byte `at` will be needed soon. */
  expect(at: number): void {
    if (this.#isLoading || this.#error !== undefined || at >= this.file.sizeBytes) return;
    this.#isLoading = true;
    this.file
      .load(at)
      .then(
        (piece) => (this.#next = piece),
        (cause: unknown) => (this.#error = cause),
      )
      .finally(() => (this.#isLoading = false));
  }
}

function hasByte({ start, bytes }: Piece, at: number): boolean {
  return at >= start && at < start + bytes.length;
}
