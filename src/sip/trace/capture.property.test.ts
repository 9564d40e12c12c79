/** What is captured reads back as what was put in, by readers written from the specifications alone. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatHep } from "./hep.ts";
import { checksum, endsOf } from "./packet.ts";
import { formatPcap } from "./pcap.ts";
import type { TracedMessage } from "./traced-message.ts";

const v4 = fc.ipV4().map((address) => ({ address, family: 4 }));
const v6 = fc
  .constantFrom("2001:db8::1", "::1", "::", "fe80::1:2:3:4", "1:2:3:4:5:6:7:8", "::ffff:192.0.2.1")
  .map((address) => ({ address, family: 6 }));
const port = fc.integer({ min: 0, max: 65_535 });
const traced: fc.Arbitrary<TracedMessage> = fc
  .record({
    pair: fc.oneof(fc.tuple(v4, v4), fc.tuple(v6, v6), fc.tuple(v4, v6)),
    ports: fc.tuple(port, port),
    at: fc.integer({ min: 0, max: 4_000_000_000_000 }),
    direction: fc.constantFrom("sent" as const, "received" as const),
    protocol: fc.constantFrom("udp" as const, "tcp" as const, "wss" as const),
    callId: fc.string({ maxLength: 40, unit: fc.constantFrom("a", "-", "@", "\xe9") }),
    bytes: fc.uint8Array({ maxLength: 300, size: "max" }).map((bytes) => Buffer.from(bytes)),
  })
  .map(({ pair, ports, ...rest }) => ({
    ...rest,
    order: 1,
    local: { address: pair[0].address, port: ports[0] },
    remote: { address: pair[1].address, port: ports[1] },
  }));

/** As `new URL` writes it, IPv4 as ::ffff:a.b.c.d beside IPv6. */
function canonical(address: string, isLong: boolean): string {
  if (!isLong) return address;
  return new URL(`http://[${address.includes(":") ? address : `::ffff:${address}`}]`).hostname;
}

function textOfAddress(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join(".");
  const groups = Array.from({ length: 8 }, (_group, index) => bytes.readUInt16BE(index * 2).toString(16));
  return new URL(`http://[${groups.join(":")}]`).hostname;
}

function isV6({ local, remote }: TracedMessage): boolean {
  return local.address.includes(":") || remote.address.includes(":");
}

function expectedEnds(message: TracedMessage) {
  const { source, destination } = endsOf(message);
  const six = isV6(message);
  return [canonical(source.address, six), source.port, canonical(destination.address, six), destination.port];
}

test("pcap", () => {
  fc.assert(
    fc.property(fc.array(traced, { maxLength: 5 }), (messages) => {
      const file = formatPcap(messages);
      expect([file.readUInt32LE(0), file.readUInt16LE(4), file.readUInt16LE(6), file.readUInt32LE(20)]).toEqual([0xa1b2c3d4, 2, 4, 101]);
      let at = 24;
      for (const message of messages) {
        expect(file.readUInt32LE(at) * 1000 + file.readUInt32LE(at + 4) / 1000).toBeCloseTo(message.at, 3);
        const length = file.readUInt32LE(at + 8);
        expect(file.readUInt32LE(at + 12)).toBe(length);
        const packet = file.subarray(at + 16, at + 16 + length);
        at += 16 + length;
        const six = packet.readUInt8(0) >> 4 === 6;
        expect(six).toBe(isV6(message));
        const udp = packet.subarray(six ? 40 : 20);
        if (six) expect([packet.readUInt16BE(4), packet[6]]).toEqual([udp.length, 17]);
        else {
          expect([packet[0], packet.readUInt16BE(2), packet[9]]).toEqual([0x45, length, 17]);
          // The sum over a header with its right checksum is 0.
          expect(checksum([packet.subarray(0, 20)])).toBe(0);
        }
        const addresses = six ? packet.subarray(8, 40) : packet.subarray(12, 20);
        const half = addresses.length / 2;
        const pseudo = Buffer.concat([addresses, Buffer.from([0, 17, 0, udp.length & 0xff])]);
        pseudo.writeUInt16BE(udp.length, pseudo.length - 2);
        expect(checksum([pseudo, udp])).toBe(0);
        expect(udp.readUInt16BE(6)).not.toBe(0);
        expect(udp.readUInt16BE(4)).toBe(udp.length);
        const ends = [
          textOfAddress(addresses.subarray(0, half)),
          udp.readUInt16BE(0),
          textOfAddress(addresses.subarray(half)),
          udp.readUInt16BE(2),
        ];
        expect(ends).toEqual(expectedEnds(message));
        expect(udp.subarray(8)).toEqual(message.bytes);
      }
      expect(at).toBe(file.length);
    }),
  );
});

test("a message that no datagram holds is cut, and the file says how long it was", () => {
  const end = { address: "192.0.2.1", port: 5060 };
  const bytes = Buffer.alloc(70_000, "x");
  const message: TracedMessage = { order: 1, at: 0, direction: "sent", protocol: "tcp", local: end, remote: end, callId: "c", bytes };
  const file = formatPcap([message]);
  expect([file.readUInt32LE(32), file.readUInt32LE(36)]).toEqual([65_535, 70_028]);
  expect(formatHep(message, { captureId: 1 })).toBeUndefined();
});

/** HEP3 Network Protocol Specification: chunks by type. */
function readHep(packet: Buffer): ReadonlyMap<number, Buffer> {
  expect(packet.subarray(0, 4).toString()).toBe("HEP3");
  expect(packet.readUInt16BE(4)).toBe(packet.length);
  const chunks = new Map<number, Buffer>();
  for (let at = 6; at < packet.length; at += packet.readUInt16BE(at + 4)) {
    expect(packet.readUInt16BE(at)).toBe(0);
    expect(chunks.has(packet.readUInt16BE(at + 2))).toBe(false);
    chunks.set(packet.readUInt16BE(at + 2), packet.subarray(at + 6, at + packet.readUInt16BE(at + 4)));
  }
  return chunks;
}

test("HEPv3", () => {
  fc.assert(
    fc.property(
      traced,
      fc.integer({ min: 0, max: 0xffff_ffff }),
      fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
      (message, captureId, key) => {
        const chunks = readHep(formatHep(message, { captureId, key }) ?? Buffer.alloc(0));
        const six = isV6(message);
        expect([...chunks.keys()].toSorted((a, b) => a - b)).toEqual([
          1,
          2,
          ...(six ? [5, 6] : [3, 4]),
          7,
          8,
          9,
          10,
          11,
          12,
          ...(key === undefined ? [] : [14]),
          15,
          17,
        ]);
        const at = (type: number) => chunks.get(type) ?? Buffer.alloc(0);
        expect([at(1), at(2), at(11)]).toEqual([
          Buffer.from([six ? 10 : 2]),
          Buffer.from([message.protocol === "udp" ? 17 : 6]),
          Buffer.from([1]),
        ]);
        const ends = [textOfAddress(at(six ? 5 : 3)), at(7).readUInt16BE(), textOfAddress(at(six ? 6 : 4)), at(8).readUInt16BE()];
        expect(ends).toEqual(expectedEnds(message));
        expect(at(9).readUInt32BE() * 1000 + at(10).readUInt32BE() / 1000).toBeCloseTo(message.at, 3);
        expect(at(12).readUInt32BE()).toBe(captureId);
        expect(at(14).toString()).toBe(key ?? "");
        expect(at(17).toString("latin1")).toBe(message.callId);
        expect(at(15)).toEqual(message.bytes);
      },
    ),
  );
});
