/** Messages as a ladder for people: a column for us and one for each peer, an arrow for each message, then the messages themselves. ASCII. */
import type { SipMessage } from "../message/message.ts";
import { endsOf } from "./packet.ts";
import { type Endpoint, readTraced, repeatsOf, type TracedMessage } from "./traced-message.ts";

export type LadderMessage = TracedMessage & { readonly legId: string };

const columnWidth = 32;
/** In front of the first column: number, time since the first message, and space for half a heading. */
const marginWidth = 30;
const us = "us";

/** `messages` as they are to be seen, in order. `title` is the first line. */
export function formatLadder(title: string, messages: readonly LadderMessage[]): string {
  const repeats = repeatsOf(messages);
  const peers = [...new Set(messages.map(peerOf))];
  // Most calls come from one side and go to the other: we stand between the first peer and the others, or in front of the only one we call.
  const isPlaced = peers.length === 1 && messages[0]?.direction === "sent";
  const columns = isPlaced ? [us, ...peers] : [...peers.slice(0, 1), us, ...peers.slice(1)];
  const startMs = messages[0]?.at ?? 0;
  const rungs = messages.map((message, index) => {
    const from = columns.indexOf(message.direction === "sent" ? us : peerOf(message));
    const to = columns.indexOf(message.direction === "sent" ? peerOf(message) : us);
    const margin = `${String(index + 1).padStart(4)} ${sinceText(message.at - startMs).padStart(12)}`.padEnd(marginWidth);
    return margin + rung(columns.length, from, to, labelOf(message, repeats[index] !== undefined));
  });
  const counted = `${messages.length} messages from ${new Date(startMs).toISOString()}; times in ms since then`;
  const parts = messages.map((message, index) => inFull(message, index, repeats[index], startMs));
  if (messages.length === 0) return `${title}\nNo message is remembered.\n`;
  return `${[title, counted, "", ...headings(columns, messages), ...rungs].join("\n")}\n\n${parts.join("\n")}`;
}

function peerOf({ protocol, remote }: TracedMessage): string {
  return `${protocol} ${textOf(remote)}`;
}

function textOf({ address, port }: Endpoint): string {
  return `${address.includes(":") ? `[${address}]` : address}:${port}`;
}

function sinceText(ms: number): string {
  return Number.isInteger(ms) ? String(ms) : ms.toFixed(1);
}

function headings(columns: readonly string[], messages: readonly TracedMessage[]): string[] {
  const locals = [...new Set(messages.map(({ local }) => textOf(local)))];
  const named = columns.map((column) => (column === us ? "callwright" : (column.split(" ")[1] ?? "")));
  const under = columns.map((column) => (column === us ? locals.join(" ") : (column.split(" ")[0] ?? "")));
  return [named, under].map((words) => {
    let line = "";
    words.forEach((word, index) => {
      const middle = marginWidth + index * columnWidth;
      line = `${line.padEnd(Math.max(0, middle - Math.floor(word.length / 2)))}${word} `;
    });
    return line.trimEnd();
  });
}

function rung(columns: number, from: number, to: number, label: string): string {
  const left = Math.min(from, to) * columnWidth;
  const right = Math.max(from, to) * columnWidth;
  const line = Array.from({ length: (columns - 1) * columnWidth + 1 }, (_cell, at) =>
    at > left && at < right ? "-" : at % columnWidth === 0 ? "|" : " ",
  ).join("");
  const room = right - left - 5;
  const text = label.length > room ? label.slice(0, room) : label;
  const textAt = left + 1 + Math.floor((right - left - 1 - text.length) / 2);
  const headAt = from < to ? right - 1 : left + 1;
  const labelled = line.slice(0, textAt) + text + line.slice(textAt + text.length);
  return `${labelled.slice(0, headAt)}${from < to ? ">" : "<"}${labelled.slice(headAt + 1)}`.trimEnd();
}

function labelOf(message: TracedMessage, isRepeat: boolean): string {
  const read = readTraced(message);
  const words = read === undefined ? "unreadable" : wordsOf(read);
  return ` ${words}${isRepeat ? " (again)" : ""} `;
}

function wordsOf(message: SipMessage): string {
  const body = message.headers.get("Content-Type")?.toLowerCase().startsWith("application/sdp") === true ? " (SDP)" : "";
  if (message.kind === "request") return `${printable(message.method)}${body}`;
  const [, method = ""] = (message.headers.get("CSeq") ?? "").split(" ");
  // Of which request, where it is not the usual one.
  return `${message.status} ${printable(message.reason)}${method === "INVITE" ? "" : ` (${printable(method)})`}${body}`;
}

function inFull(message: LadderMessage, index: number, repeatOf: number | undefined, startMs: number): string {
  const { source, destination } = endsOf(message);
  const head = `--- ${index + 1} --- +${sinceText(message.at - startMs)} ms --- ${message.protocol} ${textOf(source)} -> ${textOf(destination)} --- leg ${message.legId}`;
  if (repeatOf !== undefined) return `${head}\n(the same bytes as ${repeatOf + 1})\n`;
  return `${head}\n${printable(message.bytes.toString("latin1").replaceAll("\r\n", "\n")).trimEnd()}\n`;
}

/** Nothing that a terminal would act on. */
function printable(text: string): string {
  return text.replace(/[^\n\t\x20-\x7e]/g, "?");
}
