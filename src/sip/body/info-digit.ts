/**
 * Digits in INFO: `application/dtmf-relay` as gateways write it (`Signal=5`, `Duration=160`), and `application/dtmf` with the bare digit. Neither has an
 * RFC; the numbers 10 to 15 are the event codes of RFC 4733 §3.2.
 */
import { type Parsed, parsed, unparsed } from "../../kernel/index.ts";
import type { Body } from "../message/builder.ts";
import { parseContentType } from "./content.ts";

export type InfoDigit = {
  /** 0-9, *, #, A-D. */
  readonly digit: string;
  readonly durationMs: number;
};

const relay = "application/dtmf-relay";
export const digitTypes = [relay, "application/dtmf"] as const;

const largestBody = 256;
const usualMs = 250;
const longestMs = 60_000;
const keys = "0123456789*#ABCD";

/** True for the types that `parseInfoDigit` reads. */
export function hasDigitType(contentType: string): boolean {
  const type = parseContentType(contentType);
  return type.ok && (digitTypes as readonly string[]).includes(type.value.mediaType);
}

/** A digit of either type: peers write the one under the name of the other. */
export function parseInfoDigit(body: Uint8Array): Parsed<InfoDigit> {
  if (body.length > largestBody) return unparsed("too long", largestBody);
  const text = Buffer.from(body).toString("latin1").trim();
  const signal = member(text, "signal") ?? (/[=:]/.test(text) ? undefined : text);
  const digit = signal === undefined ? undefined : keyOf(signal);
  if (digit === undefined) return unparsed("signal");
  const duration = member(text, "duration");
  const durationMs = duration !== undefined && /^\d{1,6}$/.test(duration) ? Math.min(Number(duration), longestMs) : usualMs;
  return parsed({ digit, durationMs });
}

export function formatInfoDigit({ digit, durationMs }: InfoDigit): Body {
  return { contentType: relay, content: `Signal=${digit}\r\nDuration=${durationMs}\r\n` };
}

function keyOf(signal: string): string | undefined {
  if (/^1[0-5]$/.test(signal)) return keys[Number(signal)];
  const key = signal.toUpperCase();
  return key.length === 1 && keys.includes(key) ? key : undefined;
}

function member(text: string, name: string): string | undefined {
  for (const line of text.split(/[\r\n]+/)) {
    const match = /^\s*([A-Za-z]+)\s*[=:]\s*(\S+)\s*$/.exec(line);
    if (match?.[1]?.toLowerCase() === name) return match[2];
  }
  return undefined;
}
