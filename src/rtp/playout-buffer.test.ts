import { describe, expect, test } from "vitest";
import { type Arrival, Listening, type Sent, stream } from "./fixture/listening.case.ts";
import { randomFrom } from "./fixture/random.case.ts";
import { emptyRtpHeader } from "./packet.ts";
import { PlayoutBuffer } from "./playout-buffer.ts";

/** Each packet `networkMs` after its end was spoken. */
function arriving(packets: readonly Sent[], networkMs: (packet: Sent) => number = () => 0): readonly Arrival[] {
  return packets.map((packet) => ({ atMs: (packet.index * packet.units) / 8 + networkMs(packet), packet }));
}

const without = (packets: readonly Sent[], ...lost: readonly number[]) => packets.filter(({ index }) => !lost.includes(index));
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

describe("without trouble", () => {
  test.each([10, 20, 30, 40, 60])("packets of %i ms are played one after the other, after 20 ms and a packet", (ptimeMs) => {
    const listening = new Listening(5);
    const packets = stream(6000 / ptimeMs, ptimeMs);
    listening.until(5900, arriving(packets));
    expect(listening.played).toEqual(upTo(listening.played.length));
    expect(listening.played.length).toBeGreaterThan((5900 - 100) / ptimeMs - 3);
    // A first guess of 20 ms packets may want some room more.
    expect(listening.buffer.concealedMs).toBeLessThanOrEqual(ptimeMs <= 20 ? 0 : 40);
    expect(listening.buffer.delayMs).toBeGreaterThanOrEqual(ptimeMs + 10);
    expect(listening.buffer.delayMs).toBeLessThan(2 * ptimeMs + 30);
  });

  test("packets of different lengths are laid end to end", () => {
    const lengths = [80, 480, 160, 160, 240, 80, 80, 320];
    const packets = Array.from({ length: 200 }, (_, index) => ({
      index,
      number: index,
      units: lengths[index % lengths.length] ?? 0,
      timestamp: 0,
    }));
    let timestamp = 0;
    const arrivals = packets.map((packet) => {
      const arrival = { atMs: (timestamp + packet.units) / 8, packet: { ...packet, timestamp } };
      timestamp += packet.units;
      return arrival;
    });
    const listening = new Listening();
    listening.until(timestamp / 8 - 100, arrivals);
    expect(listening.played).toEqual(upTo(listening.played.length));
    expect(listening.heard.filter(({ kind }) => kind === "lost")).toEqual([]);
    expect(listening.buffer.concealedMs).toBeLessThanOrEqual(60);
  });

  test("numbers and timestamps wrap", () => {
    const listening = new Listening(5);
    listening.until(1900, arriving(stream(100, 20, 65_530, 0xffff_ff00)));
    expect(listening.story).toBe("93 packet");
    expect(listening.played).toEqual(upTo(93));
  });

  test("the payload is copied, and told of with its type and marker", () => {
    const buffer = new PlayoutBuffer(48_000);
    const bytes = Uint8Array.of(9, 9, 1, 2, 3, 9);
    buffer.put({ ...emptyRtpHeader(), marker: true, payloadType: 111, payloadStart: 2, payloadEnd: 5 }, bytes, 0);
    bytes.fill(0);
    const due = buffer.next(60, false);
    expect(due).toMatchObject({ kind: "packet", marker: true, payloadType: 111 });
    expect(due.kind === "packet" && Array.from(due.bytes.subarray(due.start, due.end))).toEqual([1, 2, 3]);
  });

  test("a packet with nothing in it, or more than any payload has, is none", () => {
    const buffer = new PlayoutBuffer(8000);
    buffer.put({ ...emptyRtpHeader(), payloadStart: 12, payloadEnd: 12 }, new Uint8Array(12), 0);
    buffer.put({ ...emptyRtpHeader(), sequenceNumber: 1, payloadStart: 12, payloadEnd: 2061 }, new Uint8Array(2061), 0);
    expect(buffer.next(1000, false).kind).toBe("empty");
  });

  test.each([150, 165])("a stream that counts %i units for 160 is played whole", (units) => {
    const listening = new Listening(10);
    const packets = stream(100).map((packet) => ({ ...packet, timestamp: packet.index * units }));
    const arrivals = packets.map((packet) => ({ atMs: packet.index * 20, packet }));
    listening.until(1900, arrivals);
    expect(listening.played).toEqual(upTo(listening.played.length));
    expect(listening.played.length).toBeGreaterThan(90);
    expect(listening.story).toMatch(/^[^l]*packet$/);
    expect(listening.story).not.toContain("empty");
  });

  test("a few units that a sender leaves out are no pause", () => {
    const listening = new Listening(10);
    const packets = stream(100).map((packet) => ({ ...packet, timestamp: packet.timestamp + (packet.index < 50 ? 0 : 24) }));
    const arrivals = packets.map((packet) => ({ atMs: packet.timestamp / 8, packet }));
    listening.until(1900, arrivals);
    // The delay was the least that may be, and has become less.
    expect(listening.story).toBe("50 packet, 1 stretch, 43 packet");
  });
});

