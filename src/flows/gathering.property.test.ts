import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Gathered, GatherOrder, ScriptAction } from "../calls/index.ts";
import { goOn, nothingGathered, takeTone } from "./gathering.ts";

const order: GatherOrder = {
  url: "https://app.example/",
  body: {},
  tonesAs: "tones",
  maxDigits: 4,
  submitOnHash: true,
  timeoutMs: 3000,
  format: "plain",
  atEnd: "digits",
};

function tonesOf(action: ScriptAction): string {
  const body: unknown = action.kind === "request" ? JSON.parse(action.body ?? "") : undefined;
  return typeof body === "object" && body !== null && "tones" in body ? String(body.tones) : "";
}

const tones = fc.constantFrom("1", "2", "3", "#");
const steps = fc.array(fc.oneof({ weight: 3, arbitrary: tones }, { weight: 1, arbitrary: fc.constant("answer" as const) }), {
  maxLength: 60,
});

test("whenever answers come: no tone is lost or posted twice, entries keep their order, and one answer is awaited at a time", () => {
  fc.assert(
    fc.property(steps, (inputs) => {
      let gathered: Gathered = nothingGathered;
      let posts = 0;
      let told = "";
      for (const input of inputs) {
        const before = gathered;
        if (input === "answer" && !gathered.isPending) continue;
        const step = input === "answer" ? goOn(order, gathered, false) : takeTone(order, gathered, input, false);
        gathered = step.gathered;
        for (const action of step.posted) told += tonesOf(action);
        posts += step.posted.length;
        expect(step.posted.length).toBeLessThanOrEqual(before.isPending && input !== "answer" ? 0 : 1);
        expect(gathered.submissions).toBe(posts);
        expect(gathered.isPending || gathered.ahead === "").toBe(true);
        expect(gathered.digits.length).toBeLessThan(order.maxDigits);
      }
      const pressed = inputs.filter((input) => input !== "answer").join("");
      expect(`${told}${gathered.digits}${gathered.ahead}`.replaceAll("#", "")).toBe(pressed.replaceAll("#", ""));
    }),
    { numRuns: 500 },
  );
});

test("tones that cut prompts short are posted with all before them, until a plan comes", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("1", "2", "3"), { minLength: 1, maxLength: 9 }), (pressed) => {
      let gathered: Gathered = nothingGathered;
      const told: string[] = [];
      for (const digit of pressed) {
        const step = takeTone({ ...order, maxDigits: 30 }, gathered, digit, true);
        told.push(...step.posted.map(tonesOf));
        gathered = goOn(order, step.gathered, true).gathered;
      }
      expect(told).toEqual(pressed.map((_, index) => pressed.slice(0, index + 1).join("")));
    }),
  );
});

test("who leans on a key fills no memory", () => {
  let gathered: Gathered = { ...nothingGathered, isPending: true };
  for (let count = 0; count < 1000; count++)
    ({ gathered } = takeTone({ ...order, maxDigits: 255, submitOnHash: false }, gathered, "5", false));
  expect(gathered.ahead.length).toBe(255);
});
