/**
 * The local PostgreSQL server that we supervise when no DATABASE_URL is given.
 *
 *   from      event                     to        action
 *   absent    start, socket answers     running   attach to the survivor of a killed process
 *   absent    start, else               running   initdb when there is no data; spawn until it answers
 *   running   its process is gone       absent    tell `lost`, start again, tell `restored`
 *   any       stop                      stopped   SIGINT ("fast"), wait for its exit
 *
 * It runs detached, so that a terminal's Ctrl-C reaches it only through us, after calls have been drained; and so it survives our own
 * death, and the next start is quick. It listens on a Unix socket in a directory that only its user may enter; hence no password.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { type Clock, type Logger, sleep, type Timer } from "../kernel/index.ts";
import { storeRefusal } from "./errors.ts";
import { type PostgresPlaces, postgresPlaces } from "./postgres-places.ts";
import { startTimeOf } from "./process-identity.ts";

export type PostgresServerOptions = {
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Hears, in plain sentences, what takes time at the start. */
  readonly progress?: (message: string) => void;
  /** The server died by itself and is being started again. */
  readonly lost?: () => void;
  readonly restored?: () => void;
  /** False in tests: nothing is synced to the disk. */
  readonly syncs?: boolean;
};

export type PostgresServer = {
  /** For pg: the directory of the socket, and whom to log in as. */
  readonly connection: { readonly host: string; readonly user: string; readonly database: string };
  /** Process id of the postmaster now; undefined while it is away. */
  readonly pid: number | undefined;
  /** True when a running server was found at the start. */
  readonly isAttached: boolean;
  stop(): Promise<void>;
};

const user = "callwright";
const watchEveryMs = 250;
const pollEveryMs = 15;
/** Old children of a killed postmaster hold its lock for a moment. */
const startAttempts = 20;
const restartFirstMs = 100;
const restartLongestMs = 10_000;
/** Replaying much WAL after a crash takes long, and the server says so itself; without an answer we give up earlier. */
const readyWithinMs = 300_000;
const fastStopMs = 30_000;
const logBytes = 16 * 1024 * 1024;

/** Starts or finds the server. Throws STORE_NO_POSTGRES, STORE_DATA_UNUSABLE or STORE_START_FAILED. */
export async function startPostgresServer(options: PostgresServerOptions): Promise<PostgresServer> {
  const say = (message: string) => (options.progress === undefined ? options.logger.info({}, message) : options.progress(message));
  const server = new LocalPostgres(options, postgresPlaces(options.dataDirectory, say), say);
  await server.start();
  return server;
}

class LocalPostgres implements PostgresServer {
  readonly connection: PostgresServer["connection"];
  readonly #options: PostgresServerOptions;
  readonly #places: PostgresPlaces;
  readonly #say: (message: string) => void;
  #running: { readonly pid: number; readonly startTime: string } | undefined;
  #isAttached = false;
  #isStopping = false;
  #watch: Timer | undefined;
  /** Ends when nothing is being started any more. */
  #restarting: Promise<void> = Promise.resolve();

  constructor(options: PostgresServerOptions, places: PostgresPlaces, say: (message: string) => void) {
    this.#options = options;
    this.#places = places;
    this.#say = say;
    this.connection = { host: places.socketDirectory, user, database: "postgres" };
  }

  get pid(): number | undefined {
    return this.#running?.pid;
  }

  get isAttached(): boolean {
    return this.#isAttached;
  }