describe("loss", () => {
  test("what is lost is concealed, and the packet behind it is shown for its error correction", () => {
    const listening = new Listening(5);
    listening.until(900, arriving(without(stream(50), 10, 20, 21)));
    expect(listening.story).toBe("10 packet, 1 lost, 9 packet, 2 lost, 21 packet");
    expect(listening.heard.filter(({ kind }) => kind === "lost").map(({ following }) => following)).toEqual([11, undefined, 22]);
    expect(listening.buffer.concealedMs).toBe(60);
  });

  test("of a long packet 20 ms at a time", () => {
    const listening = new Listening(5);
    listening.until(1100, arriving(without(stream(20, 60), 8)));
    const lost = listening.heard.filter(({ kind }) => kind === "lost");
    expect(lost).toMatchObject([
      { units: 160, following: 9 },
      { units: 160, following: 9 },
      { units: 160, following: 9 },
    ]);
  });

  test("what error correction brings back is played as one", () => {
    const listening = new Listening(5, true);
    listening.until(1100, arriving(without(stream(20, 60), 8)));
    expect(listening.heard.filter(({ kind }) => kind === "lost")).toMatchObject([{ units: 480, following: 9 }]);
    expect(listening.played).toContain(9);
  });

  test("a burst leaves the delay as it was", () => {
    const listening = new Listening(5);
    const arrivals = arriving(without(stream(300), ...upTo(40).map((index) => index + 100)));
    listening.until(1900, arrivals);
    const { delayMs } = listening.buffer;
    listening.until(5900);
    expect(listening.buffer.delayMs).toBeCloseTo(delayMs, 5);
    expect(listening.played.slice(-100)).toEqual(upTo(300).slice(-107, -7));
    expect(listening.buffer.late).toBe(0);
  });
});

describe("lateness", () => {
  test("a late packet is still played, and the delay has grown; it shrinks where it is quiet", () => {
    const listening = new Listening(5);
    // 100 ms in which nothing comes, then all at once.
    const arrivals = arriving(stream(1000), ({ index }) => Math.max(0, index >= 50 && index < 55 ? (55 - index) * 20 : 0));
    listening.until(2000, arrivals);
    expect(listening.played).toEqual(upTo(listening.played.length));
    expect(listening.buffer.late).toBe(0);
    const grown = listening.buffer.delayMs;
    expect(grown).toBeGreaterThanOrEqual(100);
    listening.until(12_000);
    // Somebody speaks all the time.
    expect(listening.buffer.delayMs).toBeGreaterThan(80);
    expect(listening.buffer.dropped).toBeLessThanOrEqual(2);
    listening.until(19_900, [], true);
    expect(listening.buffer.delayMs).toBeLessThanOrEqual(listening.buffer.targetMs + 30);
    expect(listening.buffer.late).toBe(0);
  });

  test("one out of order within the delay is played in its place", () => {
    const listening = new Listening(5);
    listening.until(
      900,
      arriving(stream(50), ({ index }) => (index % 5 === 3 ? 29 : 0)),
    );
    expect(listening.story).toBe("43 packet");
    expect(listening.played).toEqual(upTo(43));
  });

  test("one that comes after its time makes room for the next", () => {
    const listening = new Listening(5);
    listening.until(
      1900,
      arriving(stream(100), ({ index }) => (index === 20 || index === 30 ? 75 : 0)),
    );
    expect(listening.buffer.late).toBe(1);
    expect(listening.played).toContain(30);
    expect(listening.story).toBe("20 packet, 1 lost, 1 packet, 2 stretch, 69 packet");
  });

  test("a sender that stalls for a second and sends all at once: only the end of it is heard", () => {
    const listening = new Listening(5);
    listening.until(
      3900,
      arriving(stream(200), ({ index }) => Math.max(0, index >= 50 && index < 100 ? (100 - index) * 20 : 0)),
    );
    const missing = upTo(190).filter((index) => !listening.played.includes(index));
    expect(missing.length).toBeGreaterThan(40);
    expect(missing.every((index) => index >= 50 && index < 100)).toBe(true);
    expect(listening.buffer.late).toBe(missing.length);
    expect(listening.mostDelayMs).toBeLessThan(100);
    expect(listening.played).toEqual(listening.played.toSorted((one, other) => one - other));
    expect(listening.heard.filter(({ kind }) => kind === "stretch")).toHaveLength(5);
  });

  test("after a shorter stall too the delay is what it was", () => {
    const listening = new Listening(5);
    listening.until(
      3900,
      arriving(stream(200), ({ index }) => Math.max(0, index >= 50 && index < 75 ? (75 - index) * 20 : 0)),
    );
    expect(listening.mostDelayMs).toBeLessThan(100);
    expect(listening.played.length).toBeGreaterThan(168);
  });

  test("a reader that stood still goes on with what is new", () => {
    const listening = new Listening(5);
    listening.until(1000, arriving(stream(50)));
    listening.sleep(10_000);
    listening.until(13_000, arriving(stream(1000)).slice(50));
    expect(listening.buffer.delayMs).toBeLessThan(100);
    expect(listening.played.at(-1)).toBeGreaterThan(640);
  });
});

