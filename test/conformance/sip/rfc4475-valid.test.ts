/** RFC 4475 §3.1.1, §3.4: messages that are right though they look wrong. Each is read as the RFC's text says, and answered. */
import { expect, test } from "vitest";
import { parseCSeq } from "../../../src/sip/message/cseq.ts";
import type { SipMessage, SipRequest, SipResponse } from "../../../src/sip/message/message.ts";
import { parseNameAddr } from "../../../src/sip/message/name-addr.ts";
import { parseMessage } from "../../../src/sip/message/parse-message.ts";
import { parseUri } from "../../../src/sip/message/uri.ts";
import { parseVia } from "../../../src/sip/message/via.ts";
import { torture, tortureNames } from "../../support/torture-messages.ts";
import { signed, wireStack } from "../../support/wire-stack.ts";

function read(name: string): SipMessage {
  const parsed = parseMessage(torture(name));
  if (!parsed.ok) throw new Error(`${name}: ${parsed.reason}`);
  return parsed.value;
}

function request(name: string): SipRequest {
  const message = read(name);
  if (message.kind !== "request") throw new Error(`${name} is no request`);
  return message;
}

function value<T>(parsed: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string }): T {
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.value;
}

const address = (message: SipMessage, name: string) => value(parseNameAddr(message.headers.get(name) ?? ""));
const uriOf = (message: SipMessage, name: string) => value(parseUri(address(message, name).uri));

/** The status of each answer, in order. */
async function statusesTo(name: string): Promise<number[]> {
  const { receive, errors } = wireStack();
  const answers = await receive(torture(name));
  expect(errors).toEqual([]);
  return answers.map((answer) => (answer.kind === "response" ? answer.status : 0));
}

test("the corpus is whole: 49 messages", () => {
  expect(tortureNames("rfc4475")).toHaveLength(49);
  expect(torture("intmeth").includes(Buffer.from("NUL:\\\0"))).toBe(true);
});

test("§3.1.1.1 wsinv: folds, white space, compact names and commas", async () => {
  const message = request("wsinv");
  expect(value(parseUri(message.uri)).params).toEqual(new Map([["unknownparam", ""]]));
  expect(address(message, "To")).toMatchObject({ uri: "sip:vivekg@chair-dnrc.example.com", params: new Map([["tag", "1918181833n"]]) });
  expect(address(message, "From")).toEqual({
    displayName: 'J Rosenberg \\"',
    uri: "sip:jdrosen@example.com",
    params: new Map([["tag", "98asjd8"]]),
  });
  expect(message.headers.get("Max-Forwards")).toBe("0068");
  expect(value(parseCSeq(message.headers.get("CSeq") ?? ""))).toEqual({ sequence: 9, method: "INVITE" });
  expect(message.headers.all("Via").map((via) => value(parseVia(via)))).toMatchObject([
    { protocol: "UDP", host: "192.0.2.2", branch: "390skdjuw" },
    { protocol: "TCP", host: "spindle.example.com", branch: "z9hG4bK9ikj8" },
    { protocol: "UDP", host: "192.168.255.111", branch: "z9hG4bK30239" },
  ]);
  expect(message.headers.get("Subject")).toBe("");
  expect(message.headers.get("NewFangledHeader")).toBe("newfangled value continued newfangled value");
  expect(message.headers.get("UnknownHeaderWithUnusualValue")).toBe(";;,,;;,;");
  expect(message.headers.all("Route")).toEqual(["<sip:services.example.com;lr;unknownwith=value;unknown-no-value>"]);
  expect(address(message, "Contact")).toEqual({
    displayName: 'Quoted string ""',
    uri: "sip:jdrosen@example.com",
    params: new Map([
      ["newparam", "newvalue"],
      ["secondparam", ""],
      ["q", "0.33"],
    ]),
  });
  expect(message.body).toHaveLength(150);
  // Its To has a tag, and no such dialog is ours (RFC 3261 §12.2.2).
  expect(await statusesTo("wsinv")).toEqual([481]);
});