  async start(): Promise<void> {
    if ((await this.#ask()) === "ready" && this.#noteRunning()) {
      this.#isAttached = true;
      this.#options.logger.info({ pid: this.pid }, "The database server of the former run is still there; it is used.");
    } else {
      await this.#bringUp();
    }
    this.#watchNext();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#watch?.cancel();
    await this.#restarting;
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    for (const signal of ["SIGINT", "SIGQUIT"] as const) {
      if (startTimeOf(running.pid) !== running.startTime) return;
      process.kill(running.pid, signal);
      for (let waitedMs = 0; waitedMs < fastStopMs && startTimeOf(running.pid) === running.startTime; waitedMs += pollEveryMs)
        await this.#sleep(pollEveryMs);
    }
    if (startTimeOf(running.pid) === running.startTime)
      this.#options.logger.error({ pid: running.pid }, "The database server does not stop.");
  }

  async #bringUp(): Promise<void> {
    if (statSync(join(this.#places.data, "PG_VERSION"), { throwIfNoEntry: false }) === undefined) await this.#makeCluster();
    this.#rotateLog();
    for (let attempt = 1; ; attempt++) {
      if (await this.#spawnAndWait()) break;
      // Only what a former postmaster left behind goes away by itself.
      const isHeldUp = statSync(join(this.#places.data, "postmaster.pid"), { throwIfNoEntry: false }) !== undefined;
      if (!isHeldUp || attempt === startAttempts || this.#isStopping) throw this.#failed("did not start");
      await this.#sleep(Math.min(25 * attempt, 500));
    }
    this.#isAttached = false;
  }

  async #makeCluster(): Promise<void> {
    const { home, data } = this.#places;
    this.#say("Preparing the database (once).");
    rmSync(data, { recursive: true, force: true });
    const draft = `${data}.new`;
    rmSync(draft, { recursive: true, force: true });
    const args = ["-D", draft, "-U", user, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-instructions"];
    if (this.#options.syncs === false) args.push("--no-sync");
    const child = this.#spawn("initdb", args);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", resolve);
    }).catch((cause: unknown) => {
      throw this.#failed("could not be run", cause);
    });
    if (code !== 0) throw this.#failed(`could not be prepared in ${home} (initdb ended with ${String(code)})`);
    renameSync(draft, data);
  }

  /** False when the new process ended before it answered. */
  async #spawnAndWait(): Promise<boolean> {
    const { data, socketDirectory } = this.#places;
    const settings = [
      "listen_addresses=",
      "unix_socket_permissions=0700",
      "max_connections=40",
      "jit=off",
      "log_timezone=UTC",
      "timezone=UTC",
    ];
    if (this.#options.syncs === false) settings.push("fsync=off", "full_page_writes=off");
    const child = this.#spawn("postgres", ["-D", data, "-k", socketDirectory, ...settings.flatMap((setting) => ["-c", setting])]);
    child.unref();
    let ended: unknown;
    child.once("error", (error) => (ended = error));
    child.once("exit", (code, signal) => (ended ??= `ended with ${signal ?? code}`));
    for (let waitedMs = 0; waitedMs < readyWithinMs; waitedMs += pollEveryMs) {
      // The socket may already be that of an earlier attempt which came up after all.
      if ((await this.#ask()) === "ready" && this.#noteRunning()) return true;
      if (ended !== undefined) return false;
      if (this.#isStopping) child.kill("SIGQUIT");
      await this.#sleep(pollEveryMs);
    }
    throw this.#failed("gave no answer within five minutes");
  }

  #spawn(program: "initdb" | "postgres", args: readonly string[]) {
    const { binaries, home, log, user: runAs } = this.#places;
    const logFile = openSync(log, "a", 0o600);
    try {
      return spawn(join(binaries, program), args, {
        cwd: home,
        detached: true,
        stdio: ["ignore", logFile, logFile],
        env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
        ...runAs,
      });
    } finally {
      closeSync(logFile);
    }
  }

  async #ask(): Promise<"ready" | "no"> {
    // `pg` would report a missing socket as an error too; a look saves making a client for each poll.
    if (statSync(join(this.#places.socketDirectory, ".s.PGSQL.5432"), { throwIfNoEntry: false }) === undefined) return "no";
    const client = new Client({ ...this.connection, connectionTimeoutMillis: 2000, query_timeout: 2000 });
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.query("select 1");
      return "ready";
    } catch {
      // Refused, starting up or shutting down: in each case the answer is "not yet".
      return "no";
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** Reads who answers from the file that PostgreSQL keeps beside its data; its first line is the pid. */
  #noteRunning(): boolean {
    try {
      const pid = Number.parseInt(readFileSync(join(this.#places.data, "postmaster.pid"), "utf8"), 10);
      const startTime = startTimeOf(pid);
      if (startTime === undefined) return false;
      this.#running = { pid, startTime };
      return true;
    } catch (cause) {
      if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return false;
      throw cause;
    }
  }

  #watchNext(): void {
    if (this.#isStopping) return;
    this.#watch = this.#options.clock.after(watchEveryMs, () => {
      if (this.#running !== undefined && startTimeOf(this.#running.pid) === this.#running.startTime) this.#watchNext();
      else this.#restarting = this.#restart();
    });
  }

  async #restart(): Promise<void> {
    this.#running = undefined;
    this.#options.logger.error({ log: this.#places.log }, "The database server is gone; it is started again. Calls go on meanwhile.");
    this.#options.lost?.();
    for (let delayMs = restartFirstMs; !this.#isStopping; delayMs = Math.min(delayMs * 2, restartLongestMs)) {
      try {
        await this.#bringUp();
        this.#options.logger.info({ pid: this.pid }, "The database server is back.");
        this.#options.restored?.();
        break;
      } catch (error) {
        this.#options.logger.error({ error: String(error) }, "The database server does not start again; it is tried further.");
        await this.#sleep(delayMs);
      }
    }
    this.#watchNext();
  }

  #rotateLog(): void {
    const { log } = this.#places;
    if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > logBytes) renameSync(log, `${log}.1`);
  }

  #failed(what: string, cause?: unknown) {
    const lines = readLastLines(this.#places.log);
    const message = `The local PostgreSQL server ${what}. Its log is ${this.#places.log}.${lines === "" ? "" : ` It ends with:\n${lines}`}`;
    return storeRefusal("STORE_START_FAILED", { message, log: this.#places.log }, { cause });
  }

  #sleep(delayMs: number): Promise<void> {
    return sleep(this.#options.clock, delayMs);
  }
}

function readLastLines(path: string): string {
  const text = statSync(path, { throwIfNoEntry: false }) === undefined ? "" : readFileSync(path, "utf8");
  return text.trimEnd().split("\n").slice(-5).join("\n");
}
