import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Exchange, type ExchangeEvent } from "./exchange.ts";

const events = ["offer-sent", "offer-taken", "answer-sent", "answer-taken", "refused"] as const satisfies readonly ExchangeEvent[];

test("RFC 3264 §4: between two offers, of whichever side, there is an answer to the first or its refusal", () => {
  fc.assert(
    fc.property(fc.constantFrom("none" as const, "agreed" as const), fc.array(fc.constantFrom(...events)), (beginning, wanted) => {
      const exchange = new Exchange(beginning);
      const taken = wanted.filter((event) => exchange.step(event));
      taken.forEach((event, index) => {
        const isOffer = event.startsWith("offer");
        expect(isOffer).toBe(index % 2 === 0);
        if (event.startsWith("answer")) expect(taken[index - 1]).toBe(event === "answer-sent" ? "offer-taken" : "offer-sent");
      });
    }),
  );
});

test("an offer of the peer meets ours with 491, its own with 500, and nothing with an answer", () => {
  const exchange = new Exchange("agreed");
  exchange.step("offer-sent");
  expect(exchange.collision).toBe(491);
  exchange.step("refused");
  expect(exchange.collision).toBeUndefined();
  exchange.step("offer-taken");
  expect(exchange.collision).toBe(500);
  expect(new Exchange("none").collision).toBe(500);
});
