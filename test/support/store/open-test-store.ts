import { openDataDirectory } from "../../../src/store/data-directory.ts";
import { openStore, type Store } from "../../../src/store/open-store.ts";
import { type Logger, silentLogger, systemClock } from "../../../src/kernel/index.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

export type TestStore = AsyncDisposable & { readonly store: Store; readonly path: string; readonly secret: Uint8Array };

/** A store with a PostgreSQL server of its own in a temporary directory; disposing ends the server and removes the directory. */
export async function openTestStore(logger: Logger = silentLogger): Promise<TestStore> {
  await using undo = new AsyncDisposableStack();
  const directory = undo.use(temporaryDirectory());
  const clock = systemClock();
  const data = await openDataDirectory(directory.path, clock);
  undo.defer(() => data.close());
  const store = await openStore({ data, clock, logger, syncs: false });
  undo.defer(() => store.close());
  const owned = undo.move();
  return { store, path: directory.path, secret: data.secret, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
