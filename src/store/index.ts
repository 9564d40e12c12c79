export { openDataDirectory } from "./data-directory.ts";
export { openStore, type Store } from "./open-store.ts";
