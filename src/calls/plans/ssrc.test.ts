import { expect, test } from "vitest";
import { ssrcsOf } from "./ssrc.ts";

test("an SSRC follows from secret and leg, is 32 bits, and stays when others were forgotten meanwhile", () => {
  const [ssrcOf, again, foreign] = [ssrcsOf(Buffer.from("a")), ssrcsOf(Buffer.from("a")), ssrcsOf(Buffer.from("b"))];
  const first = ssrcOf("leg 0");
  const others = new Set(Array.from({ length: 10_001 }, (_, index) => ssrcOf(`leg ${index}`)));
  expect(others.size).toBeGreaterThan(10_000 - 5);
  expect(first).toBeLessThan(2 ** 32);
  expect([ssrcOf("leg 0"), again("leg 0")]).toEqual([first, first]);
  expect(foreign("leg 0")).not.toBe(first);
});
