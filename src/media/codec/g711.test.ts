import { expect, test } from "vitest";
import { decodeALaw, decodeMuLaw, encodeMuLaw } from "../../../test/support/audio/g711.ts";
import { aLaw, muLaw } from "./g711.ts";

const bytes = Array.from({ length: 256 }, (_, byte) => byte);

test("both laws decode as a second implementation does", () => {
  expect(bytes.map((byte) => muLaw.toLinear[byte])).toEqual(bytes.map(decodeMuLaw).map((sample) => sample + 0));
  expect(bytes.map((byte) => aLaw.toLinear[byte])).toEqual(bytes.map(decodeALaw));
});

test("mu-law encodes as a second implementation does", () => {
  const samples = Array.from({ length: 65_536 }, (_, index) => index - 32_768);
  const ours = samples.map((sample) => decodeMuLaw(muLaw.fromLinear[sample & 0xffff] ?? 0));
  expect(ours).toEqual(samples.map((sample) => decodeMuLaw(encodeMuLaw(sample))));
});

test.each([
  ["mu-law", muLaw, 132],
  ["A-law", aLaw, 16],
])("%s gives each byte's value back, and the nearest for any sample", (_name, law, smallest) => {
  for (const byte of bytes) {
    const sample = law.toLinear[byte] ?? 0;
    expect(law.toLinear[law.fromLinear[sample & 0xffff] ?? 0]).toBe(sample);
  }
  const errorOf = (sample: number) => Math.abs((law.toLinear[law.fromLinear[sample & 0xffff] ?? 0] ?? 0) - sample);
  const samples = Array.from({ length: 65_536 }, (_, index) => index - 32_768);
  expect(samples.filter((sample) => errorOf(sample) > Math.max(smallest, Math.abs(sample) / 16))).toEqual([]);
});

test("silence is the byte nearest to nothing", () => {
  expect([muLaw.toLinear[muLaw.silence], aLaw.toLinear[aLaw.silence]]).toEqual([0, 8]);
});
