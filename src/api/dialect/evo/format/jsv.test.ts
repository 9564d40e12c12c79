import { expect, test } from "vitest";
import { formatJsv, parseJsv } from "./jsv.ts";

test.each([
  ["{flowId:a,numberToDial:+18144043093}", { flowId: "a", numberToDial: "+18144043093" }],
  ['{at:2024-01-02T03:04:05Z,quoted:"2024-01-02T03:04:05Z"}', { at: "2024-01-02T03:04:05Z", quoted: "2024-01-02T03:04:05Z" }],
  ['{said:"she said ""yes"", twice"}', { said: 'she said "yes", twice' }],
  ['{empty:"",absent:,list:[a,,b],none:[],object:{}}', { empty: "", absent: null, list: ["a", null, "b"], none: [], object: {} }],
  ['{"a b":c}', { "a b": "c" }],
  ["{\n\tflowId: a b ,\n\tlist: [\n\t\t1,\n\t\t2\n\t]\n}\n", { flowId: "a b", list: ["1", "2"] }],
  ["bare text, with a comma", "bare text, with a comma"],
  ["[a,]", ["a", null]],
  ["", null],
])("reads %j", (text, value) => {
  expect(parseJsv(text)).toEqual({ ok: true, value });
});

test.each([
  ["{", 1, "a name is missing"],
  ["{a", 2, "a colon is missing after a name"],
  ["{a:b", 4, ", or } is missing after a value"],
  ['{a:"b}', 4, "a quote is not closed"],
  ['{a:"b"c}', 6, ", or } is missing after a value"],
  ["{a:b}}", 5, "more text after the value"],
  ["[a", 2, ", or ] is missing after a value"],
  ["[".repeat(65), 64, "more than 64 levels"],
])("refuses %j", (text, at, reason) => {
  expect(parseJsv(text)).toEqual({ ok: false, reason, at });
});

test.each([
  [{ flag: true, other: false, count: 3, text: "String", left: null }, "{flag:True,other:False,count:3,text:String}"],
  [{ text: "", colon: "a:b", quote: 'a"b', list: ["x,y", "z"] }, '{text:"",colon:"a:b",quote:"a""b",list:["x,y",z]}'],
  [{ spaced: " a", tab: "a\tb", line: "a\nb" }, '{spaced:" a",tab:a\tb,line:"a\nb"}'],
])("writes %j", (tree, text) => {
  expect(formatJsv(tree)).toBe(text);
});
