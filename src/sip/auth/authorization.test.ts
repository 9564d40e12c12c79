import { expect, test } from "vitest";
import { requestOf, responseTo } from "../message/builder.ts";
import { parseAuthParams } from "../message/auth-params.ts";
import type { HeaderPair } from "../message/header-list.ts";
import { authorize } from "./authorization.ts";
import { digestResponse, ha1Of } from "./digest.ts";

const request = requestOf({
  method: "GET",
  uri: "sip:x",
  via: "SIP/2.0/UDP h;branch=z9hG4bK1",
  from: "<sip:a@b>",
  to: "<sip:a@b>",
  callId: "c",
  sequence: 1,
});

function challenge(status: 401 | 407, ...values: string[]) {
  const name = status === 401 ? "WWW-Authenticate" : "Proxy-Authenticate";
  return responseTo(request, status, { headers: values.map((value): HeaderPair => [name, value]) });
}

// RFC 7616 §3.9.1
const realm = 'realm="http-auth@example.org", qop="auth, auth-int"';
const nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
const input = {
  username: "Mufasa",
  secret: { password: "Circle of Life" },
  method: "GET",
  uri: "/dir/index.html",
  cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
  count: 1,
};
const offer = (algorithm: string) =>
  `Digest ${realm}, algorithm=${algorithm}, nonce="${nonce}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`;

function answered(pair: HeaderPair | undefined) {
  const parsed = parseAuthParams(pair?.[1] ?? "");
  return parsed.ok ? Object.fromEntries(parsed.value.params) : {};
}

test.each([
  ["MD5", "8ca523f5e9506fed4657c9700eebdbec"],
  ["SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"],
])("RFC 7616 §3.9.1 with %s", (algorithm, response) => {
  const pair = authorize(challenge(401, offer(algorithm)), input);
  expect(pair?.[0]).toBe("Authorization");
  expect(answered(pair)).toEqual({
    username: "Mufasa",
    realm: "http-auth@example.org",
    uri: "/dir/index.html",
    algorithm,
    nonce,
    nc: "00000001",
    cnonce: input.cnonce,
    qop: "auth",
    response,
    opaque: "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
  });
});

test("of several challenges the strongest we know is answered, wherever it stands", () => {
  expect(answered(authorize(challenge(407, offer("MD5"), offer("SHA-512-256"), offer("SHA-256")), input))["algorithm"]).toBe("SHA-256");
  expect(authorize(challenge(407, offer("SHA-256")), input)?.[0]).toBe("Proxy-Authorization");
});

test("no algorithm is MD5, no qop is the form of RFC 2069, and a stored HA1 does as well as the password", () => {
  const bare = challenge(401, `Digest realm="r", nonce="n"`);
  const fromPassword = answered(authorize(bare, input));
  expect(fromPassword).not.toHaveProperty("cnonce");
  expect(fromPassword).not.toHaveProperty("algorithm");
  const ha1 = ha1Of("Mufasa", "r", "Circle of Life");
  expect(fromPassword["response"]).toBe(
    digestResponse({ ha1, algorithm: "MD5", nonce: "n", method: "GET", uri: input.uri, qop: undefined }),
  );
  expect(answered(authorize(bare, { ...input, secret: { ha1 } }))).toEqual(fromPassword);
});

test.each([
  ['Basic realm="r"'],
  [`Digest realm="r", nonce="n", algorithm=MD5-sess`],
  [`Digest realm="r", nonce="n", qop="auth-int"`],
  ["nonsense"],
])("%s cannot be answered", (value) => {
  expect(authorize(challenge(401, value), input)).toBeUndefined();
});