/** 30 packets, silence without packets, 30 packets; numbers go on, timestamps tell the silence. */
function spurts(pauseMs: number): readonly Sent[] {
  return stream(60).map((packet) => (packet.index < 30 ? packet : { ...packet, timestamp: packet.timestamp + pauseMs * 8 }));
}

function spoken(packets: readonly Sent[]): readonly Arrival[] {
  return packets.map((packet) => ({ atMs: packet.timestamp / 8, packet }));
}

describe("pauses of the sender", () => {
  test.each([0, 20, 40, 60, 80])("are no loss either when the packet before one is left out (quiet %i ms later)", (laterMs) => {
    const listening = new Listening(5);
    // The delay grows by a stall at the begin and is too long after 30 s, until it gets quiet just before the pause.
    const packets = stream(1600).map((packet) => (packet.index < 1500 ? packet : { ...packet, timestamp: packet.timestamp + 60 * 8 }));
    const arrivals = packets.map((packet) => ({
      atMs: packet.timestamp / 8 + (packet.index < 2 || packet.index > 6 ? 0 : (7 - packet.index) * 20),
      packet,
    }));
    listening.until(30_000 + laterMs, arrivals);
    listening.until(31_000, [], true);
    expect(listening.buffer.dropped).toBeGreaterThan(0);
    expect(listening.heard.some(({ kind }) => kind === "lost")).toBe(false);
  });

  test.each([40, 200, 1000, 60_000])("of %i ms are silence, not loss", (pauseMs) => {
    const listening = new Listening(5);
    listening.until(1000 + pauseMs, spoken(spurts(pauseMs)));
    expect(listening.buffer.concealedMs).toBe(0);
    expect(listening.heard.some(({ kind }) => kind === "lost")).toBe(false);
    expect(listening.played).toEqual(upTo(listening.played.length));
    expect(listening.played.length).toBeGreaterThan(45);
    const [last, first] = [29, 30].map((index) => listening.heard.find((heard) => heard.index === index)?.atMs ?? 0);
    expect(Math.abs((first ?? 0) - (last ?? 0) - pauseMs - 20)).toBeLessThanOrEqual(20);
  });

  test("comfort noise has no time of its own and is followed by silence", () => {
    const listening = new Listening(5);
    const noise: Sent = { index: 1000, number: 30, timestamp: 30 * 160, units: 0 };
    const packets = spurts(1000).map((packet) => (packet.index < 30 ? packet : { ...packet, number: packet.number + 1 }));
    listening.until(1900, spoken([...packets, noise]));
    expect(listening.story).toMatch(/^31 packet, \d+ empty, \d+ packet$/);
  });

  test("digits in between take numbers, not sound", () => {
    const listening = new Listening(5);
    const packets = spurts(200).map((packet) => (packet.index < 30 ? packet : { ...packet, number: packet.number + 10 }));
    listening.until(600, spoken(packets));
    for (let number = 30; number < 40; number++) listening.buffer.pass(number);
    listening.until(1200);
    expect(listening.heard.some(({ kind }) => kind === "lost")).toBe(false);
    expect(listening.buffer.concealedMs).toBe(0);
  });

  test("the first packet after one is lost: no more than that is concealed", () => {
    const listening = new Listening(5);
    listening.until(3000, spoken(without(spurts(2000), 30)));
    expect(listening.buffer.concealedMs).toBeLessThanOrEqual(100);
    expect(listening.played).toEqual(without(stream(listening.played.length + 1), 30).map(({ index }) => index));
  });

  test("a peer that stopped is concealed for 100 ms, then nothing is there", () => {
    const listening = new Listening(5);
    listening.until(3000, arriving(stream(50)));
    expect(listening.story).toMatch(/^50 packet, 5 stretch, \d+ empty$/);
    expect(listening.buffer.concealedMs).toBe(0);
  });
});

