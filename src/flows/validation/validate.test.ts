import * as fc from "fast-check";
import { expect, test } from "vitest";
import { demoFlow, menuFlow, reachFlow } from "../examples.ts";
import { documentHash } from "./canonical-json.ts";
import { validateFlow } from "./validate.ts";

const end = { verb: "hang-up" };
const say = { verb: "say", text: "Hi", exits: { done: "end" } };
const one = (node: unknown) => ({ start: "only", nodes: { only: node, end } });

test.each([
  ["demo", demoFlow],
  ["menu", menuFlow],
  ["reach", reachFlow],
])("the %s flow is right and has no warnings", (_name, document) => {
  expect(validateFlow(structuredClone(document))).toEqual({ ok: true, document, hash: documentHash(document), warnings: [] });
});

test.each<[string, unknown, string, string | RegExp]>([
  ["no object", 7, "", "must be an object"],
  ["not JSON", { start: undefined }, "", /must be JSON/],
  ["no start", { nodes: { only: say, end } }, "start", "is missing"],
  ["a start that is no node", { start: "onyl", nodes: { only: end } }, "start", 'there is no such node; did you mean "only"?'],
  ["no nodes", { start: "only", nodes: {} }, "nodes", "must be an object with 1 to 500 members"],
  ["an unknown member", { ...one(say), strat: 1 }, "strat", 'there is no such member; did you mean "start"?'],
  ["a node name with a space", { start: "a b", nodes: { "a b": end } }, 'nodes["a b"]', /^must be named/],
  ["a node that is no object", one(7), "nodes.only", "must be an object"],
  ["no verb", one({}), "nodes.only.verb", "is missing"],
  ["an unknown verb", one({ verb: "sya" }), "nodes.only.verb", 'there is no such verb; did you mean "say"?'],
  ["a verb of the prototype", one({ verb: "constructor" }), "nodes.only.verb", /^there is no such verb; there are branch/],
  ["a missing member", one({ verb: "say" }), "nodes.only.text", "is missing"],
  ["an unknown member of a verb", one({ ...say, bargein: true }), "nodes.only.bargein", 'there is no such member; did you mean "bargeIn"?'],
  ["a wrong type", one({ ...say, text: 7 }), "nodes.only.text", "must be a text that is not empty"],
  ["a text that is too long", one({ ...say, text: "x".repeat(4001) }), "nodes.only.text", /4000/],
  ["a template", one({ ...say, text: "{{ a | nosuch }}" }), "nodes.only.text", /nosuch/],
  ["an exit that is none", one({ ...say, exits: { doen: "end" } }), "nodes.only.exits.doen", 'there is no such exit; did you mean "done"?'],
  ["an exit to nowhere", one({ ...say, exits: { done: "edn" } }), "nodes.only.exits.done", 'there is no such node; did you mean "end"?'],
  ["an exit of hang-up", one({ verb: "hang-up", exits: { done: "end" } }), "nodes.only.exits.done", "there is no such exit"],
  ["exits that are no object", one({ ...say, exits: [] }), "nodes.only.exits", /^must be an object/],
  ["a number out of range", one({ verb: "pause", durationMs: 1 }), "nodes.only.durationMs", "must be a whole number from 20 to 3600000"],
  [
    "a prompt part",
    one({ verb: "collect", prompt: [{ say: "a" }, { sya: "b" }], maxDigits: 1, into: "a" }),
    "nodes.only.prompt.1",
    'there is no such prompt part; did you mean "say"?',
  ],
  ["a member of a prompt part", one({ verb: "record", prompt: [{ toneHz: 400 }] }), "nodes.only.prompt.0.durationMs", "is missing"],
  [
    "a country of a tone",
    one({ verb: "record", prompt: [{ networkTone: "busy", country: "Germany", durationMs: 100 }] }),
    "nodes.only.prompt.0.country",
    "must be two letters of ISO 3166-1",
  ],
  [
    "minDigits over maxDigits",
    one({ verb: "collect", maxDigits: 1, minDigits: 2, into: "a" }),
    "nodes.only.minDigits",
    "must not be more than maxDigits",
  ],
  [
    "an option nobody can enter",
    one({ verb: "collect", maxDigits: 1, options: ["1", "22"], into: "a" }),
    "nodes.only.options.1",
    "can never be entered with these limits",
  ],
  ["a variable with a meaning", one({ verb: "collect", maxDigits: 1, into: "caller" }), "nodes.only.into", /meaning of its own/],
  ["a variable name", one({ verb: "collect", maxDigits: 1, into: "__proto__" }), "nodes.only.into", /^must be a variable name/],
  [
    "an expression",
    one({ verb: "branch", branches: [{ when: "a = 1", exit: "x" }] }),
    "nodes.only.branches.0.when",
    'unexpected "=" (character 3)',
  ],
  [
    "an exit no branch has",
    one({ verb: "branch", branches: [{ when: "a", exit: "yes" }], exits: { yse: "end" } }),
    "nodes.only.exits.yse",
    'there is no such exit; did you mean "yes"?',
  ],
  ["set without anything", one({ verb: "set" }), "nodes.only", "needs values or expressions"],
  ["a template deep in a value", one({ verb: "set", values: { a: [{ b: "{{" }] } }), "nodes.only.values.a.0.b", /./],
  ["an expression of set", one({ verb: "set", expressions: { a: "1 +" } }), "nodes.only.expressions.a", /missing at the end/],
  ["a GET with a body", one({ verb: "request", url: "https://a.example", body: "x" }), "nodes.only.body", "a GET request has no body"],
  [
    "a header of the transport",
    one({ verb: "request", url: "https://a.example", headers: { Host: "b" } }),
    "nodes.only.headers.Host",
    "is written by the server itself",
  ],
  ["a method", one({ verb: "request", method: "GTE", url: "https://a.example" }), "nodes.only.method", /^must be one of GET/],
  ["a variable of the flow", { ...one(say), variables: { "a-b": 1 } }, "variables.a-b", /^must be a variable name/],
])("%s: the mistake has its path", (_name, document, path, message) => {
  const checked = validateFlow(document);
  expect(checked).toEqual({
    ok: false,
    mistakes: [{ path, message: typeof message === "string" ? message : expect.stringMatching(message) }],
  });
});

