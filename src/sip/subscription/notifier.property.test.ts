/** However fast state changes, and however slowly it is taken: changes are told a second apart, the last one always, and nothing is left. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { Notifier } from "./notifier.ts";

const step = fc.record({ what: fc.constantFrom("change", "change", "change", "refresh"), afterMs: fc.nat(1500) });

test("RFC 6665 §5.4.10: the rate of notifications", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.array(fc.nat(2500), { minLength: 1 }), async (steps, answersMs) => {
      const clock = new VirtualClock();
      const sent: { readonly atMs: number; readonly state: number; readonly isAsked: boolean }[] = [];
      let state = 0;
      let isAsked = true;
      const host = {
        clock,
        contact: ["Contact", "<sip:a@x>"] as const,
        patienceMs: 32_000,
        send(_method: string, _parts: unknown, done: (answer: { readonly status: number }) => void) {
          sent.push({ atMs: clock.now(), state, isAsked });
          isAsked = false;
          clock.after(answersMs[sent.length % answersMs.length] ?? 0, () => done({ status: 200 }));
        },
      };
      const body = () => ({ contentType: "text/plain", content: String(state) });
      const options = { event: { package: "dialog" }, expiresS: 3600, leastIntervalMs: 1000, body };
      const notifier = new Notifier(host, options, { refreshed: () => (isAsked = true) }, () => undefined);
      for (const { what, afterMs } of steps) {
        if (what === "refresh") notifier.refresh(3600);
        else {
          state++;
          notifier.notify();
        }
        await clock.advanceAsync(afterMs);
      }
      await clock.advanceAsync(10_000);
      expect(sent.at(-1)?.state).toBe(state);
      for (const [index, { atMs, isAsked: isOwed }] of sent.entries())
        if (index > 0 && !isOwed) expect(atMs - (sent[index - 1]?.atMs ?? 0)).toBeGreaterThanOrEqual(1000);
      notifier.end("noresource");
      const last = sent.length;
      await clock.advanceAsync(5000);
      expect([last, sent.length, notifier.state, clock.armed]).toEqual([last, last, "over", 0]);
    }),
  );
});
