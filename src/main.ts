/** Process entry: config, server, signals. */
import { readFileSync } from "node:fs";
import { banner, progressLine } from "./banner.ts";
import { loadConfig } from "./config/index.ts";
import { CallwrightError, jsonLogger, type Logger } from "./kernel/index.ts";
import { type Server, startServer } from "./server.ts";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };

async function main(): Promise<void> {
  const config = loadConfig();
  const logger = jsonLogger(config.logLevel);
  const server = startServer({
    config,
    logger,
    version,
    progress: (message) => process.stdout.write(`${progressLine(message)}\n`),
    onLost: (cause) => die(logger, cause),
  });
  stopOnSignals(server, logger);
  process.on("uncaughtException", (error) => die(logger, error));
  const ready = await server;
  process.stdout.write(`${banner(ready, config, { version, startedInMs: process.uptime() * 1000 })}\n`);
}

/** A bug outside of every call, or a journal that is lost: the next start goes on with the calls. */
function die(logger: Logger, cause: unknown): never {
  logger.error({ err: cause }, "The process cannot go on; live calls continue with the next start");
  process.exit(1);
}

const sameSignalMs = 1000;

/** The first signal ends in order, a later one at once. Ctrl-C comes twice: from the terminal, and passed on by npm. */
function stopOnSignals(starting: Promise<Server>, logger: Logger): void {
  let stoppingSinceMs: number | undefined;
  const stop = async (signal: string) => {
    const nowMs = process.uptime() * 1000;
    if (stoppingSinceMs !== undefined) {
      if (nowMs - stoppingSinceMs > sameSignalMs) process.exit(1);
      return;
    }
    stoppingSinceMs = nowMs;
    logger.info({ signal }, "Stopping");
    process.stdout.write(`${progressLine("Stopping; live calls are hung up")}\n`);
    const server = await starting;
    await server.close();
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      stop(signal).catch((error: unknown) => die(logger, error));
    });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(
    error instanceof CallwrightError
      ? `${error.message}\n`
      : `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exit(1);
});
