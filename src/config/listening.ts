/** Turns the system's refusal of a listening socket into a sentence that names the setting to change. */
import type { CallwrightError } from "../kernel/index.ts";
import { refusal } from "./errors.ts";

export type Listener = {
  /** As a person calls it: `HTTP`. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Names of the settings that host and port come from. */
  readonly hostSetting: string;
  readonly portSetting: string;
};

const remedies: Readonly<Record<string, (listener: Listener) => string>> = {
  EADDRINUSE: ({ portSetting }) =>
    `another program has this port, perhaps another Callwright. Stop it, or choose another port with ${portSetting}.`,
  EACCES: ({ portSetting }) => `this user may not have this port. Choose one above 1023 with ${portSetting}.`,
  EADDRNOTAVAIL: ({ hostSetting }) =>
    `this machine has no such address. Choose one of its own, or 0.0.0.0 for all of them, with ${hostSetting}.`,
  ENOTFOUND: ({ hostSetting }) => `this name has no address. Correct ${hostSetting}.`,
};

/** What `opening` gives. Throws CONFIG_ADDRESS_UNUSABLE for an address or port that the system refuses. */
export async function listening<T>(listener: Listener, opening: Promise<T>): Promise<T> {
  try {
    return await opening;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const remedy = remedies[code]?.(listener);
    if (remedy === undefined) throw cause;
    const { name, host, port } = listener;
    const message = `${name} cannot listen on ${host.includes(":") ? `[${host}]` : host}:${port}: ${remedy}`;
    throw refusal("CONFIG_ADDRESS_UNUSABLE", { message }, { cause });
  }
}

/** CONFIG_CERTIFICATE_UNUSABLE for what was wrong with the files of TLS. */
export function certificatesUnusable(reason: string, cause: unknown): CallwrightError {
  const message = `SIP over TLS: ${reason}. See CALLWRIGHT_SIP_TLS_DIRECTORY and CALLWRIGHT_SIP_TLS_CA_FILE.`;
  return refusal("CONFIG_CERTIFICATE_UNUSABLE", { message }, { cause });
}
