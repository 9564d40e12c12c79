/** A SIP message as it stood on the wire, read only as far as a test looks at it, and apart from the server's own parser. */
export type TracedMessage = {
  readonly direction: "sent" | "received";
  readonly startLine: string;
  /** The request's method, or undefined for a response. */
  readonly method: string | undefined;
  /** The response's status, or undefined for a request. */
  readonly status: number | undefined;
  /** Lower-case name → values in order. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
};

/** The first value of a header, or an empty string. */
export function headerOf(message: TracedMessage, name: string): string {
  return message.headers.get(name.toLowerCase())?.[0] ?? "";
}

/** The direction attribute of the first media description (RFC 3264 §5.1); a body that says none means sendrecv. */
export function mediaDirection(message: TracedMessage): string {
  return /^a=(sendrecv|sendonly|recvonly|inactive)\r?$/m.exec(message.body)?.[1] ?? "sendrecv";
}

/** The messages without repetitions of earlier ones (same start line, branch and CSeq): on a busy machine an answer may come after a timer. */
export function withoutRetransmissions(messages: readonly TracedMessage[]): readonly TracedMessage[] {
  const key = (message: TracedMessage) =>
    [message.direction, message.startLine, headerOf(message, "via"), headerOf(message, "cseq")].join("\n");
  const seen = new Set<string>();
  return messages.filter((message) => {
    const isNew = !seen.has(key(message));
    seen.add(key(message));
    return isNew;
  });
}

/** The messages of a SIPp message file. A message still being written at its end is left out. */
export function parseSippTrace(text: string): readonly TracedMessage[] {
  const messages: TracedMessage[] = [];
  for (const part of text.split(/^-{20,} \d{4}-.*\n/m)) {
    const head = /^\S+ message (sent|received) [[(](\d+)\]? bytes\)? ?:\n\n/.exec(part);
    if (head === null) continue;
    const bytes = Buffer.from(part.slice(head[0].length));
    const length = Number(head[2]);
    if (bytes.length < length) continue;
    messages.push(parseSipMessage(bytes.subarray(0, length).toString(), head[1] === "sent" ? "sent" : "received"));
  }
  return messages;
}

/** One message as text. */
export function parseSipMessage(text: string, direction: TracedMessage["direction"]): TracedMessage {
  const [head = "", ...bodyParts] = text.split(/\r?\n\r?\n/);
  const [startLine = "", ...headerLines] = head.split(/\r?\n/);
  const headers = new Map<string, string[]>();
  for (const line of headerLines) {
    const colon = line.indexOf(":");
    if (colon < 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()]);
  }
  const status = /^SIP\/2\.0 (\d{3})/.exec(startLine)?.[1];
  return {
    direction,
    startLine,
    method: status === undefined ? startLine.split(" ")[0] : undefined,
    status: status === undefined ? undefined : Number(status),
    headers,
    body: bodyParts.join("\r\n\r\n"),
  };
}
