/** Messages to bytes, RFC 3261 §7. Content-Length is always written, and always from the body. */
import { oneLine } from "./header-list.ts";
import type { SipMessage } from "./message.ts";

export function formatMessage(message: SipMessage): Buffer {
  const start =
    message.kind === "request"
      ? `${oneLine(message.method)} ${oneLine(message.uri)} SIP/2.0`
      : `SIP/2.0 ${message.status} ${oneLine(message.reason)}`;
  const head = `${start}\r\n${message.headers.format()}Content-Length: ${message.body.length}\r\n\r\n`;
  if (message.body.length === 0) return Buffer.from(head);
  const headBytes = Buffer.byteLength(head);
  const bytes = Buffer.allocUnsafe(headBytes + message.body.length);
  bytes.write(head);
  bytes.set(message.body, headBytes);
  return bytes;
}

/** Bytes on the wire. */
export function sizeOf(message: SipMessage): number {
  return formatMessage(message).length;
}
