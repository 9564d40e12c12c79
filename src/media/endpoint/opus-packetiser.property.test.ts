import * as fc from "fast-check";
import { expect, test } from "vitest";
import { emptyRtpHeader, parseRtp, type RtpNetwork, type RtpSockets } from "../../rtp/index.ts";
import { OpusPacketiser } from "./opus-packetiser.ts";
import { Outbox } from "./outbox.ts";
import { RtpStream } from "./stream.ts";

const frameBytes = 512;
const unitsPerFrame = 960;
/** Of one frame a packet, of two of one length, and one that the codec need not send. */
const frame = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom(0x08, 0x48), bytes: fc.integer({ min: 1, max: frameBytes }) }) },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 0x09, bytes: 21 }, undefined) },
);

test("every frame goes out once, in order, at its own time, and no packet is longer than asked for or an Ethernet frame", () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 40 }), fc.constantFrom(40, 60), (frames, ptimeMs) => {
      const sent: { readonly atFrame: number; readonly frames: readonly (readonly number[])[] }[] = [];
      const header = emptyRtpHeader();
      const network: Pick<RtpNetwork, "sendBatch"> = {
        sendBatch(_sockets, packets, count) {
          for (const packet of packets.slice(0, count)) {
            expect(parseRtp(packet, header)).toBe(true);
            expect(packet.length).toBeLessThan(1472);
            sent.push({ atFrame: header.timestamp / unitsPerFrame, frames: framesIn(packet.subarray(header.payloadStart)) });
          }
        },
      };
      const outbox = new Outbox(network as RtpNetwork);
      const stream = new RtpStream(outbox, 9, 0, 0, () => undefined);
      stream.shape(48_000, ptimeMs, frameBytes);
      const packetiser = new OpusPacketiser(ptimeMs, frameBytes);
      const sockets = {} as RtpSockets;
      for (const [index, made] of frames.entries()) {
        if (made === undefined) {
          packetiser.flush(stream, sockets, 96);
          stream.rest();
        } else {
          stream.payload.fill(index, 0, made.bytes);
          stream.payload[0] = made.kind;
          packetiser.send(stream, sockets, 96, made.bytes);
        }
        // A packet is made anew in the next slot: nothing of it may be kept until then.
        outbox.flush();
      }
      packetiser.flush(stream, sockets, 96);
      outbox.flush();
      const heard = sent.flatMap((packet) => packet.frames.map((bytes, index) => [packet.atFrame + index, ...bytes]));
      const said = frames.flatMap((made, index) =>
        made === undefined ? [] : [[index, made.kind, ...Array.from({ length: made.bytes - 1 }, () => index)]],
      );
      expect(heard).toEqual(said);
      for (const packet of sent) expect(packet.frames.length * 20).toBeLessThanOrEqual(ptimeMs);
    }),
  );
});

/** RFC 6716 §3.2.5: the frames of a packet, each as a packet of its own; one of another kind as it is. */
function framesIn(packet: Uint8Array): readonly (readonly number[])[] {
  const [first = 0, count = 0] = packet;
  if ((first & 3) !== 3) return [[...packet]];
  expect(count & 0xc0).toBe(0x80);
  const frames = count & 0x3f;
  const lengths: number[] = [];
  let at = 2;
  while (lengths.length < frames - 1) {
    const short = packet[at++] ?? 0;
    lengths.push(short < 252 ? short : short + 4 * (packet[at++] ?? 0));
  }
  lengths.push(packet.length - at - lengths.reduce((sum, length) => sum + length, 0));
  return lengths.map((length) => {
    const bytes = packet.subarray(at, at + length);
    at += length;
    return [first & 0xfc, ...bytes];
  });
}
