/** Whatever is done to a subscription, over a bad network: each side hears once that it is over, the last state arrives, and nothing is left. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { userAgent } from "../../../test/support/sip-ends.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { VirtualNetwork } from "../../../test/support/virtual-network.ts";
import { formatEvent, parseEvent } from "./event.ts";
import type { Notifier } from "./notifier.ts";
import { endReasons, formatSubscriptionState, parseSubscriptionState, type SubscriptionState } from "./subscription-state.ts";

const steps = fc.array(
  fc.record({ what: fc.constantFrom("change", "change", "end", "unsubscribe", "activate"), afterMs: fc.nat(40_000) }),
  {
    maxLength: 12,
  },
);
const network = fc.record({ seed: fc.nat(1_000_000), loss: fc.constantFrom(0, 0.1, 0.25) });

test("a life of a subscription", async () => {
  await fc.assert(
    fc.asyncProperty(network, steps, fc.boolean(), async ({ seed, loss }, sequence, isPending) => {
      const clock = new VirtualClock();
      const net = new VirtualNetwork(clock, { seed, loss, minDelayMs: 1, maxDelayMs: 20 });
      const [ours, theirs] = [userAgent(net, clock, "192.0.2.1"), userAgent(net, clock, "192.0.2.2")];
      const heard: string[] = [];
      const over: string[] = [];
      let notifier: Notifier | undefined;
      ours.stack.subscriptions.serve({
        name: "dialog",
        expiresS: { least: 10, usual: 60, most: 600 },
        screen: () => undefined,
        subscribed: (asked) => {
          const body = { contentType: "text/plain", content: "0" };
          notifier = asked.accept({ body, state: isPending ? "pending" : "active" }, { over: () => void over.push("notifier") });
        },
      });
      const subscriber = theirs.stack.subscriptions.subscribe(
        {
          event: { package: "dialog", id: "7" },
          expiresS: 60,
          requestUri: "sip:desk@192.0.2.1",
          from: "<sip:ben@example.org>",
          to: "<sip:desk@example.org>",
          callId: "c",
          localTag: "t",
          branch: "z9hG4bK-c",
          contact: "sip:ben@192.0.2.2",
          destination: ours.address,
        },
        {
          notified: (body) => void heard.push(body === undefined ? "" : Buffer.from(body.content).toString()),
          over: () => void over.push("subscriber"),
        },
      );
      let state = 0;
      for (const { what, afterMs } of sequence) {
        const content = { contentType: "text/plain", content: String(state + 1) };
        if (what === "change" && notifier?.state === "active") notifier.notify({ ...content, content: String(++state) });
        else if (what === "activate" && notifier?.state === "pending") notifier.activate({ ...content, content: String(++state) });
        else if (what === "end") notifier?.end("noresource");
        else if (what === "unsubscribe") subscriber.end();
        await clock.advanceAsync(afterMs);
      }
      subscriber.end();
      await clock.advanceAsync(200_000);
      notifier?.end("noresource");
      await clock.advanceAsync(200_000);
      // Never back to an older state.
      expect(heard.map(Number)).toEqual(heard.map(Number).toSorted((a, b) => a - b));
      if (loss === 0 && heard.length > 0) expect(heard.map(Number).at(-1)).toBe(state);
      expect(over.toSorted()).toEqual(notifier === undefined ? ["subscriber"] : ["notifier", "subscriber"]);
      expect([subscriber.state, notifier?.state ?? "over"]).toEqual(["over", "over"]);
      expect([ours.stack.subscriptions.size, theirs.stack.subscriptions.size, clock.armed]).toEqual([0, 0, 0]);
    }),
  );
});

const token = fc.stringMatching(/^[A-Za-z0-9.!%*_+`'~-]{1,12}$/);

test("Event and Subscription-State come back as they were written", () => {
  const event = fc.record({ package: token, id: fc.string({ minLength: 1, unit: "grapheme-ascii" }) }, { requiredKeys: ["package"] });
  fc.assert(
    fc.property(event, (value) => {
      fc.pre(value.id === undefined || !/^\s|\s$|;/.test(value.id));
      expect(parseEvent(formatEvent(value))).toEqual({ ok: true, value });
    }),
  );
  const seconds = fc.nat(2 ** 31);
  const state: fc.Arbitrary<SubscriptionState> = fc.oneof(
    fc.record({ state: fc.constantFrom("active" as const, "pending" as const), expiresS: seconds }, { requiredKeys: ["state"] }),
    fc.record(
      { state: fc.constant("terminated" as const), reason: fc.constantFrom(...endReasons), retryAfterS: seconds },
      { requiredKeys: ["state"] },
    ),
  );
  fc.assert(
    fc.property(state, (value) => {
      expect(parseSubscriptionState(formatSubscriptionState(value))).toEqual({ ok: true, value });
    }),
  );
});

test("whatever stands in these header fields, reading them does not throw", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      parseEvent(text);
      parseSubscriptionState(text);
    }),
  );
});
