/** The fuzzer finds what it should, and what was found once is tried for ever. */
import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { Loop, type LoopOptions } from "./loop.ts";
import { randomFrom } from "./mutate.ts";
import { isTargetName, type Target, targetNames, targets } from "./targets.ts";

const folder = join(import.meta.dirname, "../../test/fixtures/fuzz");

function loopOver(target: Target) {
  const found: { readonly why: string; readonly text: string }[] = [];
  const options: LoopOptions = { target: "uri", seed: 3, forMs: 0, maxBytes: 12_000, current: new SharedArrayBuffer(8 + 12_000) };
  const loop = new Loop(target, options, (why, bytes) =>
    found.push({ why: why.split("\n")[0] ?? "", text: Buffer.from(bytes).toString() }),
  );
  loop.start();
  return { loop, found };
}

test.each(targetNames)("%s: its seeds pass", (name) => {
  const { seeds, run } = targets[name];
  expect(seeds().length).toBeGreaterThan(2);
  for (const seed of seeds()) run(seed);
});

const kept = globSync("*/*.bin", { cwd: folder });

test("what was found once passes, in bounded time", () => {
  for (const file of kept) {
    const name = dirname(file);
    if (!isTargetName(name)) throw new Error(`${name} is no target`);
    const { loop, found } = loopOver({ ...targets[name], seeds: () => [readFileSync(join(folder, file))] });
    loop.close();
    expect([basename(file), found]).toEqual([basename(file), []]);
  }
});

test("a fault behind two conditions is found, once, and made small", () => {
  const { loop, found } = loopOver({
    seeds: () => [Buffer.from("sip:alice@example.org;transport=tcp")],
    run: (bytes) => {
      const text = Buffer.from(bytes).toString();
      if (text.includes("@") && text.includes("<")) throw new Error(`both in ${text.length} characters`);
    },
  });
  for (let turn = 0; turn < 60 && found.length === 0; turn++) loop.batch();
  for (let turn = 0; turn < 5; turn++) loop.batch();
  loop.close();
  expect(found.map(({ text }) => text.split("").toSorted().join(""))).toEqual(["<@"]);
});

test("work that grows with the square is found", () => {
  const { loop, found } = loopOver({
    seeds: () => [Buffer.from("x")],
    run: (bytes) => {
      let sum = 0;
      for (let a = 0; a < bytes.length; a++) for (let b = 0; b < bytes.length; b += 8) sum += a ^ b;
      if (sum === -1) throw new Error("never");
    },
  });
  for (let turn = 0; turn < 100 && found.length === 0; turn++) loop.batch();
  loop.close();
  expect(found[0]?.why).toMatch(/^slow: \d+ ms for \d+ bytes$/);
});

test("inputs that reach new code are kept", () => {
  const { loop } = loopOver(targets.uri);
  const before = loop.corpus.length;
  for (let turn = 0; turn < 40; turn++) loop.batch();
  loop.close();
  expect(loop.corpus.length).toBeGreaterThan(before);
  expect(loop.covered).toBeGreaterThan(1_000);
});

test("a seed gives the same choices", () => {
  const [a, b] = [randomFrom(7), randomFrom(7)];
  const list = Array.from({ length: 20 }, () => a(1_000));
  expect(Array.from({ length: 20 }, () => b(1_000))).toEqual(list);
  expect(new Set(list).size).toBeGreaterThan(15);
});
