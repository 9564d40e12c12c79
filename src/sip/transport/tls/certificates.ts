/**
 * The certificates we show and those we trust. A directory has default.crt and default.key, and `<host name>.crt` and `.key` for each
 * name under which we are asked (RFC 6066 §3). Renewed files are taken up within half a minute, without restart.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { createSecureContext, getCACertificates, type SecureContext, type SecureContextOptions, type TlsOptions } from "node:tls";
import type { Clock, Logger, Timer } from "../../../kernel/index.ts";

export type TlsSettings = {
  /** Absolute. Without one we have no certificate, and can only connect. */
  readonly directory?: string | undefined;
  /** Of clients that connect to us. With `ask` any or none is fine, with `require` one that the CA file vouches for. */
  readonly clientCertificates: "off" | "ask" | "require";
  /** PEM: CAs trusted beside those of the system. */
  readonly caFile?: string | undefined;
  /** False takes any certificate of a server we connect to. */
  readonly verifiesServers: boolean;
};

export const noTls: TlsSettings = { clientCertificates: "off", verifiesServers: true };

type Pair = { readonly cert: Buffer; readonly key: Buffer };
type Entry = { readonly stamp: string; readonly pair: Pair; readonly context: SecureContext };

const refreshMs = 30_000;
const minVersion = "TLSv1.2";
const defaultName = "default";

/** What is wrong with a file, with its path. */
export class CertificateError extends Error {}

/** Rejects with a CertificateError when default.crt or default.key is missing or unusable, or the CA file is. */
export async function openCertificates(settings: TlsSettings, clock: Clock, logger: Logger): Promise<Certificates> {
  const { caFile } = settings;
  const ca = caFile === undefined ? undefined : await usable(caFile, readFile(caFile));
  const certificates = new Certificates(settings, ca, clock, logger);
  await certificates.load();
  return certificates;
}

async function usable<T>(path: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    throw new CertificateError(`${path} cannot be used (${cause instanceof Error ? cause.message : String(cause)})`, { cause });
  }
}

export class Certificates {
  readonly verifiesServers: boolean;
  /** Grows when files were taken up. */
  revision = 0;
  readonly #settings: TlsSettings;
  readonly #ca: Buffer | undefined;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #entries: ReadonlyMap<string, Entry> = new Map();
  #client: SecureContext | undefined;
  #refresh: Timer | undefined;
  #isClosed = false;

  constructor(settings: TlsSettings, ca: Buffer | undefined, clock: Clock, logger: Logger) {
    this.#settings = settings;
    this.verifiesServers = settings.verifiesServers;
    this.#ca = ca;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** The first time: whatever is wrong with the default rejects. */
  async load(): Promise<void> {
    const { directory } = this.#settings;
    if (directory === undefined) return;
    this.#entries = await usable(directory, this.#read(directory));
    // Once more, so that what is wrong with it is told.
    if (!this.#entries.has(defaultName)) await usable(join(directory, `${defaultName}.crt`), this.#entry(directory, defaultName));
    this.#refreshLater(directory);
  }

  /** For clients that name no host or one we have no certificate for, and what holds for all. */
  serverOptions(): TlsOptions {
    const { clientCertificates } = this.#settings;
    return {
      ...this.#contextOptions(this.#entries.get(defaultName)?.pair),
      requestCert: clientCertificates !== "off",
      rejectUnauthorized: clientCertificates === "require",
    };
  }

  contextFor(name: string): SecureContext | undefined {
    return (this.#entries.get(name.toLowerCase()) ?? this.#entries.get(defaultName))?.context;
  }

  /** For connections of ours. Shows our default certificate to a server that asks for one. */
  clientContext(): SecureContext {
    this.#client ??= createSecureContext({
      ...this.#entries.get(defaultName)?.pair,
      minVersion,
      ca: [
        ...getCACertificates("default"),
        ...getCACertificates("system"),
        ...(this.#ca === undefined ? [] : [this.#ca.toString("latin1")]),
      ],
    });
    return this.#client;
  }

  close(): void {
    this.#isClosed = true;
    this.#refresh?.cancel();
  }

  /** Takes up what has changed. Files that do not fit each other, as in the middle of a renewal, leave what was there. */
  async refresh(directory: string): Promise<void> {
    const entries = await this.#read(directory);
    const isSame = entries.size === this.#entries.size && [...entries].every(([name, entry]) => this.#entries.get(name) === entry);
    if (isSame || this.#isClosed) return;
    this.#entries = entries;
    this.#client = undefined;
    this.revision += 1;
    this.#logger.info({ names: [...entries.keys()] }, "SIP certificates were taken up");
  }

  async #read(directory: string): Promise<ReadonlyMap<string, Entry>> {
    const entries = new Map<string, Entry>();
    const files = await readdir(directory);
    for (const file of files) {
      if (!file.endsWith(".crt") || !files.includes(`${file.slice(0, -4)}.key`)) continue;
      const name = file.slice(0, -4).toLowerCase();
      const known = this.#entries.get(name);
      const entry = await this.#entry(directory, file.slice(0, -4), known).catch((error: unknown) => {
        this.#logger.warn({ err: error, file }, "cannot use a SIP certificate");
        return known;
      });
      if (entry !== undefined) entries.set(name, entry);
    }
    // Never without one: a directory that is being written anew may be empty for a moment.
    const fallback = entries.get(defaultName) ?? this.#entries.get(defaultName);
    return fallback === undefined ? entries : entries.set(defaultName, fallback);
  }

  async #entry(directory: string, name: string, known?: Entry): Promise<Entry> {
    const paths = [join(directory, `${name}.crt`), join(directory, `${name}.key`)] as const;
    const stats = await Promise.all(paths.map((path) => stat(path)));
    const stamp = stats.map(({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`).join(" ");
    if (stamp === known?.stamp) return known;
    const pair = { cert: await readFile(paths[0]), key: await readFile(paths[1]) };
    return { stamp, pair, context: createSecureContext(this.#contextOptions(pair)) };
  }

  #contextOptions(pair: Pair | undefined): SecureContextOptions {
    return { ...pair, minVersion, ...(this.#ca !== undefined && { ca: this.#ca }) };
  }

  #refreshLater(directory: string): void {
    if (this.#isClosed) return;
    this.#refresh = this.#clock.after(refreshMs, () => {
      void this.refresh(directory)
        .catch((error: unknown) => this.#logger.warn({ err: error }, "cannot read the SIP certificates"))
        .finally(() => this.#refreshLater(directory));
    });
  }
}
