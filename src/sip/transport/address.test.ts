import { describe, expect, test } from "vitest";
import { requestOf } from "../message/builder.ts";
import { plainAddress, replyAddress, socketAddress, stampSource } from "./address.ts";

const source = { protocol: "udp", address: "192.0.2.9", port: 40_000 } as const;

function request(via: string) {
  return requestOf({ method: "OPTIONS", uri: "sip:b", via, from: "<sip:a>;tag=1", to: "<sip:b>", callId: "c", sequence: 1 });
}

describe("stampSource and replyAddress", () => {
  test.each([
    ["the address it names", "SIP/2.0/UDP 192.0.2.9:5070;branch=1", "SIP/2.0/UDP 192.0.2.9:5070;branch=1", 5070],
    ["another address", "SIP/2.0/UDP 10.0.0.1;branch=1", "SIP/2.0/UDP 10.0.0.1;branch=1;received=192.0.2.9", 5060],
    ["a name", "SIP/2.0/UDP pc.example:5080;branch=1", "SIP/2.0/UDP pc.example:5080;branch=1;received=192.0.2.9", 5080],
    ["rport asked", "SIP/2.0/UDP 192.0.2.9;rport;branch=1", "SIP/2.0/UDP 192.0.2.9;branch=1;received=192.0.2.9;rport=40000", 40_000],
    ["a forged received", "SIP/2.0/UDP 192.0.2.9;received=8.8.8.8", "SIP/2.0/UDP 192.0.2.9", 5060],
    ["maddr", "SIP/2.0/UDP 192.0.2.9;maddr=224.2.0.1;branch=1", "SIP/2.0/UDP 192.0.2.9;maddr=224.2.0.1;branch=1", 5060],
  ])("%s", (_name, via, stamped, port) => {
    const message = request(`${via}, SIP/2.0/UDP below`);
    expect(stampSource(message, source)).toBe(true);
    expect(message.headers.all("Via")).toEqual([stamped, "SIP/2.0/UDP below"]);
    expect(replyAddress(message, source)).toEqual({ ...source, port });
    expect(replyAddress(message, { ...source, protocol: "tcp" }).port).toBe(40_000);
  });

  test("an unreadable Via is said so", () => {
    expect(stampSource(request("nonsense"), source)).toBe(false);
  });
});

test("an address has one spelling above and another in an IPv6 socket", () => {
  expect([plainAddress("::ffff:192.0.2.1"), plainAddress("2001:db8::1")]).toEqual(["192.0.2.1", "2001:db8::1"]);
  expect([socketAddress("192.0.2.1", true), socketAddress("192.0.2.1", false)]).toEqual(["::ffff:192.0.2.1", "192.0.2.1"]);
});
