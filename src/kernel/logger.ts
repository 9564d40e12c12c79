import { isMainThread } from "node:worker_threads";
import { pino } from "pino";

/** Structured log. Fields first, then one plain sentence. Secrets never go in; `redact` below is the second net. */
export type Logger = {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** The same log with `fields` on every line. */
  child(fields: object): Logger;
};

export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

const secretFields: ReadonlySet<string> = new Set(["password", "authorization", "cookie", "token", "secret", "apiKey", "ha1"]);
/** Levels of objects that are searched for them. */
const secretDepth = 3;

/** How long a line may wait for others: a write of its own costs 15 µs, and waking who reads it. */
const flushEveryMs = 100;
/** Two thirds of what a pipe takes whole, so that lines of several threads hardly ever cut each other. */
const flushBytes = 3072;
/** What is written while nobody reads is dropped from here on. */
const mostWaitingBytes = 16 * 1024 * 1024;

/**
 * JSON lines on `destination` (a file descriptor: 1 is stdout, 2 is stderr). Lines of the main thread leave together, at most 100 ms late and at the end of
 * the process; SIGKILL takes the last ones with it. Other threads, which log little and have no end to hear of, write each line at once.
 */
export function jsonLogger(level: LogLevel, destination = 2): Logger {
  const { err } = pino.stdSerializers;
  const error = (value: unknown): unknown => (value instanceof Error ? redacted({ ...err(value) }, secretDepth) : value);
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }), log: (fields) => redacted(fields, secretDepth) },
      serializers: { err: error, cause: error },
    },
    isMainThread
      ? pino.destination({
          fd: destination,
          sync: false,
          minLength: flushBytes,
          maxLength: mostWaitingBytes,
          periodicFlush: flushEveryMs,
        })
      : pino.destination({ fd: destination, sync: true }),
  );
}

type Fields = Readonly<Record<string, unknown>>;

/** `fields` with the values of secret ones replaced; itself when there are none. By hand, as pino's redaction of such paths costs 13 µs a line. */
function redacted(fields: Fields, depth: number): Fields {
  let clean: Record<string, unknown> | undefined;
  for (const [name, value] of Object.entries(fields)) {
    const kept = secretFields.has(name) ? "[redacted]" : depth > 1 && isObject(value) ? redacted(value, depth - 1) : value;
    if (kept === value) continue;
    clean ??= { ...fields };
    clean[name] = kept;
  }
  return clean ?? fields;
}

/** Errors are left to their serializer. */
function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !(value instanceof Error);
}

/** Drops everything. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};
