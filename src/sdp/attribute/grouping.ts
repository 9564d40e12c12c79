/** Streams that belong together: mid and group (RFC 5888), BUNDLE among them (RFC 9143), and header extensions (RFC 8285). */

export type Group = { readonly semantics: string; readonly mids: readonly string[] };

/** a=group */
export function parseGroup(value: string): Group | undefined {
  const [semantics = "", ...mids] = value.split(/\s+/);
  return semantics === "" || !mids.every(isToken) ? undefined : { semantics, mids };
}

/** a=mid */
export function parseMid(value: string): string | undefined {
  return isToken(value) ? value : undefined;
}

/** RFC 8866 §9, token. */
function isToken(text: string): boolean {
  return /^[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+$/.test(text);
}

export type HeaderExtension = {
  readonly id: number;
  readonly direction?: string | undefined;
  readonly uri: string;
  readonly parameters: string;
};

/** a=extmap */
export function parseHeaderExtension(value: string): HeaderExtension | undefined {
  const [, id, direction, uri, parameters = ""] =
    /^(\d{1,4})(?:\/(sendrecv|sendonly|recvonly|inactive))?\s+(\S+)(?:\s+(.*))?$/.exec(value) ?? [];
  if (id === undefined || uri === undefined || !isExtensionId(Number(id))) return undefined;
  return { id: Number(id), ...(direction !== undefined && { direction }), uri, parameters };
}

/** Local ids of both header forms, and the numbers that stand for one to be chosen (RFC 8285 §5, §6). */
function isExtensionId(id: number): boolean {
  return (id >= 1 && id <= 255) || (id >= 4096 && id <= 4351);
}
