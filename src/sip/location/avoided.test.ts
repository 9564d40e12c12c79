import { expect, test } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { SipAddress } from "../transport/transport.ts";
import { Avoided } from "./avoided.ts";

const at = (address: string, port = 5060): SipAddress => ({ protocol: "udp", address, port });
const [one, two, three] = [at("192.0.2.1"), at("192.0.2.2"), at("192.0.2.3")];

test("what failed comes last, in its order, for 30 s", () => {
  const clock = new VirtualClock();
  const avoided = new Avoided(clock);
  for (const address of [two, one]) avoided.add(address);
  expect(avoided.last([one, two, three])).toEqual([three, one, two]);
  clock.advance(29_999);
  expect(avoided.last([one, three])).toEqual([three, one]);
  clock.advance(1);
  expect(avoided.last([one, two, three])).toEqual([one, two, three]);
});

test("a Retry-After of any length counts for 5 min at most, and a later one replaces it (RFC 3261 §20.33)", () => {
  const clock = new VirtualClock();
  const avoided = new Avoided(clock);
  avoided.add(one, 999_999_999_000);
  clock.advance(299_999);
  expect(avoided.last([one, two])).toEqual([two, one]);
  clock.advance(1);
  expect(avoided.last([one, two])).toEqual([one, two]);
  avoided.add(one, 60_000);
  avoided.add(one, 0);
  expect(avoided.last([one, two])).toEqual([one, two]);
});

test("another port or protocol is another server", () => {
  const avoided = new Avoided(new VirtualClock());
  avoided.add(one);
  const others = [at("192.0.2.1", 5080), { ...one, protocol: "tcp" } as const];
  expect(avoided.last([one, ...others])).toEqual([...others, one]);
});

test("1,000 are remembered, the latest", () => {
  const avoided = new Avoided(new VirtualClock());
  for (let port = 1; port <= 1_001; port++) avoided.add(at("192.0.2.1", port));
  const [forgotten, kept] = [at("192.0.2.1", 1), at("192.0.2.1", 2)];
  expect(avoided.last([kept, forgotten])).toEqual([forgotten, kept]);
});
