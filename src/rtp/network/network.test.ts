import { createSocket } from "node:dgram";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePortRange } from "../../../test/support/free-ports.ts";
import { nodeNetwork } from "./node-network.ts";
import { openPolledNetwork } from "./polled-network.ts";
import type { RtpNetwork } from "./rtp-network.ts";

const silent = { rtp: () => undefined, rtcp: () => undefined };
const descriptors = new Uint8Array(65_536);
const marked = () => descriptors.filter((byte) => byte === 1).length;
const polledNetwork = process.platform === "linux" ? await openPolledNetwork(descriptors) : undefined;
const networks: [string, RtpNetwork][] = [["node", nodeNetwork]];
if (polledNetwork !== undefined) networks.push(["polled", polledNetwork]);

test("Linux has polled sockets", () => {
  expect(networks).toHaveLength(process.platform === "linux" ? 2 : 1);
});

describe.each(networks)("%s", (_name, network) => {
  let turns: NodeJS.Timeout;
  beforeAll(() => {
    turns = setInterval(() => network.poll?.(), 1);
  });
  afterAll(() => clearInterval(turns));

  test("a buffer may be used again as soon as it was sent", async () => {
    const peer = createSocket("udp4").bind(0, "127.0.0.1");
    await once(peer, "listening");
    const received: (number | undefined)[] = [];
    const complete = new Promise<void>((resolve) => {
      peer.on("message", (bytes) => {
        received.push(bytes[0]);
        if (received.length === 5) resolve();
      });
    });
    const sockets = network.openSockets("127.0.0.1", await freePortRange(2), silent);
    sockets?.aim("127.0.0.1", peer.address().port, false);
    const bytes = new Uint8Array(172);
    for (let count = 0; count < 5; count++) {
      bytes[0] = count;
      sockets?.sendRtp(bytes);
    }
    await complete;
    expect(received).toEqual([0, 1, 2, 3, 4]);
    sockets?.close();
    peer.close();
  });

  test("a batch goes to each one's own peer, in its order, and no further than its count", async () => {
    const peers = [createSocket("udp4").bind(0, "127.0.0.1"), createSocket("udp4").bind(0, "127.0.0.1")];
    await Promise.all(peers.map((peer) => once(peer, "listening")));
    const heard: (readonly number[])[] = [];
    for (const [index, peer] of peers.entries()) peer.on("message", (bytes) => heard.push([index, ...bytes]));
    const port = await freePortRange(4);
    const all = peers.map((peer, index) => {
      const sockets = network.openSockets("127.0.0.1", port + index * 2, silent);
      if (sockets === undefined) throw new Error("the port is taken");
      sockets.aim("127.0.0.1", peer.address().port, index === 0);
      return sockets;
    });
    const [one, other] = all;
    if (one === undefined || other === undefined) throw new Error("there are two");
    const packets = [1, 2, 3, 4].map((byte) => Uint8Array.of(byte));
    network.sendBatch([one, other, one, other], packets, 3);
    network.sendBatch([other], [Uint8Array.of(5)], 1);
    await expect.poll(() => heard.length).toBe(4);
    expect(heard.filter(([index]) => index === 0)).toEqual([
      [0, 1],
      [0, 3],
    ]);
    expect(heard.filter(([index]) => index === 1)).toEqual([
      [1, 2],
      [1, 5],
    ]);
    for (const sockets of all) sockets.close();
    for (const peer of peers) peer.close();
  });

  test("a port that is taken is told, and the other one is free again", async () => {
    const port = await freePortRange(2);
    const taken = createSocket("udp4").bind(port + 1, "127.0.0.1");
    await once(taken, "listening");
    expect(network.openSockets("127.0.0.1", port, silent)).toBeUndefined();
    const free = createSocket("udp4").bind(port, "127.0.0.1");
    await once(free, "listening");
    free.close();
    taken.close();
  });

  test("RTP and RTCP arrive apart, and an absent peer is no error", async () => {
    const port = await freePortRange(4);
    const heard: string[] = [];
    const both = Promise.withResolvers<void>();
    const note = (kind: string) => (bytes: Uint8Array) => {
      heard.push(`${kind} ${bytes.length}`);
      if (heard.length === 2) both.resolve();
    };
    const one = network.openSockets("127.0.0.1", port, { rtp: note("rtp"), rtcp: note("rtcp") });
    const other = network.openSockets("127.0.0.1", port + 2, silent);
    one?.aim("127.0.0.1", 1, false);
    one?.sendRtp(new Uint8Array(3));
    other?.aim("127.0.0.1", port, false);
    other?.sendRtp(new Uint8Array(3));
    other?.sendRtcp(new Uint8Array(4), "127.0.0.1", port + 1);
    await both.promise;
    expect(heard.toSorted()).toEqual(["rtcp 4", "rtp 3"]);
    one?.close();
    other?.close();
  });

  test("with one peer only, others are not heard; with another aim they are", async () => {
    const peer = createSocket("udp4").bind(0, "127.0.0.1");
    const other = createSocket("udp4").bind(0, "127.0.0.1");
    await Promise.all([once(peer, "listening"), once(other, "listening")]);
    const heard: (number | undefined)[] = [];
    const port = await freePortRange(2);
    const sockets = network.openSockets("127.0.0.1", port, { ...silent, rtp: (bytes) => heard.push(bytes[0]) });
    const told = (byte: number) => expect.poll(() => heard.includes(byte)).toBe(true);
    sockets?.aim("127.0.0.1", peer.address().port, true);
    other.send(Uint8Array.of(1), port, "127.0.0.1");
    peer.send(Uint8Array.of(2), port, "127.0.0.1");
    await told(2);
    sockets?.aim("127.0.0.1", peer.address().port, false);
    other.send(Uint8Array.of(3), port, "127.0.0.1");
    await told(3);
    sockets?.aim("127.0.0.1", other.address().port, true);
    const arrival = once(other, "message");
    sockets?.sendRtp(Uint8Array.of(4));
    const [bytes, from] = await arrival;
    expect([bytes[0], from.port]).toEqual([4, port]);
    expect(heard).toEqual([2, 3]);
    sockets?.close();
    sockets?.sendRtp(Uint8Array.of(5));
    peer.close();
    other.close();
  });

  test("a peer whose port was closed is reached when it is open again", async () => {
    const port = await freePortRange(4);
    const sockets = network.openSockets("127.0.0.1", port, silent);
    sockets?.aim("127.0.0.1", port + 2, true);
    for (let count = 0; count < 3; count++) sockets?.sendRtp(Uint8Array.of(1));
    const peer = createSocket("udp4").bind(port + 2, "127.0.0.1");
    await once(peer, "listening");
    const arrival = once(peer, "message");
    // The first of them may be what learns of the closed port.
    for (let count = 0; count < 2; count++) sockets?.sendRtp(Uint8Array.of(2));
    const [bytes] = await arrival;
    expect(bytes[0]).toBe(2);
    sockets?.close();
    peer.close();
  });

  test.each([
    ["127.0.0.1", "udp4"],
    ["::1", "udp6"],
  ] as const)("at %s a sender is told as it is, whichever of two sends, and gets an answer", async (host, type) => {
    const peers = [createSocket(type).bind(0, host), createSocket(type).bind(0, host)] as const;
    await Promise.all(peers.map((peer) => once(peer, "listening")));
    const port = await freePortRange(2);
    const senders: string[] = [];
    const sockets = network.openSockets(host, port, {
      ...silent,
      rtp: (bytes, address, from) => {
        senders.push(`${bytes[0]} ${address} ${from}`);
        sockets?.aim(address, from, false);
        sockets?.sendRtp(bytes);
      },
    });
    for (const [index, peer] of [peers[0], peers[1], peers[0]].entries()) {
      const answer = once(peer, "message");
      peer.send(Uint8Array.of(index), port, host);
      const [bytes] = await answer;
      expect([...bytes]).toEqual([index]);
    }
    expect(senders).toEqual([0, 1, 2].map((index) => `${index} ${host} ${peers[index % 2]?.address().port}`));
    sockets?.close();
    for (const peer of peers) peer.close();
  });

  test("a socket that is closed by what it is told of is told nothing more, and its ports are free", async () => {
    const port = await freePortRange(2);
    const peer = createSocket("udp4").bind(0, "127.0.0.1");
    await once(peer, "listening");
    const open = () => network.openSockets("127.0.0.1", port, { ...silent, rtp: ([byte = 0]) => take(byte) });
    const heard: number[] = [];
    let sockets = open();
    const take = (byte: number) => {
      heard.push(byte);
      if (byte !== 1) return;
      sockets?.close();
      sockets?.close();
      sockets = open();
    };
    for (const byte of [1, 2, 3]) peer.send(Uint8Array.of(byte), port, "127.0.0.1");
    await expect.poll(() => heard).toEqual([1]);
    peer.send(Uint8Array.of(4), port, "127.0.0.1");
    await expect.poll(() => heard.at(-1)).toBe(4);
    expect(heard).toEqual([1, 4]);
    sockets?.close();
    peer.close();
  });
});

