/** RFC 4475 §3.1.2, §3.2, §3.3: what is wrong, in syntax or in meaning, and what is owed for it. Where the RFC leaves a choice, the row says ours. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { SipResponse } from "../../../src/sip/message/message.ts";
import { torture, tortureNames } from "../../support/torture-messages.ts";
import { signed, wireStack } from "../../support/wire-stack.ts";

const owed: readonly (readonly [section: string, name: string, why: string, statuses: readonly number[]])[] = [
  ["3.1.2.1", "badinv01", "separators without values in Via", [400]],
  ["3.1.2.2", "clerr", "Content-Length beyond the datagram", [400]],
  ["3.1.2.3", "ncl", "negative Content-Length", [400]],
  ["3.1.2.4", "scalar02", "CSeq above 2^32", [400]],
  ["3.1.2.5", "scalarlg", "a response with such a CSeq is dropped", []],
  ["3.1.2.6", "quotbal", "a quote that does not end", [400]],
  ["3.1.2.7", "ltgtruri", "brackets around the Request-URI", [400]],
  ["3.1.2.8", "lwsruri", "white space in the Request-URI", [400]],
  ["3.1.2.9", "lwsstart", "several spaces in the request line: refused", [400]],
  ["3.1.2.10", "trws", "spaces after the version: refused", [400]],
  ["3.1.2.11", "escruri", "headers in the Request-URI: ignored", [180]],
  ["3.1.2.12", "baddate", "a time zone in Date: ignored, we do not use it", [180]],
  ["3.1.2.13", "regbadct", "a URI with ? outside of brackets: who asks is asked first, see below", [401]],
  ["3.1.2.14", "badaspec", "spaces within the brackets: ignored", [200]],
  ["3.1.2.15", "baddn", "no empty line, and a comma in a display name without quotes", [400]],
  ["3.1.2.16", "badvers", "SIP/7.0", [505]],
  ["3.1.2.17", "mismatch01", "CSeq names another method", [400]],
  ["3.1.2.18", "mismatch02", "an unknown method, and CSeq names another: 400 as for known ones", [400]],
  ["3.1.2.19", "bigcode", "a status above 699 is dropped", []],
  ["3.2.1", "badbranch", "a branch that is the cookie alone: matched as in RFC 2543", [200]],
  ["3.3.1", "insuf", "no From, To, Call-ID: no answer could be read by anybody, so none is given", []],
  ["3.3.2", "unkscm", "an unknown scheme", [416]],
  ["3.3.3", "novelsc", "a known scheme that we never take", [416]],
  ["3.3.4", "unksm2", "a registrar needs SIP or SIPS in To", [400]],
  ["3.3.5", "bext01", "Require of what nobody has", [420]],
  ["3.3.7", "regaut01", "an unknown authentication scheme is challenged", [401]],
  ["3.3.8", "multi01", "To, From, Call-ID, CSeq, Max-Forwards twice", [400]],
  ["3.3.9", "mcl01", "two Content-Lengths", [400]],
  ["3.3.10", "bcast", "a response with a second Via is dropped", []],
  ["3.3.11", "zeromf", "Max-Forwards 0 ends here", [200]],
];

test.each(owed)("§%s %s: %s", async (_section, name, _why, statuses) => {
  const { receive, errors } = wireStack();
  const answers = await receive(torture(name));
  expect(answers.map((answer) => (answer.kind === "response" ? answer.status : answer.method))).toEqual(statuses);
  expect(errors).toEqual([]);
});

test("§3.1.2.16 badvers: the answer has the Via of the request, version and all", async () => {
  const { receive } = wireStack();
  const [answer] = await receive(torture("badvers"));
  expect(answer?.headers.get("Via")).toMatch(/^SIP\/7\.0\/UDP c\.example\.com;branch=z9hG4bKkdjuw/);
});

test("§3.1.2.11 escruri: what the Request-URI carries does not become a header field", async () => {
  const { receive, invited } = wireStack();
  await receive(torture("escruri"));
  expect(invited[0]?.request.headers.has("Route")).toBe(false);
});

test("§3.3.5 bext01: Unsupported lists what Require asked, not what Proxy-Require did", async () => {
  const { receive } = wireStack();
  const [answer] = await receive(torture("bext01"));
  expect(answer?.headers.all("Unsupported")).toEqual(["nothingSupportsThis", "nothingSupportsThisEither"]);
});

test("§3.1.2.13 regbadct: 400 for whoever has signed in", async () => {
  const { receive, registrar } = wireStack();
  const [challenge] = await receive(torture("regbadct"));
  expect(await receive(signed(torture("regbadct"), challenge as SipResponse, "user"))).toMatchObject([{ status: 400 }]);
  expect(registrar.contactsOf("user")).toEqual([]);
});

test("§3.3.10 bcast: not even when its branch is that of a request of ours", async () => {
  const { stack, receive, sent } = wireStack();
  const finals: number[] = [];
  const options = { from: "<sip:a@b>;tag=1", to: "<sip:c@d>", callId: "x", sequence: 35, uri: "sip:c@d", method: "OPTIONS" };
  const destination = { protocol: "udp", address: "192.0.2.8", port: 5060 } as const;
  stack.request({ ...options, branch: "z9hG4bK1324923", destinations: [destination] }, ({ status }) => finals.push(status));
  expect(sent).toHaveLength(1);
  const bytes = torture("bcast").toString("latin1").replace("35 INVITE", "35 OPTIONS");
  expect(await receive(Buffer.from(bytes, "latin1"))).toEqual([]);
  expect(finals).toEqual([]);
  await receive(Buffer.from(bytes.replace(/Via: [^\r]*255[^\r]*\r\n/, ""), "latin1"));
  expect(finals).toEqual([200]);
});

describe("over a connection", () => {
  test.each(["ncl", "mcl01"])("%s: what is refused leaves no way to find the next message, so the connection ends", (name) => {
    const { isBroken, answers } = wireStack().receiveStream(torture(name));
    expect(isBroken).toBe(true);
    expect(answers).toMatchObject([{ status: 400 }]);
  });

  test("§3.1.2.2 clerr: more bytes are waited for", () => {
    const bytes = torture("clerr");
    expect(wireStack().receiveStream(bytes)).toMatchObject({ isBroken: false, answers: [], pendingBytes: bytes.length });
  });

  test("§3.1.1.8 dblreq: over a connection the second request counts, and what its short Content-Length leaves over is no message", () => {
    const { answers, isBroken } = wireStack().receiveStream(torture("dblreq"));
    expect(isBroken).toBe(true);
    expect(answers.map((answer) => [answer.headers.get("CSeq"), answer.kind === "response" && answer.status])).toEqual([
      ["8 REGISTER", 401],
      ["8 INVITE", 400],
    ]);
  });
});

describe("§3.3.12 to §3.3.14: what is registered", () => {
  test.each([
    ["cparam01", "+19725552222", "watson", "sip:+19725552222@gw1.example.net"],
    ["cparam02", "+19725552222", "watson", "sip:+19725552222@gw1.example.net;unknownparam"],
    ["regescrt", "user", "user", "sip:user@example.com?Route=%3Csip:sip.example.com%3E"],
  ])("%s", async (name, _user, username, contact) => {
    const { receive, registrar } = wireStack();
    const [challenge] = await receive(torture(name));
    const [answer] = await receive(signed(torture(name), challenge as SipResponse, username));
    expect(answer).toMatchObject({ status: 200 });
    expect(answer?.headers.get("Contact")).toBe(`<${contact}>;expires=3600`);
    expect(registrar.contactsOf(username).map((binding) => binding.contact)).toEqual([contact]);
  });
});

test("§3.3.6 invut, §3.3.15 sdp01: a body and an Accept that nobody serves are read whole; what refuses them is 415 and 406", async () => {
  for (const [name, field, value, bodyBytes, refusal] of [
    ["invut", "Content-Type", "application/unknownformat", 40, 415],
    ["sdp01", "Accept", "text/nobodyKnowsThis", 150, 406],
  ] as const) {
    const { receive, invited } = wireStack();
    const [answer] = await receive(torture(name));
    const { headers, body } = invited[0]?.request ?? {};
    // The stack knows no body but by its bytes: it may leave the refusal to whoever takes the INVITE, with all that is needed for it.
    if (invited.length > 0) expect([headers?.get(field), body?.length]).toEqual([value, bodyBytes]);
    else expect(answer).toMatchObject({ status: refusal });
  }
});

test("every message of the corpus is in a test", () => {
  const source = ["valid", "invalid"].map((part) => readFileSync(join(import.meta.dirname, `rfc4475-${part}.test.ts`), "utf8")).join("");
  for (const name of tortureNames("rfc4475")) expect(source).toContain(`"${name}"`);
});
