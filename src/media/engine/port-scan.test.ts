import { createSocket } from "node:dgram";
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { freePortRange } from "../../../test/support/free-ports.ts";
import { RtpEndpoint } from "../../../test/support/peers/rtp-endpoint.ts";
import { eventually } from "../../../test/support/waiting.ts";
import { silentLogger, systemClock } from "../../kernel/index.ts";
import { endpointPlan } from "../fixture/media-bench.case.ts";
import type { EndpointPlan, MediaEvent } from "../plan.ts";
import { createMediaEngine } from "./engine.ts";

/** Empty, short, RTCP, RTP of a payload type that is agreed on, and one as long as a datagram gets here. */
const probes = [
  new Uint8Array(0),
  Uint8Array.of(0x80),
  Uint8Array.of(0x80, 200, 0, 1, 0, 0, 0, 1),
  Uint8Array.from({ length: 172 }, (_, index) => (index === 0 ? 0x80 : index < 12 ? 0 : 0x2a)),
  new Uint8Array(9000).fill(0x8f),
];

function plan(peer: RtpEndpoint, port: number, voice: number): EndpointPlan {
  const remote = { address: "127.0.0.1", port: peer.port, rtcpPort: peer.port + 1 };
  return endpointPlan(port, { kind: "mix", endpointIds: [`leg-${voice}`] }, { remote });
}

test("a scan of all ports, over and over, disturbs no call of a media thread", async () => {
  const engine = await createMediaEngine({
    workers: 1,
    host: "127.0.0.1",
    clock: systemClock(),
    logger: silentLogger,
    logLevel: "silent",
    prompts: { prepare: () => Promise.reject(new Error("nothing is said")) },
  });
  const events: MediaEvent[] = [];
  engine.onEvent((_callId, _endpointId, event) => events.push(event));
  await using one = await RtpEndpoint.open();
  await using other = await RtpEndpoint.open();
  const port = await freePortRange(6);
  // The third has no peer yet: whoever comes first is heard.
  const waiting = endpointPlan(port + 4, { kind: "silence" }, { remote: { address: "192.0.2.1", port: 9, rtcpPort: 10 } });
  const scanner = createSocket("udp4");
  try {
    engine.apply("call", { endpoints: [plan(one, port, port + 2), plan(other, port + 2, port), waiting] }, 1);
    await eventually("both locks", () => events.filter(({ kind }) => kind === "locked").length === 2);
    scanner.bind(0, "127.0.0.1");
    await once(scanner, "listening");
    one.play(new Int16Array(4000).fill(8031));
    for (let round = 0; round < 100; round++) {
      for (const probe of probes) for (let at = port; at < port + 6; at++) scanner.send(probe, at, "127.0.0.1");
      await turn();
    }
    await eventually("the voice", () => other.heard().filter((sample) => sample > 7000).length >= 4000);
    engine.apply("call", { endpoints: [] }, 2);
    await eventually("all closed", () => events.filter(({ kind }) => kind === "closed").length === 3);
    const closed = events.filter((event) => event.kind === "closed").map(({ counters }) => counters);
    expect(closed.slice(0, 2).map(({ packetsLost }) => packetsLost)).toEqual([0, 0]);
    expect(Math.max(...closed.map(({ packetsDropped }) => packetsDropped))).toBeGreaterThan(100);
    expect(new Set(other.packets.map(({ ssrc }) => ssrc)).size).toBe(1);
  } finally {
    scanner.close();
    await engine.close();
  }
}, 20_000);
