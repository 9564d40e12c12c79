import { createSocket } from "node:dgram";
import { once } from "node:events";
import { expect, test } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { eventually } from "../../../test/support/waiting.ts";
import { silentLogger } from "../../kernel/index.ts";
import { HepExporter } from "./hep-exporter.ts";
import { MessageRing } from "./message-ring.ts";

const end = { address: "192.0.2.1", port: 5060 };

function record(
  ring: MessageRing,
  order: number,
  bytes = `REGISTER sip:h SIP/2.0\r\nAuthorization: Basic c2VjcmV0\r\nX: ${order}\r\n\r\n`,
): void {
  ring.append({ order, at: order, direction: "sent", protocol: "udp", local: end, remote: end, callId: "c", bytes: Buffer.from(bytes) });
}

async function setting(options: { readonly hasAddress?: boolean } = {}) {
  const { hasAddress = true } = options;
  const received: string[] = [];
  const server = createSocket("udp4").on("message", (bytes) => received.push(bytes.toString("latin1")));
  server.bind(0, "127.0.0.1");
  await once(server, "listening");
  const clock = new VirtualClock();
  const rings = [
    new MessageRing({ slabs: 2, slabBytes: 1024, buckets: 8 }),
    new MessageRing({ slabs: 2, slabBytes: 1024, buckets: 8 }),
  ] as const;
  const exporter = new HepExporter({
    host: "homer.example",
    port: server.address().port,
    captureId: 7,
    key: "key",
    rings,
    locator: {
      locate: ({ port = 0 }, found) =>
        found(hasAddress ? { ok: true, addresses: [{ protocol: "udp", address: "127.0.0.1", port }] } : { ok: false, reason: "none" }),
    },
    clock,
    logger: silentLogger,
  });
  return {
    clock,
    rings,
    exporter,
    received,
    [Symbol.asyncDispose]: async () => {
      exporter.close();
      server.close();
      await once(server, "close");
      expect(clock.armed).toBe(0);
    },
  };
}

test("sends what each ring takes, once, in packets of HEPv3 without secrets", async () => {
  await using at = await setting();
  record(at.rings[0], 1);
  record(at.rings[1], 2);
  await at.clock.advanceAsync(50);
  record(at.rings[0], 3);
  at.rings[0].moveTo(at.rings[1], "c");
  await at.clock.advanceAsync(50);
  await eventually("three packets", () => at.received.length === 3 && at.exporter.counters.sent === 3);
  await at.clock.advanceAsync(500);
  expect(at.exporter.counters).toEqual({ sent: 3, dropped: 0 });
  expect(at.received.map((packet) => packet.slice(0, 4))).toEqual(["HEP3", "HEP3", "HEP3"]);
  expect(new Set(at.received.map((packet) => /X: (\d)/.exec(packet)?.[1]))).toEqual(new Set(["1", "2", "3"]));
  for (const packet of at.received) expect(packet).not.toContain("c2VjcmV0");
});

test("counts what the ring forgot before it came by", async () => {
  await using at = await setting();
  for (let order = 1; order <= 100; order++) record(at.rings[0], order);
  const { recorded, forgotten } = at.rings[0].counters;
  await at.clock.advanceAsync(50);
  await eventually("the rest", () => at.exporter.counters.sent === recorded - forgotten);
  expect(at.exporter.counters.dropped).toBe(forgotten);
});

test("a capture server without an address costs its packets, and nothing waits for it", async () => {
  await using at = await setting({ hasAddress: false });
  record(at.rings[0], 1);
  await at.clock.advanceAsync(50);
  expect(at.exporter.counters).toEqual({ sent: 0, dropped: 1 });
});
