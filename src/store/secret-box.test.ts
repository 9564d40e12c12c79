import { expect, test } from "vitest";
import { SecretBox } from "./secret-box.ts";

const secret = new Uint8Array(32).fill(7);

test("what was sealed opens for the same owner and key alone", () => {
  const box = new SecretBox(secret, "trunks");
  const sealed = box.seal("pässword", "row 1");
  expect(sealed.includes("word")).toBe(false);
  expect(box.seal("pässword", "row 1").equals(sealed)).toBe(false);
  expect(box.open(sealed, "row 1")).toBe("pässword");
  expect(new SecretBox(secret, "trunks").open(sealed, "row 1")).toBe("pässword");
  expect(box.open(sealed, "row 2")).toBeUndefined();
  expect(new SecretBox(secret, "other").open(sealed, "row 1")).toBeUndefined();
  expect(new SecretBox(new Uint8Array(32), "trunks").open(sealed, "row 1")).toBeUndefined();
});

test("every changed or missing byte is noticed", () => {
  const box = new SecretBox(secret, "trunks");
  const sealed = box.seal("x", "row");
  for (let index = 0; index < sealed.length; index++) {
    const changed = Buffer.from(sealed);
    changed[index] = (changed[index] ?? 0) ^ 1;
    expect(box.open(changed, "row")).toBeUndefined();
    expect(box.open(sealed.subarray(0, index), "row")).toBeUndefined();
  }
});
