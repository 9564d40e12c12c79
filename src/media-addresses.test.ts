import { describe, expect, test } from "vitest";
import { rtpHosts, sessionsOf } from "./media-addresses.ts";
import type { SipAddress } from "./sip/index.ts";

const listener = (host: string) => ({ protocol: "udp", host, port: 5060 }) as const;

test.each([
  ["127.0.0.1", [], { host: "127.0.0.1" }],
  ["10.0.0.1", ["10.0.0.1"], { host: "10.0.0.1" }],
  ["10.0.0.1", ["127.0.0.1"], { host: "0.0.0.0" }],
  ["10.0.0.1", ["2001:db8::1"], { host: "10.0.0.1", otherHost: "2001:db8::1" }],
  ["2001:db8::1", ["10.0.0.1", "::1"], { host: "::", otherHost: "10.0.0.1" }],
  ["10.0.0.1", ["::"], { host: "10.0.0.1", otherHost: "::" }],
  ["::", [], { host: "::", otherHost: "0.0.0.0" }],
])("RTP of SIP on %s and %j is bound to %j", (host, others, expected) => {
  expect(rtpHosts({ host, listeners: others.map(listener) })).toEqual(expected);
});

const at = (name?: string, address = "198.51.100.7") =>
  ({ protocol: "udp", address, port: 1, ...(name !== undefined && { listener: name }) }) as const;

describe("what SDP tells a peer", () => {
  const told: Readonly<Record<string, string>> = { here: "203.0.113.7", vpn: "10.8.0.1", six: "2001:db8::1", web: "sip.example.org" };
  const transport = {
    sentBy: ({ listener: name = "here" }: SipAddress) => ({ host: told[name] ?? "", port: 5060 }),
    listeners: Object.values(told).map((host) => ({ ...listener("0.0.0.0"), sentBy: { host, port: 5060 } })),
  };
  const config = { sip: { host: "0.0.0.0" }, publicAddress: "203.0.113.7" } as Parameters<typeof sessionsOf>[0];
  const sessionFor = sessionsOf(config, transport, new Uint8Array());

  test.each([
    ["the address of its listener", sessionFor(at("vpn")), "10.8.0.1", "2001:db8::1"],
    ["the general one, when its listener has only a name", sessionFor(at("web")), "203.0.113.7", "2001:db8::1"],
    ["one of its family", sessionFor(at(undefined, "2001:db8::7")), "2001:db8::1", "203.0.113.7"],
    ["one of the family of its media", sessionFor(at("six", "2001:db8::7"), "198.51.100.7"), "203.0.113.7", "2001:db8::1"],
  ])("%s", (_what, settings, address, other) => {
    expect([settings.mediaAddress, settings.otherMediaAddress]).toEqual([address, other]);
  });
});