test("§3.1.1.2 intmeth: every character that may stand in a token, a NUL that is quoted, and UTF-8", async () => {
  const message = request("intmeth");
  expect(message.method).toBe("!interesting-Method0123456789_*+`.%indeed'~");
  expect(value(parseUri(message.uri))).toMatchObject({
    user: "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*",
    password: "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)",
    host: "example.com",
  });
  expect(value(parseVia(message.headers.get("Via") ?? "")).branch).toBe("z9hG4bK-.!%66*_+`'~");
  expect(address(message, "To").displayName).toBe("BEL:\x07 NUL:\0 DEL:\x7f");
  expect(address(message, "From")).toEqual({
    displayName: "token1~` token2'+_ token3*%!.-",
    uri: "sip:mundane@example.com",
    params: new Map([
      ["fromparam''~+*_!.-%", "работающий"],
      ["tag", "_token~1'+`*%!-."],
    ]),
  });
  expect(message.headers.get("Call-ID")).toBe("intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{");
  expect(message.headers.get("extensionHeader-!.%*+_`'~")).toBe("\ufeff大停電");
  const { receive } = wireStack();
  const [answer] = await receive(torture("intmeth"));
  expect(answer).toMatchObject({ kind: "response", status: 501 });
  expect(answer?.headers.get("Allow")).toContain("INVITE");
  for (const name of ["From", "Call-ID", "CSeq"]) expect(answer?.headers.get(name)).toBe(message.headers.get(name));
  expect(answer?.headers.get("To")?.startsWith(message.headers.get("To") ?? "?")).toBe(true);
});

test("§3.1.1.3 esc01: escapes are resolved once, and only in URIs", async () => {
  const message = request("esc01");
  expect(value(parseUri(message.uri))).toMatchObject({ scheme: "sip", user: "sips:user@example.com", host: "example.net" });
  expect(uriOf(message, "To").user).toBe("user");
  expect(uriOf(message, "From").user).toBe("I have spaces");
  const contact = uriOf(message, "Contact");
  expect(contact).toMatchObject({
    user: "caller",
    params: new Map([
      ["lr", ""],
      ["name", "value%41"],
    ]),
  });
  expect(await statusesTo("esc01")).toEqual([180]);
});

test("§3.1.1.4 escnull: two contacts whose users are one and two NULs", async () => {
  const message = request("escnull");
  expect(uriOf(message, "To").user).toBe("null-\0-null");
  const { receive, registrar } = wireStack();
  const [challenge] = await receive(torture("escnull"));
  expect(challenge).toMatchObject({ status: 401 });
  const [answer] = await receive(signed(torture("escnull"), challenge as SipResponse, "null-\0-null"));
  expect(answer).toMatchObject({ status: 200 });
  expect(registrar.contactsOf("null-\0-null").map(({ contact }) => contact)).toEqual([
    "sip:%00@host5.example.com",
    "sip:%00%00@host5.example.com",
  ]);
});

test("§3.1.1.5 esc02: % escapes nothing in a method, a display name or a header name", async () => {
  const message = request("esc02");
  expect(message.method).toBe("RE%47IST%45R");
  expect(address(message, "To").displayName).toBe("%Z%45");
  expect(message.headers.all("Contact")).toHaveLength(2);
  expect(message.headers.get("C%6Fntact")).toBe("<sip:alias2@host2.example.com>");
  expect(await statusesTo("esc02")).toEqual([501]);
});

test("§3.1.1.6 lwsdisp: no white space before <", async () => {
  expect(address(read("lwsdisp"), "From")).toMatchObject({ displayName: "caller", uri: "sip:caller@example.com" });
  expect(await statusesTo("lwsdisp")).toEqual([200]);
});

const long = (text: string, count: number) => text.repeat(count);

test("§3.1.1.7 longreq: 34 Vias, long names and long values", async () => {
  const message = request("longreq");
  const to = address(message, "To");
  expect(to.displayName).toBe(`I have a user name of ${long("extreme", 10)} proportion`);
  expect(value(parseUri(to.uri))).toMatchObject({
    port: 6000,
    params: new Map([
      ["unknownparam1", `very${long("long", 20)}value`],
      [`longparam${long("name", 25)}`, "shortvalue"],
      [`very${long("long", 25)}parameternamewithnovalue`, ""],
    ]),
  });
  const from = address(message, "From");
  expect(from.uri).toBe(`sip:${long("amazinglylongcallername", 5)}@example.net`);
  expect(from.params.get("tag")).toBe(`12${long("982", 50)}424`);
  expect(from.params.size).toBe(3);
  expect(message.headers.get("Call-ID")).toBe(`longreq.one${long("really", 20)}longcallid`);
  expect(message.headers.all("Via").map((via) => value(parseVia(via)).host)).toEqual([
    ...Array.from({ length: 33 }, (_, index) => `sip${33 - index}.example.com`),
    "host.example.com",
  ]);
  expect(message.headers.get(`Unknown-${long("Long", 20)}-Name`)).toContain(`unknown-${long("long", 20)}-parameter-value`);
  expect(message.body).toHaveLength(150);
  const { receive } = wireStack();
  const [ringing] = await receive(torture("longreq"));
  expect(ringing).toMatchObject({ status: 180 });
  expect(ringing?.headers.all("Via")).toHaveLength(34);
});

