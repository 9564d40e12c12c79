import { expect, test } from "vitest";
import { isSpecialAddress } from "./address-guard.ts";

test.each([
  "127.0.0.1",
  "127.255.0.1",
  "10.1.2.3",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "169.254.169.254",
  "100.64.0.1",
  "0.0.0.0",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
  "::ffff:169.254.169.254",
  "::127.0.0.1",
  "64:ff9b::7f00:1",
  "2002:7f00:1::",
  "fd00::1",
  "fe80::1",
  "fec0::1",
  "ff02::1",
  "192.0.2.1",
  "2001:db8::1",
  "3fff::1",
])("%s is special", (address) => {
  expect(isSpecialAddress(address)).toBe(true);
});

test.each(["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "192.169.0.1", "2606:4700::1111", "::ffff:8.8.8.8"])(
  "%s is public",
  (address) => {
    expect(isSpecialAddress(address)).toBe(false);
  },
);
