import { createSocket } from "node:dgram";
import { once } from "node:events";
import { expect, test } from "vitest";
import { freePortRange } from "../../test/support/free-ports.ts";
import { udpNetwork } from "./udp-socket.ts";

const silent = { rtp: () => undefined, rtcp: () => undefined };

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
  const sockets = udpNetwork.openSockets("127.0.0.1", await freePortRange(2), silent);
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
    const sockets = udpNetwork.openSockets("127.0.0.1", port + index * 2, silent);
    if (sockets === undefined) throw new Error("the port is taken");
    sockets.aim("127.0.0.1", peer.address().port, index === 0);
    return sockets;
  });
  const [one, other] = all;
  if (one === undefined || other === undefined) throw new Error("there are two");
  const packets = [1, 2, 3, 4].map((byte) => Uint8Array.of(byte));
  udpNetwork.sendBatch([one, other, one, other], packets, 3);
  udpNetwork.sendBatch([other], [Uint8Array.of(5)], 1);
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
  expect(udpNetwork.openSockets("127.0.0.1", port, silent)).toBeUndefined();
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
  const one = udpNetwork.openSockets("127.0.0.1", port, { rtp: note("rtp"), rtcp: note("rtcp") });
  const other = udpNetwork.openSockets("127.0.0.1", port + 2, silent);
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
  const sockets = udpNetwork.openSockets("127.0.0.1", port, { ...silent, rtp: (bytes) => heard.push(bytes[0]) });
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
  const sockets = udpNetwork.openSockets("127.0.0.1", port, silent);
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
