/**
 * | waits for | event | then |
 * |---|---|---|
 * | prompt | prompt-ended | begins to record |
 * | prompt | prompt-ended, failed | exit error |
 * | recording | recording-ended | exit error when it failed, silence after silence, else done |
 */
import type { RecordedFile, RecordNode } from "../document.ts";
import { choice, flag, integer, memberPath, optional, variable } from "../validation/check.ts";
import { digitSet, prompt, recordedFile } from "../validation/fields.ts";
import { into, leave, playPrompt, promptEnd, promptItems, type Turn, type Verb, type Visit } from "../verb.ts";

const beep = { toneHz: 1000, durationMs: 300 };

export const record: Verb<RecordNode> = {
  verb: "record",
  fields: {
    prompt: optional(prompt),
    beep: optional(flag),
    maxMs: optional(integer(1000, 14_400_000)),
    silenceMs: optional(integer(0, 600_000)),
    finishOn: optional(digitSet),
    hears: optional(choice(["peer", "both"])),
    ...recordedFile,
    into: optional(variable),
  },
  exits: () => ["done", "silence", "error"],
  check({ hears, channels }, path, report) {
    if (channels === 2 && hears !== "both") report.mistake(memberPath(path, "channels"), 'may be 2 only when hears is "both"');
  },
  enter(node, visit) {
    const items = promptItems([...(node.prompt ?? []), ...((node.beep ?? true) ? [beep] : [])], visit);
    return items.length > 0 ? playPrompt(items, false, visit) : begin(node, visit);
  },
  on(node, event, wait, visit) {
    if (wait.for === "prompt") {
      const end = promptEnd(event, visit);
      return end && (end === "played" ? begin(node, visit) : leave("error"));
    }
    if (event.kind !== "recording-ended" || event.recordingId !== visit.id("recording")) return undefined;
    const { storedAs, durationMs, reason, digit } = event;
    return leave(exitOf(reason, node), into(node.into, { recordingId: storedAs, durationMs, reason, digit: digit ?? null }));
  },
};

function begin(node: RecordNode, visit: Visit): Turn {
  const { maxMs = 60_000, silenceMs = 5000, finishOn = "#", hears = "peer" } = node;
  const order = { kind: "record", recordingId: visit.id("recording"), maxMs, silenceMs, finishOn, hears, ...fileOf(node) } as const;
  return { kind: "wait", wait: { for: "recording" }, actions: [order] };
}

function exitOf(reason: string, node: RecordNode): string {
  if (reason === "failed") return "error";
  return reason === "silence" && node.exits?.["silence"] !== undefined ? "silence" : "done";
}

/** What a recording says of its file only when it is not the usual. */
export function fileOf({ channels, format }: RecordedFile): { readonly channels?: 2; readonly format?: "mp3" } {
  return { ...(channels === 2 && { channels }), ...(format === "mp3" && { format }) };
}
