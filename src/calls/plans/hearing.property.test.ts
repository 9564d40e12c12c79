import * as fc from "fast-check";
import { expect, test } from "vitest";
import { mediaSettings } from "../decide/fixture.ts";
import type { Seat } from "../model.ts";
import { talkOf } from "./fixture.ts";
import { mediaPlan } from "./media-plan.ts";

const states = fc.constantFrom("active", "active", "active", "held");
const names = ["p0", "p1", "p2", "p3", "p4", "p5"] as const;
const seats = fc.array(
  fc.record({
    state: states,
    muted: fc.boolean(),
    deaf: fc.boolean(),
    mode: fc.constantFrom(undefined, undefined, "listen" as const, "coach" as const, "barge" as const),
    agent: fc.constantFrom(...names),
  }),
  { minLength: 1, maxLength: names.length },
);

test("who hears whom obeys the rules, whatever the seats are", () => {
  fc.assert(
    fc.property(seats, (random) => {
      const given = random.map(
        ({ mode, agent, ...rest }): Partial<Seat> => ({ ...rest, ...(mode && { supervises: { mode, partyId: agent } }) }),
      );
      const call = talkOf(Object.fromEntries(given.map((seat, index) => [names[index] ?? "", { seat }])));
      const heard = new Map(
        mediaPlan(call, mediaSettings).endpoints.map(({ endpointId, source }) => [
          endpointId,
          new Set(source.kind === "mix" ? source.endpointIds : []),
        ]),
      );
      given.forEach((listener, l) => {
        given.forEach((speaker, s) => {
          const [from, to] = [names[s] ?? "", names[l] ?? ""];
          const isHeard = heard.get(to)?.has(from) === true;
          const { supervises, muted, state } = speaker;
          const mayBeHeard =
            l !== s &&
            state === "active" &&
            muted !== true &&
            listener.state === "active" &&
            listener.deaf !== true &&
            supervises?.mode !== "listen" &&
            (supervises?.mode !== "coach" || supervises.partyId === to);
          expect(isHeard).toBe(mayBeHeard);
        });
      });
    }),
  );
});
