import { expect, test } from "vitest";
import { canonicalAddress } from "./ip-address.ts";

test.each([
  ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
  ["2001:db8::1", "2001:db8::1"],
  ["::FFFF:192.0.2.1", "192.0.2.1"],
  ["::1", "::1"],
  ["fe80::1%eth0", "fe80::1%eth0"],
  ["192.0.2.1", "192.0.2.1"],
  ["sip.example.org", "sip.example.org"],
])("%s is %s", (written, canonical) => {
  expect(canonicalAddress(written)).toBe(canonical);
});