test("§3.1.1.8 dblreq: what follows the body of a datagram is noise", async () => {
  const message = request("dblreq");
  expect([message.method, message.body.length]).toEqual(["REGISTER", 0]);
  const { receive, stack } = wireStack();
  expect(await receive(torture("dblreq"))).toMatchObject([{ status: 401 }]);
  expect(stack.counters().requests).toEqual({ REGISTER: 1 });
});

test("§3.1.1.9 semiuri: semicolons and an escaped @ belong to the user", async () => {
  expect(value(parseUri(request("semiuri").uri))).toMatchObject({ user: "user;par=u@example.net", host: "example.com", params: new Map() });
  expect(read("semiuri").headers.all("Accept")).toHaveLength(6);
  expect(await statusesTo("semiuri")).toEqual([200]);
});

test("§3.1.1.10 transports: the lower Vias may have any transport", async () => {
  expect(
    read("transports")
      .headers.all("Via")
      .map((via) => value(parseVia(via)).protocol),
  ).toEqual(["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]);
  expect(await statusesTo("transports")).toEqual([200]);
});

test("§3.1.1.11 mpart01: a binary multipart body is framed by its length; nobody here takes MESSAGE", async () => {
  const message = request("mpart01");
  expect(message.body).toHaveLength(553);
  expect(message.body.includes(0)).toBe(true);
  expect(Buffer.from(message.body).toString("latin1").endsWith("--7a9cbec02ceef655--\r\n")).toBe(true);
  expect(message.headers.get("Content-Type")).toBe("multipart/mixed;boundary=7a9cbec02ceef655");
  expect(await statusesTo("mpart01")).toEqual([405]);
});

test("§3.1.1.12 unreason, §3.1.1.13 noreason: any reason phrase, or none", async () => {
  expect(read("unreason")).toMatchObject({ status: 200, reason: "= 2**3 * 5**2 но сто девяносто девять - простое" });
  expect(read("unreason").body).toHaveLength(154);
  expect(read("noreason")).toMatchObject({ status: 100, reason: "" });
  const { receive, stack } = wireStack();
  for (const name of ["unreason", "noreason"]) expect(await receive(torture(name))).toEqual([]);
  expect(stack.counters().strayResponses).toBe(2);
});

test("§3.4.1 inv2543: the body goes to the end; without Contact no dialog can be made, so it is refused (RFC 3261 §8.1.1.8)", async () => {
  const message = request("inv2543");
  expect(Buffer.from(message.body).toString()).toMatch(/^v=0\r\n[^]*m=audio 49217 RTP\/AVP 0\r\n$/);
  expect(uriOf(message, "From").params).toEqual(new Map([["user", "phone"]]));
  expect(address(message, "To").params).toEqual(new Map([["user", "phone"]]));
  expect(message.headers.get("Record-Route")).toBe("<sip:UserB@example.com;maddr=ss1.example.com>");
  expect(await statusesTo("inv2543")).toEqual([400]);
});

const invite = (callId: string, branch: string, more = "") =>
  [
    "INVITE sip:b@192.0.2.1 SIP/2.0",
    `Via: SIP/2.0/UDP 198.51.100.7:5062${branch}`,
    `To: <sip:b@example.org>${more}`,
    "From: <sip:a@example.org>;tag=1",
    `Call-ID: ${callId}`,
    "CSeq: 7 INVITE",
    "Contact: <sip:a@198.51.100.7:5062>",
    "",
    "",
  ].join("\r\n");

test("RFC 3261 §17.2.3: without a branch that means something, Call-ID, From tag and CSeq tell transactions apart", async () => {
  for (const branch of ["", ";branch=an-old-branch", ";branch=z9hG4bK"]) {
    const { receive, invited, stack } = wireStack();
    const send = async (text: string) => (await receive(Buffer.from(text))).map((answer) => answer.kind === "response" && answer.status);
    expect(await send(invite("one", branch))).toEqual([180]);
    expect(await send(invite("two", branch))).toEqual([180]);
    expect(await send(invite("one", branch))).toEqual([180]);
    expect(invited.map(({ request: { headers } }) => headers.get("Call-ID"))).toEqual(["one", "two"]);
    expect(await send(invite("two", branch).replace("INVITE sip", "CANCEL sip").replace("7 INVITE", "7 CANCEL"))).toEqual([200, 487]);
    expect(invited.map(({ log }) => log.ends)).toEqual([[], ["cancelled"]]);
    await send(invite("two", branch, ";tag=tag-1").replace("INVITE sip", "ACK sip").replace("7 INVITE", "7 ACK"));
    expect(stack.counters()).toMatchObject({ live: 1, lingering: 1 });
  }
});
