import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { RecordedAudio } from "./recorded-audio.ts";
import { isSealed, Seal, sealHeaderBytes } from "./sealed-file.ts";

const key = randomBytes(32);

test("what was sealed in pieces of any size is read from anywhere", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "sealed");
  const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 500 }), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(pieces, fc.nat(), fc.nat(), async (written, from, to) => {
      const plain = Buffer.concat(written);
      const seal = Seal.begin(key);
      const stream = seal.stream(0);
      writeFileSync(path, Buffer.concat([seal.header, ...written.map(stream)]));
      const audio = await RecordedAudio.open(path, key);
      const [first = 0, last = 0] = [from % plain.length, to % plain.length].toSorted((one, other) => one - other);
      expect(audio.sizeBytes).toBe(plain.length);
      expect(await buffer(audio.read({ first, last }))).toEqual(plain.subarray(first, last + 1));
    }),
  );
});

test("any bytes are read or refused, never with an exception", () => {
  const { header } = Seal.begin(key);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(40), (noise, at) => {
      const bytes = Buffer.concat([header, Buffer.alloc(32)]);
      bytes.set(noise.subarray(0, bytes.length - at), at);
      const result = Seal.of(bytes, key);
      if (result.ok) expect(result.value.header).toEqual(bytes.subarray(0, sealHeaderBytes));
    }),
  );
});

test("two files under one key have nothing in common, and another key opens neither", () => {
  const [one, other] = [Seal.begin(key), Seal.begin(key)];
  const plain = Buffer.alloc(64);
  expect(one.stream(0)(plain).equals(other.stream(0)(plain))).toBe(false);
  expect(isSealed(one.header)).toBe(true);
  expect(Seal.of(one.header, randomBytes(32))).toMatchObject({ ok: false, reason: "sealed with another key" });
});
