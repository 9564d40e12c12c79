import { describe, expect, test } from "vitest";
import { sipListeners } from "./sip-listeners.ts";

describe("listeners", () => {
  test.each([
    ["tls://0.0.0.0:5061", { protocol: "tls", host: "0.0.0.0", port: 5061 }],
    ["ws://127.0.0.1:5080", { protocol: "ws", host: "127.0.0.1", port: 5080 }],
    ["wss://[::]:5443", { protocol: "wss", host: "::", port: 5443 }],
    ["udp://[2001:DB8::1]:5060", { protocol: "udp", host: "2001:db8::1", port: 5060 }],
    ["tcp://10.0.0.1:0", { protocol: "tcp", host: "10.0.0.1", port: 0 }],
    // Each scheme has a usual port, WebSocket those of HTTP (RFC 7118 §4).
    ["udp://10.0.0.1", { protocol: "udp", host: "10.0.0.1", port: 5060 }],
    ["tls://10.0.0.1/", { protocol: "tls", host: "10.0.0.1", port: 5061 }],
    ["ws://10.0.0.1:80", { protocol: "ws", host: "10.0.0.1", port: 80 }],
    ["wss://10.0.0.1", { protocol: "wss", host: "10.0.0.1", port: 443 }],
    ["tls://0.0.0.0:5061?public=203.0.113.7", { protocol: "tls", host: "0.0.0.0", port: 5061, public: { host: "203.0.113.7" } }],
    [
      "ws://127.0.0.1:5080?public=sip.example.org:443",
      { protocol: "ws", host: "127.0.0.1", port: 5080, public: { host: "sip.example.org", port: 443 } },
    ],
    ["udp://[::]:5060?public=[2001:db8::1]:5062", { protocol: "udp", host: "::", port: 5060, public: { host: "2001:db8::1", port: 5062 } }],
    ["udp://[::]:5060?public=2001:db8::1", { protocol: "udp", host: "::", port: 5060, public: { host: "2001:db8::1" } }],
  ])("%s", (text, expected) => {
    expect(sipListeners.parse(text)).toEqual([expected]);
  });

  test("several, separated by commas", () => {
    expect(sipListeners.parse("tls://10.0.0.1, ws://10.0.0.1:81")?.map(({ port }) => port)).toEqual([5061, 81]);
  });

  test.each([
    "",
    "10.0.0.1:5060",
    "sip://10.0.0.1",
    "https://10.0.0.1",
    "tls://sip.example.org",
    "tls://10.0.0.1:65536",
    "tls://10.0.0.1/path",
    "tls://user@10.0.0.1",
    "tls://10.0.0.1#x",
    "tls://10.0.0.1?publik=1.2.3.4",
    "tls://10.0.0.1?public=",
    "tls://10.0.0.1?public=a_b",
    "tls://10.0.0.1?public=1.2.3.4:0",
    "tls://10.0.0.1?public=1.2.3.4:70000",
    "tls://10.0.0.1?public=1.2.3.4&public=5.6.7.8",
    "tls://10.0.0.1,,ws://10.0.0.1",
  ])("%s is refused", (text) => {
    expect(sipListeners.parse(text)).toBeUndefined();
  });
});
