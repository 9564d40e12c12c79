/**
 * A call through the house over a network that loses, doubles and reorders up to three datagrams in ten: whoever ends it, all three
 * hear of it once, say the same, and nothing is left. The seeds are fixed: once in some hundred calls every copy of a message is lost.
 */
import { expect, test } from "vitest";
import { accountId, ownedNumber } from "../support/call-house.ts";
import { caller, callNow, callsComeFrom, scene } from "./scene.ts";

const trunkAddress = "192.0.2.50";
const dialling = { start: "dial", nodes: { dial: { verb: "dial", to: "+12025550199", ringMs: 60_000 } } };

const ways = ["the caller", "the callee", "the house"] as const;

/** Who ended it, as a side's last event says. */
function told(log: { readonly values: unknown[][]; readonly ends: readonly string[] }): string {
  const ending = log.values.at(-1)?.[0] as { by?: string; status?: number } | undefined;
  return `${log.ends.join()} ${ending?.by ?? ending?.status}`;
}

async function callOver(way: (typeof ways)[number], seed: number) {
  const weather = { seed, loss: (seed % 7) * 0.05, duplication: (seed % 5) * 0.075, minDelayMs: 1, maxDelayMs: 1 + (seed % 3) * 300 };
  const at = await scene(dialling, { answersAfterMs: 2000 }, weather);
  await callsComeFrom(at.house, trunkAddress);
  const from = caller(at, trunkAddress, { to: ownedNumber });
  await at.clock.advanceAsync(60_000);
  const talking = [from.log.names.includes("answered"), at.far.log.names.includes("acknowledged")];
  const call = await callNow(at);
  if (way === "the caller") from.usage().bye();
  else if (way === "the callee") at.far.usage().bye();
  else void at.house.calls.send(accountId, call.id, { kind: "hang-up", by: "u" }).catch(() => undefined);
  await at.clock.advanceAsync(300_000);
  const { outcome } = await callNow(at);
  const { live, lingering, usages } = at.house.stack.counters();
  const left = { calls: at.house.calls.live, ports: at.house.ports.free, live, lingering, usages, timers: at.clock.armed };
  return { talking, told: [told(from.log), told(at.far.log)], outcome, left };
}

const nothing = { calls: 0, ports: 200, live: 0, lingering: 0, usages: 0, timers: 0 };

test.each(ways)("%s hangs up", { timeout: 60_000 }, async (way) => {
  const by = (side: (typeof ways)[number]) => `ended ${side === way ? "local" : "peer"}`;
  for (let seed = 1; seed <= 70; seed++) {
    const seen = await callOver(way, seed);
    expect({ seed, ...seen }).toEqual({
      seed,
      talking: [true, true],
      told: [by("the caller"), by("the callee")],
      // After the callee has gone the flow of the caller is at its end, and the house hangs up.
      outcome: expect.objectContaining({ result: "completed", side: way === "the caller" ? "remote" : "local" }),
      left: nothing,
    });
  }
});
