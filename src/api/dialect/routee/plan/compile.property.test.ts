import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../../../../calls/index.ts";
import { validateFlow } from "../../../../flows/index.ts";
import { parseTemplate } from "../../../../flows/template.ts";
import { Mistakes } from "../request.ts";
import { compileForwarding, compilePlan, compileQuestion, routeePlanFormats } from "./compile.ts";
import { literal } from "./literal.ts";
import { genders, languages, strategies } from "./plan.ts";
import { readPlan } from "./read.ts";

/** Texts that might mean something in a template. */
const texts = fc.oneof(
  fc.string({ unit: fc.constantFrom("{", "}", "%", '"', "'", "|", "\\", "a", " ", "\n", "é", "𝄞", "-"), minLength: 1, maxLength: 60 }),
  fc.string({ unit: "binary", minLength: 1, maxLength: 60 }),
  fc.constantFrom("x".repeat(4000), "{% raw %}", "{{ call.id }}", "{{{{{{", '\\"'.repeat(2000), "{{".repeat(199)),
);
const url = fc.string({ maxLength: 20 }).map((path) => `https://a.example/${path}`);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const repetition = { repeat: maybe(fc.integer({ min: -1, max: 1000 })), bargeIn: maybe(fc.boolean()) };
const destination = fc.constantFrom({ phone: "+12025550100" }, { phone: "302101234567" }, { sip: "a{{b}}@c.example:5070" });
const say = fc.record({
  type: fc.constant("SAY"),
  message: fc.record({ text: texts, gender: maybe(fc.constantFrom(...genders)), language: fc.constantFrom(...languages) }),
  ...repetition,
});
const play = fc.record({ type: fc.constant("PLAY"), fileURL: url, ...repetition });
const pause = fc.record({ type: fc.constant("PAUSE"), duration: fc.integer({ min: 1, max: 3600 }) });
const collect = fc.record({
  type: fc.constant("COLLECT"),
  eventUrl: maybe(url),
  maxDigits: maybe(fc.integer({ min: 1, max: 255 })),
  submitOnHash: maybe(fc.constantFrom(true, false, "true", "false")),
});
const dial = fc.record({
  type: fc.constant("DIAL"),
  from: fc.constantFrom("+12025550100", "The Company"),
  to: destination,
  hangupDelay: maybe(fc.integer({ min: 1, max: 600 })),
  maxDuration: maybe(fc.integer({ min: 1, max: 86_400 })),
  callback: maybe(fc.oneof(url, fc.record({ url, strategy: maybe(fc.constantFrom(...strategies)) }))),
  record: maybe(fc.boolean()),
});
const plan = fc
  .tuple(fc.array(fc.oneof(say, play, pause, collect), { maxLength: 99 }), maybe(dial), fc.nat())
  .map(([verbs, one, place]) => ({ verbs: one === undefined ? verbs : [...verbs.slice(0, place % 9), one, ...verbs.slice(place % 9)] }));

test("a plan in which nothing is wrong is a flow", () => {
  let sound = 0;
  fc.assert(
    fc.property(plan, (asked) => {
      const mistakes = new Mistakes();
      const read = readPlan(asked, "dialPlan", mistakes);
      if (read === undefined || mistakes.any) return;
      sound++;
      expect(validateFlow(compilePlan(read))).toMatchObject({ ok: true, warnings: [] });
      // What is echoed is read as the same plan.
      expect(readPlan(JSON.parse(JSON.stringify(read)), "", mistakes)).toEqual(read);
    }),
  );
  expect(sound).toBeGreaterThan(10);
});

test("the longest plans that are read are flows", () => {
  for (const text of ["{{".repeat(221), '"'.repeat(890), "x".repeat(1800)]) {
    const verbs = Array.from({ length: 100 }, () => ({ type: "SAY", message: { text, language: "el-GR" } }));
    const mistakes = new Mistakes();
    const read = readPlan({ verbs }, "", mistakes);
    expect([text.slice(0, 2), mistakes.properties, read && validateFlow(compilePlan(read)).ok]).toEqual([text.slice(0, 2), {}, true]);
  }
});

test("a text is what it says, whatever templates would make of it", () => {
  fc.assert(
    fc.property(texts, (said) => {
      const template = parseTemplate(literal(said));
      if (literal(said).length <= 4000) expect(template.ok && template.value.render({})).toEqual({ ok: true, value: said });
    }),
  );
});

test("no answer makes it throw, and what is made of one is a flow", () => {
  const answers = fc.oneof(
    fc.anything(),
    fc.record({
      verbs: fc.array(fc.oneof(fc.anything(), fc.record({ type: fc.constantFrom("SAY", "PLAY", "DIAL", "COLLECT", "PAUSE") })), {
        maxLength: 4,
      }),
    }),
    plan,
  );
  fc.assert(
    fc.property(answers, (answer) => {
      const document = routeePlanFormats.routee(answer as Json);
      if (document !== undefined) expect(validateFlow(document).ok).toBe(true);
    }),
  );
});

test("questions and forwarding are flows", () => {
  fc.assert(
    fc.property(url, (asked) => {
      if (literal(asked).length > 4000) return;
      expect(validateFlow(compileQuestion(asked, { answeredBy: "MACHINE" })).ok).toBe(true);
    }),
  );
  for (const to of [{ phone: "+12025550100" }, { sip: "a@b.example" }]) expect(validateFlow(compileForwarding(to)).ok).toBe(true);
});
