import { describe, expect, test } from "vitest";
import { chooseListener, listenerName, servesFamily } from "./listener.ts";
import type { SipAddress } from "./transport.ts";

const listeners = [
  { protocol: "udp", name: undefined, host: "192.0.2.1" },
  { protocol: "tcp", name: undefined, host: "192.0.2.1" },
  { protocol: "udp", name: "udp://[2001:db8::1]:5060", host: "2001:db8::1" },
  { protocol: "udp", name: "udp://10.0.0.1:5060", host: "10.0.0.1" },
  { protocol: "wss", name: "wss://[::]:5443", host: "::" },
] as const;

const chosen = (peer: Partial<SipAddress>) => {
  const listener = chooseListener(listeners, { protocol: "udp", address: "198.51.100.7", port: 5060, ...peer });
  return listener === undefined ? -1 : listeners.indexOf(listener);
};

describe("the listener of a peer", () => {
  test.each<[string, Partial<SipAddress>, number]>([
    ["by protocol and family", {}, 0],
    ["by protocol", { protocol: "tcp" }, 1],
    ["by family", { address: "2001:db8::7" }, 2],
    ["by name", { listener: "udp://10.0.0.1:5060" }, 3],
    ["bound to every address", { protocol: "wss" }, 4],
    ["a name that is gone", { listener: "udp://10.0.0.9:5060" }, 0],
    ["a name that is gone, IPv6", { listener: "udp://10.0.0.9:5060", address: "2001:db8::7" }, 2],
    ["a family that nobody serves", { protocol: "tcp", address: "2001:db8::7" }, 1],
    ["a protocol that nobody serves", { protocol: "tls" }, -1],
    ["a name of another protocol", { protocol: "tcp", listener: "udp://10.0.0.1:5060" }, 1],
  ])("%s", (_how, peer, expected) => {
    expect(chosen(peer)).toBe(expected);
  });
});

test("names have the form of the setting", () => {
  expect(listenerName({ protocol: "tls", host: "0.0.0.0", port: 5061 })).toBe("tls://0.0.0.0:5061");
  expect(listenerName({ protocol: "wss", host: "::", port: 5443 })).toBe("wss://[::]:5443");
});

test("a socket bound to :: serves both families, one bound to 0.0.0.0 only IPv4", () => {
  expect([servesFamily("::", false), servesFamily("::", true), servesFamily("0.0.0.0", true)]).toEqual([true, true, false]);
});
