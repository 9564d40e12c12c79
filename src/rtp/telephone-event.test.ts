import { describe, expect, test } from "vitest";
import { randomFrom } from "./fixture/random.case.ts";
import { TelephoneEventReceiver, TelephoneEventSender } from "./telephone-event.ts";

type Packet = { readonly atMs: number; readonly timestamp: number; readonly bytes: Uint8Array };
type Told = { readonly digit: string; readonly durationMs: number };

const names = "0123456789*#ABCD";

function packet(atMs: number, timestamp: number, digit: string, duration: number, isEnd = false): Packet {
  return { atMs, timestamp, bytes: Uint8Array.of(names.indexOf(digit), (isEnd ? 0x80 : 0) | 10, duration >> 8, duration & 0xff) };
}

function heard(packets: readonly Packet[], clockRateHz = 8000): readonly Told[] {
  const told: Told[] = [];
  let begun = 0;
  const receiver = new TelephoneEventReceiver({
    began: () => {
      begun += 1;
    },
    digit: (digit, durationMs) => told.push({ digit, durationMs }),
  });
  receiver.clockRateHz = clockRateHz;
  for (const { atMs, timestamp, bytes } of packets.toSorted((one, other) => one.atMs - other.atMs)) {
    receiver.expire(atMs);
    receiver.receive(timestamp, bytes, 0, bytes.length, atMs);
  }
  receiver.expire(Number.POSITIVE_INFINITY);
  expect(begun).toBe(told.length);
  return told;
}

/** Our own sender at 20 ms; a packet each `ptimeMs` as others send, the end three times unless the next digit begins before. */
function sent(digits: string, clockRateHz: number, ptimeMs: number): readonly Packet[] {
  return ptimeMs === 20
    ? sentByUs(digits, clockRateHz)
    : Array.from(digits).flatMap((digit, index) => pressed(digit, index * 240, clockRateHz, ptimeMs));
}

function pressed(digit: string, beginMs: number, clockRateHz: number, ptimeMs: number): readonly Packet[] {
  const unitsPerMs = clockRateHz / 1000;
  const packets: Packet[] = [];
  for (let heldMs = ptimeMs, ends = 0; ends < 3 && heldMs < 240; heldMs += ptimeMs) {
    const isEnd = heldMs >= 120;
    if (isEnd) ends += 1;
    packets.push(packet(beginMs + heldMs, beginMs * unitsPerMs, digit, Math.min(120, heldMs) * unitsPerMs, isEnd));
  }
  return packets;
}

function sentByUs(digits: string, clockRateHz: number): readonly Packet[] {
  const sender = new TelephoneEventSender(digits, 120, 120, clockRateHz);
  const bytes = new Uint8Array(4);
  const packets: Packet[] = [];
  let timestamp = 0;
  for (let atMs = 0; ; atMs += 20) {
    const frame = sender.next(bytes);
    if (frame === "done") return packets;
    if (frame === "begin") timestamp = (atMs * clockRateHz) / 1000;
    if (frame !== "pause") packets.push({ atMs, timestamp, bytes: Uint8Array.from(bytes) });
  }
}

describe("each digit once and in order, as long as a packet of it arrives", () => {
  const rates = [8000, 16_000, 48_000];
  const ptimes = [10, 20, 30, 60];
  const losses = [0, 0.1, 0.3];
  const cases = rates.flatMap((rate) => ptimes.flatMap((ptime) => losses.map((loss) => [rate, ptime, loss] as const)));
  test.each(cases)("%i Hz, packets of %i ms, %f lost", (clockRateHz, ptimeMs, lossShare) => {
    const all = `${names}11223344`;
    for (let seed = 1; seed <= 20; seed++) {
      const random = randomFrom(seed);
      const digits = Array.from(all, (_, index) => all[(index * 7 + seed) % all.length] ?? "").join("");
      const arrived = sent(digits, clockRateHz, ptimeMs).flatMap((each) => {
        if (random() < lossShare) return [];
        const late = { ...each, atMs: each.atMs + (random() < 0.3 ? random() * 70 : 0) };
        return random() < 0.2 ? [late, { ...late, atMs: late.atMs + random() * 30 }] : [late];
      });
      const surviving = new Set(arrived.map(({ timestamp }) => timestamp));
      const expected = Array.from(digits).filter((_, index) => surviving.has((index * 240 * clockRateHz) / 1000));
      const told = heard(arrived, clockRateHz);
      expect(told.map(({ digit }) => digit)).toEqual(expected);
      if (lossShare === 0) expect(new Set(told.map(({ durationMs }) => durationMs))).toEqual(new Set([120]));
      else for (const { durationMs } of told) expect(durationMs).toBeLessThanOrEqual(120);
    }
  });
});

