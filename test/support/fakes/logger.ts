import type { Logger, LogLevel } from "../../../src/kernel/index.ts";

export type LogLine = { readonly level: LogLevel; readonly fields: object; readonly message: string };

/** A log that a test can read. */
export function recordingLogger(): { readonly logger: Logger; readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const loggerWith = (inherited: object): Logger => {
    const write = (level: LogLevel) => (fields: object, message: string) => {
      lines.push({ level, fields: { ...inherited, ...fields }, message });
    };
    const child = (fields: object) => loggerWith({ ...inherited, ...fields });
    return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error"), child };
  };
  return { logger: loggerWith({}), lines };
}
