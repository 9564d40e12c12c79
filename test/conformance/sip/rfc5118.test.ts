/** RFC 5118: IPv6 in SIP. */
import { expect, test } from "vitest";
import type { SipMessage, SipRequest } from "../../../src/sip/message/message.ts";
import { parseNameAddr } from "../../../src/sip/message/name-addr.ts";
import { parseMessage } from "../../../src/sip/message/parse-message.ts";
import { parseUri } from "../../../src/sip/message/uri.ts";
import { parseVia } from "../../../src/sip/message/via.ts";
import { parseSdp } from "../../../src/sdp/index.ts";
import { ipv6Torture, ipv6TortureAsArchived, tortureNames } from "../../support/torture-messages.ts";
import { wireStack } from "../../support/wire-stack.ts";

function request(name: string): SipRequest {
  const parsed = parseMessage(ipv6Torture(name));
  if (!parsed.ok || parsed.value.kind !== "request") throw new Error(name);
  return parsed.value;
}

const target = (message: SipRequest) => {
  const uri = parseUri(message.uri);
  return uri.ok ? [uri.value.host, uri.value.port] : uri.reason;
};
const vias = (message: SipMessage) =>
  message.headers
    .all("Via")
    .map((via) => parseVia(via))
    .map((via) => (via.ok ? via.value : via.reason));
const contactHost = (message: SipMessage) => {
  const contact = parseNameAddr(message.headers.get("Contact") ?? "");
  const uri = parseUri(contact.ok ? contact.value.uri : "");
  return uri.ok ? uri.value.host : undefined;
};

async function statusesTo(name: string): Promise<(number | string)[]> {
  const { receive, errors } = wireStack();
  const answers = await receive(ipv6Torture(name), { protocol: "udp", address: "2001:db8::9:1", port: 5060 });
  expect(errors).toEqual([]);
  return answers.map((answer) => (answer.kind === "response" ? answer.status : answer.method));
}

test("the corpus is whole, and the archive's own faults are refused and nothing worse", async () => {
  expect(tortureNames("rfc5118")).toHaveLength(12);
  for (const name of tortureNames("rfc5118")) {
    const { receive, errors } = wireStack();
    for (const answer of await receive(ipv6TortureAsArchived(name))) expect(answer.kind).toBe("response");
    expect(errors).toEqual([]);
  }
});

test("§4.1 ipv6-good", async () => {
  const message = request("ipv6-good");
  expect(target(message)).toEqual(["2001:db8::10", undefined]);
  expect(contactHost(message)).toBe("2001:db8::1");
  expect(vias(message)).toMatchObject([{ host: "2001:db8::9:1", branch: "z9hG4bKas3-111" }]);
  expect(await statusesTo("ipv6-good")).toEqual([401]);
});

test("§4.2 ipv6-bad: without brackets it is 400", async () => {
  expect(target(request("ipv6-bad"))).toBe("host or port");
  expect(await statusesTo("ipv6-bad")).toEqual([400]);
});

test("§4.3 port-ambiguous: what is in the brackets is the address", async () => {
  expect(target(request("port-ambiguous"))).toEqual(["2001:db8::10:5070", undefined]);
  expect(await statusesTo("port-ambiguous")).toEqual([401]);
});

test("§4.4 port-unambiguous", async () => {
  expect(target(request("port-unambiguous"))).toEqual(["2001:db8::10", 5070]);
  expect(await statusesTo("port-unambiguous")).toEqual([401]);
});

test("§4.5 received with and without brackets is the same; the answer has its sender's address without", async () => {
  for (const name of ["via-received-param-with-delim", "via-received-param-no-delim"])
    expect(vias(request(name))).toMatchObject([{ host: "2001:db8::9:1", received: "2001:db8::9:255" }]);
  const { receive } = wireStack();
  const source = { protocol: "udp", address: "2001:db8::9:77", port: 5060 } as const;
  const [answer] = await receive(ipv6Torture("via-received-param-no-delim"), source);
  expect(answer?.headers.get("Via")).toContain(";received=2001:db8::9:77");
  expect(await statusesTo("via-received-param-with-delim")).toEqual([481]);
  expect(await statusesTo("via-received-param-no-delim")).toEqual([200]);
});

test("§4.6 ipv6-in-sdp: no brackets in SDP", async () => {
  const sdp = parseSdp(Buffer.from(request("ipv6-in-sdp").body).toString());
  expect(sdp).toMatchObject({ ok: true });
  expect(JSON.stringify(sdp)).toContain("2001:db8::20");
  expect(await statusesTo("ipv6-in-sdp")).toEqual([180]);
});

test("§4.7 mult-ip-in-header: Vias of both families", async () => {
  expect(vias(request("mult-ip-in-header"))).toMatchObject([
    { protocol: "UDP", host: "2001:db8::9:1", port: 6050 },
    { protocol: "UDP", host: "192.0.2.1" },
    { protocol: "TCP", host: "2001:db8::9:255", received: "192.0.2.200" },
  ]);
  expect(await statusesTo("mult-ip-in-header")).toEqual([481]);
});

test("§4.8 mult-ip-in-sdp: each medium has its own address", async () => {
  const sdp = JSON.stringify(parseSdp(Buffer.from(request("mult-ip-in-sdp").body).toString()));
  expect(sdp).toContain("192.0.2.1");
  expect(sdp).toContain("2001:db8::1");
  expect(await statusesTo("mult-ip-in-sdp")).toEqual([180]);
});

test("§4.9 ipv4-mapped-ipv6", async () => {
  const message = request("ipv4-mapped-ipv6");
  expect(vias(message)).toMatchObject([
    { host: "::ffff:192.0.2.10", port: 19823 },
    { host: "::ffff:192.0.2.2", branch: "z9hG4bKas3-111" },
  ]);
  expect(contactHost(message)).toBe("::ffff:192.0.2.2");
  expect(await statusesTo("ipv4-mapped-ipv6")).toEqual([180]);
});

test("§4.10 two colons, and three as the grammar of RFC 3261 has it by mistake", async () => {
  expect(target(request("ipv6-correct-abnf-2-colons"))).toEqual(["2001:db8::192.0.2.1", undefined]);
  expect(target(request("ipv6-bug-abnf-3-colons"))).toEqual(["2001:db8:::192.0.2.1", undefined]);
  for (const name of ["ipv6-correct-abnf-2-colons", "ipv6-bug-abnf-3-colons"]) expect(await statusesTo(name)).toEqual([200]);
});