describe("what others send", () => {
  test("without a pause the same digit is pressed again", () => {
    const packets = [packet(0, 0, "5", 400), packet(50, 0, "5", 800, true), packet(100, 800, "5", 400), packet(150, 800, "5", 800, true)];
    expect(heard(packets)).toEqual([
      { digit: "5", durationMs: 100 },
      { digit: "5", durationMs: 100 },
    ]);
  });

  test("a digit whose packets all came after the begin of the next is told before it", () => {
    const packets = [
      packet(0, 0, "1", 800, true),
      packet(210, 3200, "3", 160),
      packet(215, 1600, "2", 800, true),
      packet(220, 1600, "2", 800, true),
    ];
    expect(heard([...packets, packet(300, 3200, "3", 800, true)]).map(({ digit }) => digit)).toEqual(["1", "2", "3"]);
  });

  test("a digit that comes after the next one has ended is too late", () => {
    expect(heard([packet(0, 1600, "2", 800, true), packet(10, 0, "1", 800, true)]).map(({ digit }) => digit)).toEqual(["2"]);
  });

  test("a key held over three segments, with stragglers of them, is one digit", () => {
    const second = 0xffff;
    const third = 2 * 0xffff;
    const packets = [
      packet(0, 0, "7", 160),
      packet(8191, 0, "7", 0xffff),
      packet(8200, second, "7", 160),
      packet(8210, 0, "7", 0xffff),
      packet(16_383, second, "7", 0xffff),
      packet(16_400, third, "7", 160),
      packet(16_410, second, "7", 0xffff),
      packet(16_500, third, "7", 800, true),
      packet(16_700, third + 3200, "8", 160),
      packet(16_705, second, "7", 0xffff),
      packet(16_710, third, "7", 800, true),
      packet(16_800, third + 3200, "8", 800, true),
    ];
    // Nothing came for long in between, so the first was told early; it stays one.
    expect(heard(packets).map(({ digit }) => digit)).toEqual(["7", "8"]);
    const steady = Array.from({ length: 820 }, (_, index) =>
      packet(index * 20, index < 409 ? 0 : 65_440, "7", (index < 409 ? index + 1 : index - 408) * 160),
    );
    expect(heard([...steady, packet(16_400, 65_440, "7", 65_440, true)])).toEqual([{ digit: "7", durationMs: 16_360 }]);
  });

  test("of a segment that is over nothing is added any more", () => {
    const packets = [packet(0, 0, "7", 160), packet(10, 0, "7", 0xffff), packet(20, 0xffff, "7", 160), packet(30, 0, "7", 0xffff)];
    expect(heard([...packets, packet(40, 0xffff, "7", 321, true)])).toEqual([{ digit: "7", durationMs: (0xffff + 321) / 8 }]);
  });

  test("several events in one packet, and one that is filled up with zeros", () => {
    const two = Uint8Array.of(1, 0x8a, 3, 0x20, 2, 0x8a, 1, 0x90);
    expect(heard([{ atMs: 0, timestamp: 0, bytes: two }])).toEqual([
      { digit: "1", durationMs: 100 },
      { digit: "2", durationMs: 50 },
    ]);
    const openFirst = Uint8Array.of(1, 0x0a, 3, 0x20, 2, 0x8a, 1, 0x90);
    expect(heard([{ atMs: 0, timestamp: 0, bytes: openFirst }])).toEqual([{ digit: "1", durationMs: 100 }]);
    const filled = Uint8Array.of(4, 0x8a, 3, 0x20, 0, 0, 0, 0, 0, 0);
    expect(heard([{ atMs: 0, timestamp: 0, bytes: filled }])).toEqual([{ digit: "4", durationMs: 100 }]);
  });

  test.each([
    ["began anew", -1_000_000],
    ["are half of their range on, after 74 hours", 2 ** 31 + 5],
  ])("timestamps that %s are another event", (_name, jump) => {
    const packets = [packet(0, 2_000_000, "1", 800, true), packet(5000, (2_000_000 + jump) >>> 0, "2", 800, true)];
    expect(heard(packets).map(({ digit }) => digit)).toEqual(["1", "2"]);
  });

  test("what is no digit is passed over", () => {
    expect(heard([{ atMs: 0, timestamp: 0, bytes: Uint8Array.of(16, 0x8a, 3, 0x20) }])).toEqual([]);
    expect(heard([{ atMs: 0, timestamp: 0, bytes: Uint8Array.of(1, 0x8a, 3) }])).toEqual([]);
  });
});

test("our own longest tone is what one event can tell", () => {
  for (const clockRateHz of [8000, 48_000]) {
    const sender = new TelephoneEventSender("1", 60_000, 60, clockRateHz);
    const bytes = new Uint8Array(4);
    let longest = 0;
    while (sender.next(bytes) !== "done") longest = Math.max(longest, ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0));
    expect(longest).toBe(Math.floor(0xffff / (clockRateHz / 50)) * (clockRateHz / 50));
  }
});
