import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";

const handedOut = new Set<number>();

/** A port of 127.0.0.1 that is free for both UDP and TCP. It is not held: what is started with it should bind at once. */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const isFree = await isUdpFree(port);
    server.close();
    await once(server, "close");
    if (!isFree || handedOut.has(port)) continue;
    handedOut.add(port);
    return port;
  }
}

/**
 * The first port, even, of `count` consecutive UDP ports that are free, below the range from which the kernel takes ports by itself
 * (ip_local_port_range, 32768 on), so that no other test takes one between here and its use.
 */
export async function freePortRange(count: number): Promise<number> {
  const lowest = 20_000;
  const highest = 32_000 - count;
  for (let attempt = 0; attempt < 50; attempt++) {
    const first = (lowest + Math.floor(Math.random() * (highest - lowest))) & ~1;
    const ports = Array.from({ length: count }, (_, index) => first + index);
    if (ports.some((port) => handedOut.has(port))) continue;
    if (!(await areFree(ports))) continue;
    for (const port of ports) handedOut.add(port);
    return first;
  }
  throw new Error(`no ${count} free UDP ports in a row`);
}

async function areFree(ports: readonly number[]): Promise<boolean> {
  for (const port of ports) if (!(await isUdpFree(port))) return false;
  return true;
}

async function isUdpFree(port: number): Promise<boolean> {
  const socket = createSocket("udp4");
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.once("error", () => resolve(false));
  socket.bind({ port, address: "127.0.0.1", exclusive: true }, () => resolve(true));
  const free = await promise;
  const closed = once(socket, "close");
  socket.close();
  await closed;
  return free;
}

/** True when some process of this machine has bound the UDP port. Reads the kernel's table: a probe by bind could take the port away from its owner. */
export async function isUdpBound(port: number): Promise<boolean> {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  for (const table of ["/proc/net/udp", "/proc/net/udp6"]) {
    const rows = await readFile(table, "utf8");
    if (rows.split("\n").some((row) => row.trim().split(/\s+/)[1]?.endsWith(`:${hex}`))) return true;
  }
  return false;
}
