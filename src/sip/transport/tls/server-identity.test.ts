import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { PeerCertificate } from "node:tls";
import { expect, test } from "vitest";
import { tlsFixture } from "../../../../test/support/sip-transports.ts";
import { identityError } from "./server-identity.ts";

function certificate(name: string): PeerCertificate {
  return new X509Certificate(readFileSync(tlsFixture(`${name}.crt`))).toLegacyObject();
}

const wildcard = { subject: { CN: "x" }, subjectaltname: "DNS:*.example.test" } as PeerCertificate;

test.each([
  ["sip.example.test", "server/default", true],
  ["SIP.example.test", "server/default", true],
  ["127.0.0.1", "server/default", true],
  ["other.example.test", "server/default", false],
  ["127.0.0.2", "server/default", false],
  // RFC 5922 §7.1: a SIP URI decides, and then the DNS names do not count.
  ["domain.example.test", "server/domain.example.test", true],
  ["host.example.test", "server/domain.example.test", false],
])("%s by the certificate %s: %s", (name, file, isRight) => {
  expect(identityError(name, certificate(file)) === undefined).toBe(isRight);
});

test.each([
  ["a.example.test", true],
  ["a.b.example.test", false],
  ["example.test", false],
])("%s by *.example.test: %s", (name, isRight) => {
  expect(identityError(name, wildcard) === undefined).toBe(isRight);
});

test("a SIP URI with a user names a person, not a domain", () => {
  const person = { subject: { CN: "x" }, subjectaltname: "URI:sip:sip@example.test, DNS:example.test" } as PeerCertificate;
  expect(identityError("example.test", person)).toBeUndefined();
});
