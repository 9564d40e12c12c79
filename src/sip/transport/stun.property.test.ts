import { createSocket } from "node:dgram";
import { once } from "node:events";
import * as fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { Closers, loopback, openTransport } from "../../../test/support/sip-transports.ts";
import { answerBinding, looksLikeStun } from "./stun.ts";

const closers = new Closers();
afterEach(() => closers.close());

const transaction = Buffer.from("b7e7a701bc34d686fa87dfae", "hex");

function bindingRequest(attributes = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt16BE(1, 0);
  header.writeUInt16BE(attributes.length, 2);
  header.writeUInt32BE(0x2112a442, 4);
  transaction.copy(header, 8);
  return Buffer.concat([header, attributes]);
}

describe("a binding request", () => {
  test.each([
    // RFC 5769 §2.2 and §2.3: the same cookie, transaction and addresses.
    ["192.0.2.1", "0020000800 01a147e112a643"],
    ["2001:db8:1234:5678:11:2233:4455:6677", "0020001400 02a1470113a9faa5d3f179bc25f4b5bed2b9d9"],
  ])("from %s is answered with XOR-MAPPED-ADDRESS (RFC 8489 §14.2)", (address, attribute) => {
    const answer = answerBinding(bindingRequest(), address, 32_853);
    expect(answer?.subarray(0, 2).toString("hex")).toBe("0101");
    expect(answer?.subarray(8, 20)).toEqual(transaction);
    expect(answer?.subarray(20).toString("hex")).toBe(attribute.replace(" ", ""));
    expect(answer?.readUInt16BE(2)).toBe((answer?.length ?? 0) - 20);
  });

  test("attributes that need not be understood are passed over, others are refused with 420 (RFC 8489 §6.3.1)", () => {
    const software = Buffer.from("802200057068 6f6e65000000".replace(" ", ""), "hex");
    expect(answerBinding(bindingRequest(software), "192.0.2.1", 1)?.readUInt16BE(0)).toBe(0x0101);
    const changeRequest = Buffer.from("0003000400000006", "hex");
    const refused = answerBinding(bindingRequest(changeRequest), "192.0.2.1", 1);
    expect(refused?.subarray(0, 4).toString("hex")).toBe("01110010");
    expect(refused?.subarray(20).toString("hex")).toBe("0009000400000414000a000200030000");
  });

  test.each(["00000000", "0003ffff", "802200ff00000000"])("malformed attributes %s get nothing", (hex) => {
    const attributes = Buffer.from(hex, "hex");
    const request = bindingRequest(attributes);
    if (hex === "00000000") request.writeUInt16BE(8, 2);
    expect(answerBinding(request, "192.0.2.1", 1)).toBeUndefined();
  });

  test("on the SIP port is answered, and counts as no message", async () => {
    const { transport } = await openTransport(closers);
    const socket = createSocket("udp4");
    closers.add(() => socket.close());
    const answered = once(socket, "message");
    socket.send(bindingRequest(), transport.port, loopback);
    const [answer] = await answered;
    expect(answer).toEqual(answerBinding(bindingRequest(), loopback, socket.address().port));
    expect(transport.counters).toMatchObject({ received: 0, dropped: 0 });
  });
});

test("no bytes make it throw, and no SIP message is taken for STUN", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (noise, isBegun) => {
      const bytes = isBegun ? Buffer.concat([bindingRequest(), noise]) : noise;
      if (isBegun) bytes.fill(noise.length, 3, 4);
      const answer = answerBinding(bytes, "2001:db8::1", 65_535);
      if (answer !== undefined) expect(answer.length).toBeLessThanOrEqual(64);
    }),
  );
  for (const first of ["INVITE", "SIP/2.0", "\r\n", " "]) expect(looksLikeStun(Buffer.from(first))).toBe(false);
});
