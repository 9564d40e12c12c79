/** Ids as the vendor's clients expect them to look, each made from ours, so that nothing about them needs keeping. */
import { createHash } from "node:crypto";

/** A call may hold several lines of talk; this is the first of them, and so far the only one that clients see. */
const mainBridge = "00000001";

/** 32 upper-case letters and digits. */
export function callUuidOf(callId: string): string {
  return callId.toUpperCase() + mainBridge;
}

/** Undefined when `callUuid` is none of ours. */
export function callIdOf(callUuid: string): string | undefined {
  const [, callId] = /^([\dA-F]{24})00000001$/.exec(callUuid) ?? [];
  return callId?.toLowerCase();
}

/** 16 lower-case hex digits. */
export function connIdOf(callId: string): string {
  return digest(`connection ${callId}`).slice(0, 16);
}

/** A UUID of the kind that may be made in any way (version 8, RFC 9562 §5.8). */
export function derivedUuidOf(kind: string, id: string): string {
  const hex = digest(`${kind} ${id}`);
  const variant = "89ab"[Number.parseInt(hex.charAt(16), 16) % 4] ?? "8";
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** 32 hex digits. */
export function vendorIdOf(id: string): string {
  return id.padEnd(32, "0");
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
