/** Checks that need no parser: sizes of files, names of files and folders, and words that have one place. */
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

const longestFile = 400;
const longestRecord = 60;
const bannedNames = ["utils", "util", "helpers", "helper", "common", "misc", "core", "lib", "manager", "service", "types"];
const marks = /\b(TODO|FIXME|XXX|HACK)\b/;

/** Words of one vendor's API. Anywhere else they are a second name for something that has one (docs/glossary.md). */
const vendorWords: Readonly<Record<string, RegExp>> = {
  evo: /\b(SessionInfo|SessionState|consoleData|queueState|callSid|conferenceSid|NewOutgoingSession|ServiceStack)\b/,
  genesys: /\b(callUuid|connId|phoneNumberUuid|participants|CallStateChanged)\b/,
  routee: /\b(trackingId|conversationId|messageTrackingId)\b/,
};

export type Finding = { readonly file: string; readonly line: number; readonly text: string };

export function checkNames(root: string): Finding[] {
  const sources = globSync("{src,test,tools,bench}/**/*.{ts,mjs}", { cwd: root, exclude: ["test/fixtures/**"] });
  const records = globSync("docs/adr/*.md", { cwd: root });
  return [
    ...sources.flatMap((file) => findings(root, file, longestFile)),
    ...records.flatMap((file) => findings(root, file, longestRecord)),
  ];
}

function findings(root: string, file: string, longest: number): Finding[] {
  const lines = readFileSync(join(root, file), "utf8").trimEnd().split("\n");
  const found: Finding[] = [];
  if (lines.length > longest)
    found.push({ file, line: longest + 1, text: `${lines.length} lines; at most ${longest}: give a part of it a file of its own` });
  if (!file.startsWith("src/")) return found;
  const banned = file.split("/").find((part) => bannedNames.includes(basename(part, ".ts")));
  if (banned !== undefined) found.push({ file, line: 1, text: `"${banned}" says nothing about what is inside` });
  for (const [index, line] of lines.entries()) {
    if (marks.test(line)) found.push({ file, line: index + 1, text: "finish it, or describe the limit in plain words" });
    for (const [vendor, words] of Object.entries(vendorWords)) {
      const [word] = file.startsWith(`src/api/dialect/${vendor}/`) ? [] : (words.exec(line) ?? []);
      if (word !== undefined) found.push({ file, line: index + 1, text: `${word} is a word of src/api/dialect/${vendor} alone` });
    }
  }
  return found;
}

if (import.meta.main) {
  const found = checkNames(join(import.meta.dirname, ".."));
  for (const { file, line, text } of found) console.log(`${file}:${line} ${text}`);
  process.exitCode = found.length === 0 ? 0 : 1;
}