describe.runIf(polledNetwork !== undefined)("polled alone", () => {
  const network = polledNetwork as Required<RtpNetwork>;

  test("a packet says how long it waited for its turn", async () => {
    const port = await freePortRange(4);
    const waits: [number, number][] = [];
    const note = ([byte = 0]: Uint8Array, _address: string, _port: number, waitedMs = -1) => waits.push([byte, waitedMs]);
    const sockets = network.openSockets("127.0.0.1", port, { rtp: note, rtcp: note });
    const other = network.openSockets("127.0.0.1", port + 2, silent);
    other?.aim("127.0.0.1", port, false);
    const begunMs = performance.now();
    other?.sendRtp(Uint8Array.of(1));
    await new Promise((resolve) => setTimeout(resolve, 40));
    const betweenMs = performance.now();
    other?.sendRtcp(Uint8Array.of(2), "127.0.0.1", port + 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    network.poll();
    const endedMs = performance.now();
    const byByte = new Map(waits);
    // Each between the moment before it was sent and the next one that was noted.
    expect(byByte.get(1)).toBeLessThanOrEqual(endedMs - begunMs);
    expect(byByte.get(1)).toBeGreaterThan((byByte.get(2) ?? 0) + 35);
    expect(byByte.get(2)).toBeLessThanOrEqual(endedMs - betweenMs);
    expect(byByte.get(2)).toBeGreaterThan(15);
    sockets?.close();
    other?.close();
  });

  test("a flood gets a bounded share of a turn, and others get theirs in it", async () => {
    const port = await freePortRange(6);
    const counts = [0, 0, 0];
    const all = counts.map((_, index) => {
      const count = () => {
        counts[index] = (counts[index] ?? 0) + 1;
        // Each that is handed on is followed by another: this never ends by itself.
        if (index === 0) all[1]?.sendRtp(new Uint8Array(12));
      };
      return network.openSockets("127.0.0.1", port + 2 * index, { ...silent, rtp: count });
    });
    all[1]?.aim("127.0.0.1", port, false);
    all[2]?.aim("127.0.0.1", port + 2, false);
    all[1]?.sendRtp(new Uint8Array(12));
    for (let packet = 0; packet < 5; packet++) all[2]?.sendRtp(new Uint8Array(12));
    network.poll();
    expect(counts[0]).toBeGreaterThan(500);
    expect(counts[0]).toBeLessThanOrEqual(1024);
    expect(counts[1]).toBe(5);
    for (const sockets of all) sockets?.close();
  });

  test("bytes that were handed on are not those of the next packet that is sent", async () => {
    const port = await freePortRange(4);
    const heard: number[][] = [];
    const sockets = network.openSockets("127.0.0.1", port, { ...silent, rtp: (bytes) => heard.push([...bytes]) });
    const other = network.openSockets("127.0.0.1", port + 2, silent);
    other?.aim("127.0.0.1", port, true);
    for (const length of [0, 1, 1500, 60_000, 3]) other?.sendRtp(new Uint8Array(length).fill(length % 251));
    network.poll();
    expect(heard.map(({ length }) => length)).toEqual([0, 1, 1500, 60_000, 3]);
    for (const bytes of heard) expect(new Set(bytes)).toEqual(new Set(bytes.length === 0 ? [] : [bytes.length % 251]));
    sockets?.close();
    other?.close();
  });

  test("an address that is none opens nothing", () => {
    for (const address of ["localhost", "1.2.3", "::g", ""]) {
      expect(network.openSockets(address, 40_000, silent)).toBeUndefined();
    }
  });

  test("what is open is marked, and nothing else", async () => {
    const before = marked();
    const port = await freePortRange(2);
    const sockets = network.openSockets("127.0.0.1", port, silent);
    expect(marked()).toBe(before + 2);
    expect(network.openSockets("127.0.0.1", port, silent)).toBeUndefined();
    expect(marked()).toBe(before + 2);
    sockets?.close();
    expect(marked()).toBe(before);
  });
});
