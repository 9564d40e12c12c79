import { createSocket } from "node:dgram";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { freePortRange } from "../../../test/support/free-ports.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { silentLogger } from "../../kernel/index.ts";
import { nodeNetwork } from "../../rtp/index.ts";
import { createInProcessMedia } from "../engine/in-process.ts";
import { endpointPlan } from "../fixture/media-bench.case.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function peerAt(address: string) {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4").bind(0, address);
  await once(socket, "listening");
  closers.push(() => socket.close());
  return { socket, remote: { address, port: socket.address().port, rtcpPort: socket.address().port + 1 } };
}

test("an endpoint is bound in the family of its peer's media, and moves with it on the same port", async () => {
  const bound: string[] = [];
  const clock = new VirtualClock();
  const media = createInProcessMedia({
    host: "127.0.0.1",
    otherHost: "::1",
    clock,
    ids: { next: () => "0".repeat(24), random: (bytes) => "40".repeat(bytes) },
    logger: silentLogger,
    prompts: { prepare: () => Promise.reject(new Error("nothing is said")) },
    network: {
      ...nodeNetwork,
      openSockets: (address, port, listener) => {
        bound.push(`${address} ${port}`);
        return nodeNetwork.openSockets(address, port, listener);
      },
    },
  });
  closers.push(() => media.close());
  const localPort = await freePortRange(2);
  let revision = 0;
  for (const address of ["::1", "127.0.0.1", "::1"]) {
    const peer = await peerAt(address);
    const heard = once(peer.socket, "message");
    media.apply("call", { endpoints: [endpointPlan(localPort, { kind: "silence" }, { remote: peer.remote })] }, ++revision);
    await clock.advanceAsync(40);
    const [, from] = await heard;
    expect(from).toMatchObject({ address, port: localPort });
  }
  expect(bound).toEqual([`::1 ${localPort}`, `127.0.0.1 ${localPort}`, `::1 ${localPort}`]);
});
