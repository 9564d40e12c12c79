/** Checks that several verbs share. */
import { callProgressTones } from "../../media/index.ts";
import { type Check, choice, integer, list, object, members, optional, record, template, templates, text, unknownName } from "./check.ts";

/** Telephone-event digits (RFC 4733 §3.2) that can end an entry. */
export const digitSet: Check = text(/^[0-9*#A-D]{0,16}$/, "digits from 0-9, *, #, A-D");

export const voice: Check = text(/^[a-z0-9-]{1,32}$/, "the name of a voice");

const country: Check = text(/^[A-Za-z]{2}$/, "two letters of ISO 3166-1");

/** Extra rounds of a prompt; -1 for ever. */
export const repeat: Check = integer(-1, 1000);

export const planFormat: Check = text(/^[a-z][a-z0-9-]{0,31}$/, "the name of a language of plans");

/** A JSON object whose texts are templates. */
export const templateObject: Check = record(text(/^.{1,64}$/s, "a name of 1 to 64 characters"), templates, 0, 50);

/** What may be said of the file of a recording. */
export const recordedFile = { channels: optional(integer(1, 2)), format: optional(choice(["wav", "mp3"])) };

export const prompt: Check = list(
  {
    required: true,
    check(value, path, report) {
      const names = (members(value) ?? []).map(([name]) => name);
      const part = promptParts.find(({ by }) => names.includes(by));
      if (part !== undefined) return part.shape.check(value, path, report);
      const known = promptParts.map(({ by }) => by);
      const [first] = names;
      report.mistake(
        path,
        first === undefined ? `must be an object with one of ${known.join(", ")}` : unknownName("prompt part", first, known),
      );
    },
  },
  0,
  20,
);

const promptParts: readonly { readonly by: string; readonly shape: Check }[] = [
  { by: "say", shape: object({ say: template, voice: { ...voice, required: false } }) },
  { by: "play", shape: object({ play: template }) },
  { by: "pauseMs", shape: object({ pauseMs: integer(20, 60_000) }) },
  {
    by: "networkTone",
    shape: object({ networkTone: choice(callProgressTones), country: { ...country, required: false }, durationMs: integer(20, 60_000) }),
  },
  { by: "toneHz", shape: object({ toneHz: integer(50, 3400), durationMs: integer(20, 10_000) }) },
];
