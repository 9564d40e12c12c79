import { expect, test } from "vitest";
import { requestFor } from "./transaction-layer.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { type NetworkWeather, VirtualNetwork } from "./virtual-network.ts";

const [left, right] = [
  { address: "192.0.2.1", port: 4000 },
  { address: "192.0.2.2", port: 4000 },
];

/** The numbers of the datagrams in the order in which they arrived. */
function carried(weather: NetworkWeather, count = 1_000): number[] {
  const clock = new VirtualClock();
  const network = new VirtualNetwork(clock, weather);
  const arrived: number[] = [];
  network.openDatagrams(right, (bytes) => arrived.push(Buffer.from(bytes).readUInt16BE()));
  const sender = network.openDatagrams(left, () => undefined);
  const buffer = Buffer.alloc(2);
  for (let number = 0; number < count; number++) {
    buffer.writeUInt16BE(number);
    sender.send(buffer, right);
    clock.advance(20);
  }
  clock.advance(1_000);
  return arrived;
}

test("fair weather: everything arrives, in order, as it was when it was sent", () => {
  expect(carried({ seed: 1 }, 5)).toEqual([0, 1, 2, 3, 4]);
});

test("loses, doubles and overtakes as often as asked, and the same for the same seed", () => {
  const lossy = carried({ seed: 7, loss: 0.2 });
  expect(lossy.length).toBeGreaterThan(740);
  expect(lossy.length).toBeLessThan(860);
  expect(carried({ seed: 7, loss: 0.2 })).toEqual(lossy);
  expect(carried({ seed: 8, loss: 0.2 })).not.toEqual(lossy);
  const doubled = carried({ seed: 7, duplication: 0.1 });
  expect(doubled.length - new Set(doubled).size).toBeGreaterThan(60);
  const shuffled = carried({ seed: 7, maxDelayMs: 100 });
  expect(shuffled).toHaveLength(1_000);
  expect(shuffled).not.toEqual(shuffled.toSorted((a, b) => a - b));
});

test("tcp loses nothing, keeps order, and fails without a receiver", () => {
  const clock = new VirtualClock();
  const network = new VirtualNetwork(clock, { seed: 1, loss: 1, maxDelayMs: 100 });
  const local = { protocol: "tcp", ...left } as const;
  const remote = { protocol: "tcp", ...right } as const;
  const methods: string[] = [];
  network.openSip(remote).onMessage((message) => void (message.kind === "request" && methods.push(message.method)));
  const failures: string[] = [];
  const transport = network.openSip(local);
  for (const method of ["INVITE", "ACK", "BYE"]) transport.send(requestFor(method), remote, (reason) => failures.push(reason));
  transport.send(requestFor("OPTIONS"), { ...remote, port: 9 }, (reason) => failures.push(reason));
  clock.advance(200);
  expect(methods).toEqual(["INVITE", "ACK", "BYE"]);
  expect(failures).toEqual(["connection refused"]);
});
