import { expect, test } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { systemIds } from "../../kernel/index.ts";
import { requestOf, responseTo } from "../message/builder.ts";
import type { HeaderPair } from "../message/header-list.ts";
import type { SipRequest } from "../message/message.ts";
import { authorize } from "./authorization.ts";
import { Challenger, type ChallengerOptions } from "./challenger.ts";
import { ha1Of } from "./digest.ts";

const user = { name: "alice", ha1: ha1Of("alice", "house", "secret") };

function setUp(options: Partial<ChallengerOptions> = {}) {
  const clock = new VirtualClock();
  const challenger = new Challenger({ clock, ids: systemIds(clock), realm: "house", secret: Buffer.from("key"), kind: "www", ...options });
  return { clock, challenger };
}

function requestWith(headers: HeaderPair[] = []): SipRequest {
  return requestOf({
    method: "REGISTER",
    uri: "sip:house",
    via: "SIP/2.0/UDP h;branch=z9hG4bK1",
    from: "<sip:a@b>",
    to: "<sip:a@b>",
    callId: "c",
    sequence: 1,
    headers,
  });
}

function signed(
  challenger: Challenger,
  more: { password?: string; count?: number; algorithm?: string } = {},
  challenge = challenger.challenge(requestWith()),
) {
  const offered = challenge.filter(([, value]) => value.includes(`algorithm=${more.algorithm ?? "SHA-256"}`));
  const answer = (count: number) =>
    authorize(responseTo(requestWith(), challenger.status, { headers: offered }), {
      username: "alice",
      secret: { password: more.password ?? "secret" },
      method: "REGISTER",
      uri: "sip:house",
      cnonce: "c",
      count,
    });
  return (count = more.count ?? 1) => {
    const pair = answer(count);
    return requestWith(pair === undefined ? [] : [pair]);
  };
}

test("offers SHA-256 before MD5 and takes both", () => {
  const { challenger } = setUp();
  expect(challenger.challenge(requestWith()).map(([name, value]) => [name, /algorithm=([^,]*)/.exec(value)?.[1]])).toEqual([
    ["WWW-Authenticate", "SHA-256"],
    ["WWW-Authenticate", "MD5"],
  ]);
  for (const algorithm of ["SHA-256", "MD5"]) expect(challenger.verify(signed(challenger, { algorithm })(), user).kind).toBe("accepted");
});

test("only credentials over a nonce of ours answer a challenge, right or wrong, old or new", () => {
  const { clock, challenger } = setUp();
  const { challenger: another } = setUp({ secret: Buffer.from("another") });
  expect(challenger.isAnswered(requestWith())).toBe(false);
  expect(challenger.isAnswered(signed(another)())).toBe(false);
  const wrong = signed(challenger, { password: "guess" })();
  expect(challenger.isAnswered(wrong)).toBe(true);
  clock.advance(3_600_000);
  expect(challenger.isAnswered(wrong)).toBe(true);
});

test.each(["SHA-256", "MD5"] as const)("with %s alone the other is neither offered nor taken", (algorithm) => {
  const { challenger } = setUp({ algorithms: [algorithm] });
  const { challenger: both } = setUp();
  expect(challenger.challenge(requestWith()).map(([, value]) => /algorithm=([^,]*)/.exec(value)?.[1])).toEqual([algorithm]);
  for (const used of ["SHA-256", "MD5"]) {
    const request = signed(both, { algorithm: used })();
    expect(challenger.verify(request, user).kind).toBe(used === algorithm ? "accepted" : "none");
  }
});

function offeredTo(userAgent: string, options: Parameters<typeof setUp>[0] = {}, via?: string): readonly (string | undefined)[] {
  const request = requestWith([["User-Agent", userAgent]]);
  if (via !== undefined) request.headers.set("Via", via);
  const headers = setUp(options).challenger.challenge(request);
  return headers.map(([, value]) => /algorithm=([^,]*)/.exec(value)?.[1]);
}