describe("another stream", () => {
  test("of another source is followed at once", () => {
    const listening = new Listening(5);
    listening.until(1000, arriving(stream(50)));
    const other = stream(50, 20, 4000, 99).map((packet) => ({ ...packet, index: packet.index + 1000, ssrc: 2 }));
    listening.until(
      1600,
      other.map((packet) => ({ atMs: 1001 + (packet.index - 1000) * 20, packet })),
    );
    expect(listening.played.filter((index) => index >= 1000)).toEqual(upTo(28).map((index) => index + 1000));
    const old = listening.played.filter((index) => index < 1000).length;
    expect(old).toBeGreaterThan(45);
    expect(listening.buffer.dropped).toBe(50 - old);
  });

  test.each([
    [8_000_000, "48 packet, 2 empty, 143 packet"],
    [-8_000_000, "50 packet, 5 stretch, 17 empty, 121 packet"],
  ])("of the same source whose timestamps jump by %i", (jump, story) => {
    const listening = new Listening(5);
    const packets = stream(200).map((packet) =>
      packet.index < 50 ? packet : { ...packet, timestamp: (packet.timestamp + 16_000_000 + jump) >>> 0 },
    );
    const begun = packets.map((packet) => (packet.index < 50 ? { ...packet, timestamp: packet.timestamp + 16_000_000 } : packet));
    listening.until(3900, arriving(begun));
    expect(listening.story).toBe(story);
    expect(listening.buffer.delayMs).toBeLessThan(60);
  });

  test("of which the first comes before anything of the old one was asked for", () => {
    const buffer = new PlayoutBuffer(8000);
    buffer.put({ ...emptyRtpHeader(), payloadEnd: 1 }, new Uint8Array(1), 0);
    buffer.put({ ...emptyRtpHeader(), sequenceNumber: 1, timestamp: 2 ** 31 + 1, payloadEnd: 1 }, Uint8Array.of(7), 4000);
    const due = buffer.next(4100, false);
    expect(due.kind === "packet" && due.bytes[due.start]).toBe(7);
  });

  test("of the same source that counts its packets from the same number again", () => {
    const listening = new Listening(5);
    const again = stream(100, 20, 0, 7_000_000).map((packet) => ({ ...packet, index: packet.index + 1000 }));
    const arrivals = again.map((packet) => ({ atMs: 1000 + (packet.index - 1000) * 20, packet }));
    listening.until(2900, [...arriving(stream(50, 20, 0, 9_000_000)), ...arrivals]);
    expect(listening.played.at(-1)).toBeGreaterThan(1090);
    expect(listening.played.filter((index) => index >= 1000).length).toBeGreaterThan(65);
  });

  test("a stray packet of long ago is left out and changes nothing", () => {
    const listening = new Listening(5);
    const stray: Sent = { index: 9999, number: 40_000, timestamp: 0xff00_0000, units: 160 };
    listening.until(1900, [...arriving(stream(100)), { atMs: 1001, packet: stray }]);
    expect(listening.story).toBe("93 packet");
    expect(listening.buffer.dropped).toBe(1);
  });
});

test.each([-200, 200])("clocks that differ by %i ppm for an hour: the delay stays, and hardly anything is heard of it", (ppm) => {
  const listening = new Listening(5);
  const random = randomFrom(1);
  const arrivals = stream(179_000).map((packet) => ({ atMs: packet.index * 20 * (1 + ppm / 1e6) + random() * 5, packet }));
  listening.until(3_570_000, arrivals, true);
  expect(listening.mostDelayMs).toBeLessThan(90);
  expect(listening.buffer.late).toBe(0);
  expect(listening.buffer.dropped + listening.buffer.concealedMs / 20).toBeLessThan(45);
});
