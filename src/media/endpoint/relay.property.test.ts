import * as fc from "fast-check";
import { expect, test } from "vitest";
import { emptyRtpHeader, parseRtp, rtpHeaderBytes, type RtpSockets, nodeNetwork, writeRtpHeader } from "../../rtp/index.ts";
import { Outbox } from "./outbox.ts";
import { Relay } from "./relay.ts";
import { RtpStream } from "./stream.ts";

/** What comes next: a packet some places from the highest so far, a digit of ours, a frame that passes, or another source. */
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("packet" as const), distance: fc.integer({ min: -20, max: 30 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom("digit" as const, "frame" as const, "source" as const), distance: fc.nat(0xffff) }),
  },
);

test("whatever is lost, late, repeated or in between, one number means one packet, and what is sent on keeps its place and time", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.nat(0xffff), fc.nat(0xffff), (steps, firstOurs, firstTheirs) => {
      const sent = new Map<number, string>();
      const header = emptyRtpHeader();
      let origin = "";
      const sockets = {
        sendRtp: (bytes: Uint8Array) => {
          expect(parseRtp(bytes, header)).toBe(true);
          expect(header).toMatchObject({ ssrc: 9, payloadType: 96 });
          // A repeated packet may pass twice; another one never under the same number.
          expect(sent.get(header.sequenceNumber) ?? origin).toBe(origin);
          sent.set(header.sequenceNumber, origin);
        },
      } as RtpSockets;
      const stream = new RtpStream(new Outbox(nodeNetwork), 9, firstOurs, 0xffff_ff00, () => undefined);
      const relay = new Relay(stream);
      let [ssrc, highest, offset] = [1, firstTheirs, undefined as number | undefined];
      for (const { kind, distance } of steps) {
        if (kind === "frame") stream.pause();
        else if (kind === "digit") {
          origin = `digit ${stream.sequenceNumber}`;
          expect(sent.has(stream.sequenceNumber)).toBe(false);
          sent.set(stream.sequenceNumber, origin);
          stream.sendEvent(sockets, 97, true);
          offset = undefined;
        } else if (kind === "source") [ssrc, highest, offset] = [ssrc + 1, distance, undefined];
        else {
          const sequenceNumber = (highest + distance) & 0xffff;
          if (distance > 0) highest = sequenceNumber;
          origin = `packet ${ssrc} ${sequenceNumber}`;
          const bytes = new Uint8Array(rtpHeaderBytes + 4);
          writeRtpHeader(bytes, { marker: false, payloadType: 18, sequenceNumber, timestamp: sequenceNumber * 160, ssrc });
          parseRtp(bytes, header);
          const before = sent.size;
          relay.forward(sockets, { ...header }, bytes, 96, "as it is");
          if (sent.size === before) continue;
          const moved = (header.sequenceNumber - sequenceNumber) & 0xffff;
          expect(offset ?? moved).toBe(moved);
          offset = moved;
        }
      }
    }),
  );
});
