/**
 * The documents of the vendor's own pages, and those that follow from them in the other two formats: every member there, in its place,
 * under its name and namespace.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bind, sentBy } from "../../../src/api/dialect/evo/binding.ts";
import { formatJson, parseJson } from "../../../src/api/dialect/evo/format/json.ts";
import { formatJsv, parseJsv } from "../../../src/api/dialect/evo/format/jsv.ts";
import type { Contract, Shape } from "../../../src/api/dialect/evo/format/shape.ts";
import { membersOf } from "../../../src/api/dialect/evo/format/shape.ts";
import { type Tree, treeOf } from "../../../src/api/dialect/evo/format/tree.ts";
import { formatXml, parseXmlOf } from "../../../src/api/dialect/evo/format/xml.ts";
import { getMySessionsResponse, newOutgoingSession, patchSession, sessionInfo } from "../../../src/api/dialect/evo/session/contracts.ts";
import type { Parsed } from "../../../src/kernel/index.ts";

const formats = ["json", "jsv", "xml"] as const;
type Format = (typeof formats)[number];

/** The documents here stand on several lines, as on metadata pages; on the wire there is one. */
const compact: Readonly<Record<Format, (text: string) => string>> = {
  json: (text) => JSON.stringify(JSON.parse(text)),
  jsv: (text) => text.trim().replaceAll(/\n\t*/g, "").replaceAll(": ", ":"),
  xml: (text) => text.trim().replaceAll(/>\n */g, ">"),
};

const write: Readonly<Record<Format, (of: Contract, value: object) => string>> = {
  json: (of, value) => formatJson(treeOf(of, value) ?? {}),
  jsv: (of, value) => formatJsv(treeOf(of, value) ?? {}),
  xml: (of, value) => formatXml(of, value).replace('<?xml version="1.0" encoding="utf-8"?>', ""),
};

const read: Readonly<Record<Format, (of: Contract, text: string) => Parsed<Tree>>> = {
  json: (_of, text) => parseJson(text),
  jsv: (_of, text) => parseJsv(text),
  xml: parseXmlOf,
};

function golden(name: string, format: Format): string {
  return readFileSync(join(import.meta.dirname, "golden", `${name}.${format}`), "utf8");
}

/** What the pages put into every member. */
function sample(shape: Shape): unknown {
  switch (shape.kind) {
    case "text":
      return "String";
    case "list":
      return [sample(shape.of)];
    case "texts-by-name":
      return { String: "String" };
    case "contract":
      return Object.fromEntries(membersOf(shape).map(([name, member]) => [name, sample(member)]));
    case "flag":
    case "whole":
    case "choice":
      return undefined;
  }
}

function readAs(of: Contract, text: string, format: Format): object {
  const tree = read[format](of, text);
  if (!tree.ok) throw new Error(tree.reason);
  return bind(of, sentBy(Object.entries(tree.value as Record<string, Tree>)));
}

describe("answers", () => {
  const answers = { "session-info": sessionInfo, "get-my-sessions.response": getMySessionsResponse };
  for (const [name, of] of Object.entries(answers)) {
    test.each(formats)(`${name} in %s`, (format) => {
      expect(write[format](of, sample(of) as object)).toBe(compact[format](golden(name, format)));
    });
  }
});

describe("requests", () => {
  const requests = { "new-outgoing-session.request": newOutgoingSession, "patch-session.request": patchSession };
  for (const [name, of] of Object.entries(requests)) {
    test.each(formats)(`${name} in %s, as shown and on one line`, (format) => {
      const text = golden(name, format);
      const values = readAs(of, text, format);
      expect(values).toEqual({ ...(sample(of) as object), ...enumsOf(of) });
      expect(readAs(of, compact[format](text), format)).toEqual(values);
      expect(write[format](of, values)).toBe(compact[format](text));
    });
  }
});

function enumsOf(of: Contract): object {
  return Object.fromEntries(membersOf(of).flatMap(([name, shape]) => (shape.kind === "choice" ? [[name, shape.values[0]]] : [])));
}