test("every mistake is reported, at most 100", () => {
  const checked = validateFlow({
    start: "a",
    nodes: { a: { verb: "pause", durationMs: -1, exits: { done: "x", no: "a" } }, b: {} },
    more: 1,
  });
  expect(checked.ok ? [] : checked.mistakes.map(({ path }) => path)).toEqual([
    "more",
    "nodes.a.durationMs",
    "nodes.a.exits.done",
    "nodes.b.verb",
  ]);
  const many = validateFlow({ start: "n0", nodes: Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`n${index}`, {}])) });
  expect(many.ok ? 0 : many.mistakes.length).toBe(100);
});

test("sizes are limited", () => {
  const nodes = Object.fromEntries(Array.from({ length: 501 }, (_, index) => [`n${index}`, end]));
  expect(validateFlow({ start: "n0", nodes })).toMatchObject({ ok: false, mistakes: [{ path: "nodes" }] });
  expect(validateFlow({ ...one(say), ui: "x".repeat(600_000) })).toMatchObject({ ok: false, mistakes: [{ path: "" }] });
  expect(validateFlow({ ...one(say), ui: JSON.parse("[".repeat(5000) + "]".repeat(5000)) })).toMatchObject({
    ok: false,
    mistakes: [{ path: "" }],
  });
});

test("a node nothing leads to is a warning; ui is kept", () => {
  const document = {
    start: "only",
    nodes: { only: { ...say, ui: { x: 1 } }, end, island: { ...say, exits: { done: "isle" } }, isle: end },
    ui: [1],
  };
  expect(validateFlow(document)).toMatchObject({ ok: true, document, warnings: [{ path: "nodes.island" }, { path: "nodes.isle" }] });
});

function hash(document: unknown): string {
  const checked = validateFlow(document);
  return checked.ok ? checked.hash : "";
}

test("the hash depends on the values, not on the order of members", () => {
  expect(hash({ nodes: { end, only: say }, start: "only" })).toBe(hash(one(say)));
  expect(hash(one({ ...say, text: "Ho" }))).not.toBe(hash(one(say)));
});

test("no value makes it throw", () => {
  const member = fc.constantFrom("start", "nodes", "verb", "exits", "say", "collect", "branches", "when", "prompt", "__proto__", "a");
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 6 },
      member,
      fc.anything({ maxDepth: 1 }),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(member, tie("value"), { maxKeys: 4 }),
    ),
  }));
  fc.assert(
    fc.property(value, (document) => {
      const checked = validateFlow(document);
      if (!checked.ok) expect(checked.mistakes.length).toBeGreaterThan(0);
    }),
    { numRuns: 500 },
  );
});