test("a client that gives up at an unknown algorithm is offered MD5 alone, when that is among what is offered", () => {
  expect(offeredTo("baresip v1.0.0 (x86_64/linux)")).toEqual(["MD5"]);
  for (const protocol of ["WS", "WSS"])
    expect(offeredTo("Web phone of ours", {}, `SIP/2.0/${protocol} x.invalid;branch=z9hG4bK1`)).toEqual(["MD5"]);
  expect(offeredTo("Web phone of ours", {}, "SIP/2.0/TLS x.invalid;branch=z9hG4bK1")).toEqual(["SHA-256", "MD5"]);
  expect(offeredTo("baresip v3.9.0 (x86_64/linux)")).toEqual(["SHA-256", "MD5"]);
  expect(offeredTo("baresip v1.0.0 (x86_64/linux)", { algorithms: ["SHA-256"] })).toEqual(["SHA-256"]);
});

test("an unknown user and a wrong secret look the same", () => {
  const { challenger } = setUp();
  expect(challenger.verify(signed(challenger)(), undefined)).toEqual({ kind: "wrong" });
  expect(challenger.verify(signed(challenger, { password: "guess" })(), user)).toEqual({ kind: "wrong" });
});

test("nobody gets in as a user that does not exist, by signing with the stand-in for its secret", () => {
  const { challenger } = setUp();
  const [challenge] = challenger.challenge(requestWith());
  const answer = authorize(responseTo(requestWith(), 401, { headers: challenge === undefined ? [] : [challenge] }), {
    username: "ghost",
    secret: { ha1: { md5: "0".repeat(32), sha256: "0".repeat(64) } },
    method: "REGISTER",
    uri: "sip:house",
    cnonce: "c",
    count: 1,
  });
  expect(challenger.verify(requestWith(answer === undefined ? [] : [answer]), undefined)).toEqual({ kind: "wrong" });
});

test("an expired nonce is stale for the right secret only", () => {
  const { clock, challenger } = setUp();
  const [right, wrong] = [signed(challenger)(), signed(challenger, { password: "guess" })()];
  clock.advance(300_001);
  expect(challenger.verify(right, user)).toEqual({ kind: "stale" });
  expect(challenger.verify(wrong, user)).toEqual({ kind: "wrong" });
  expect(challenger.challenge(requestWith(), true)[0]?.[1]).toContain("stale=true");
});

test("a count is good once; the next one is good too", () => {
  const { challenger } = setUp();
  const request = signed(challenger);
  expect([1, 1, 2, 5, 4, 6].map((count) => challenger.verify(request(count), user).kind)).toEqual([
    "accepted",
    "stale",
    "accepted",
    "accepted",
    "stale",
    "accepted",
  ]);
});

test("a nonce that was pushed out of memory cannot be replayed", () => {
  const { clock, challenger } = setUp({ maxRemembered: 2 });
  const first = signed(challenger)();
  expect(challenger.verify(first, user).kind).toBe("accepted");
  clock.advance(1);
  for (let others = 0; others < 2; others++) expect(challenger.verify(signed(challenger)(), user).kind).toBe("accepted");
  expect(challenger.verify(first, user).kind).toBe("stale");
});

test("a nonce of before a restart is stale, one of another installation or realm is none", () => {
  const { clock, challenger } = setUp();
  const request = signed(challenger)();
  clock.advance(1);
  const options = { clock, ids: systemIds(clock), realm: "house", secret: Buffer.from("key"), kind: "www" } as const;
  expect(new Challenger(options).verify(request, user).kind).toBe("stale");
  expect(new Challenger({ ...options, secret: Buffer.from("other") }).verify(request, user).kind).toBe("none");
  expect(new Challenger({ ...options, realm: "elsewhere" }).verify(request, user).kind).toBe("none");
});

test.each([
  ["no credentials", []],
  ["no qop", ['Digest username="alice", realm="house", nonce="x", uri="sip:house", response="00"']],
  ["garbage", ["Digest ,,=", "Basic abc", ""]],
])("%s is none", (_name, values: string[]) => {
  const { challenger } = setUp();
  expect(challenger.verify(requestWith(values.map((value): HeaderPair => ["Authorization", value])), user)).toEqual({ kind: "none" });
});
