import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { createHttpClient, type HttpClient } from "./client.ts";
import type { OutgoingRequest } from "./request.ts";

type Seen = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  readonly from: number | undefined;
};

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function server(answer: (seen: Seen, response: ServerResponse) => void) {
  const seen: Seen[] = [];
  const made = createServer((incoming, response) => {
    let body = "";
    incoming.on("data", (part: Buffer) => (body += part.toString()));
    incoming.on("end", () => {
      const { method = "", url = "", headers } = incoming;
      const one = { method, url, headers, body, from: incoming.socket.remotePort };
      seen.push(one);
      answer(one, response);
    });
  });
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      made.close(() => resolve());
      made.closeAllConnections();
    });
  closing.push(close);
  const { port } = made.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, seen, close };
}

function client(clock = new VirtualClock(), allowPrivateUrls = true): HttpClient {
  const made = createHttpClient({ clock, allowPrivateUrls });
  closing.push(() => made.close());
  return made;
}

function request(url: string, more: Partial<OutgoingRequest> = {}): OutgoingRequest {
  return { method: "GET", url, headers: {}, timeoutMs: 5000, maxBytes: 1000, redirects: 3, ...more };
}

const text = (body: Uint8Array) => new TextDecoder().decode(body);

test("sends method, headers and body; any status is an answer, with headers and bytes of its own", async () => {
  const { url, seen } = await server((_seen, response) => response.writeHead(503, { "X-B": "c" }).end("busy"));
  const outcome = await client().request(request(`${url}/x?y=1`, { method: "POST", headers: { "X-A": "b" }, body: "hé" }));
  expect(outcome).toMatchObject({ ok: true, status: 503, headers: { "x-b": "c" }, url: `${url}/x?y=1` });
  if (outcome.ok) expect([text(outcome.body), outcome.body.buffer.byteLength]).toEqual(["busy", 4]);
  expect(seen).toMatchObject([{ method: "POST", url: "/x?y=1", body: "hé", headers: { "x-a": "b", "content-length": "3" } }]);
});

test("bytes are sent as they are", async () => {
  const { url, seen } = await server((_seen, response) => response.writeHead(204).end());
  const body = new TextEncoder().encode("{}");
  expect(await client().request(request(url, { method: "POST", body }))).toMatchObject({ ok: true, status: 204 });
  expect(seen).toMatchObject([{ body: "{}", headers: { "content-length": "2" } }]);
});

test("a connection is kept for the next request", async () => {
  const { url, seen } = await server((_seen, response) => response.end("x"));
  const made = client();
  for (const path of ["/1", "/2", "/3"]) await made.request(request(url + path));
  expect(new Set(seen.map(({ from }) => from)).size).toBe(1);
});

test.each([
  ["GET", {}, true],
  ["POST", { "idempotency-key": "k" }, true],
  ["POST", {}, false],
])("%s with %j on a kept connection that the server has just ended: repeated is %s", async (method, headers, isRepeated) => {
  const used = new Set<number | undefined>();
  const { url, seen } = await server(({ from }, response) => {
    if (used.has(from)) response.destroy();
    else response.end("x");
    used.add(from);
  });
  const made = client();
  await made.request(request(url));
  expect((await made.request(request(url, { method, headers }))).ok).toBe(isRepeated);
  expect(seen.length).toBe(isRepeated ? 3 : 2);
});

test("redirects are followed; credentials stay with their origin", async () => {
  const other = await server((_seen, response) => response.end("there"));
  const { url } = await server(({ url: path }, response) =>
    response.writeHead(path === "/see" ? 303 : 307, { Location: `${other.url}/new` }).end(),
  );
  const made = client();
  const sent = { method: "POST", body: "x", headers: { Authorization: "Bearer t", "Content-Type": "text/plain", "X-A": "b" } };
  for (const path of ["/see", "/keep"]) {
    const outcome = await made.request(request(url + path, sent));
    expect(outcome).toMatchObject({ ok: true, status: 200, url: `${other.url}/new` });
    if (outcome.ok) expect(text(outcome.body)).toBe("there");
  }
  expect(other.seen).toMatchObject([
    { method: "GET", body: "", headers: { "x-a": "b" } },
    { method: "POST", body: "x", headers: { "x-a": "b", "content-type": "text/plain" } },
  ]);
  for (const { headers } of other.seen) expect(headers).not.toHaveProperty("authorization");
  expect(other.seen[0]?.headers).not.toHaveProperty("content-type");
});

test("one redirect more than allowed is too many; without any, the redirect is the answer", async () => {
  const { url, seen } = await server((_seen, response) => response.writeHead(302, { Location: "/again" }).end());
  expect(await client().request(request(url))).toMatchObject({ ok: false, error: "too-many-redirects" });
  expect(seen.length).toBe(4);
  expect(await client().request(request(url, { redirects: 0 }))).toMatchObject({ status: 302, headers: { location: "/again" } });
});

test("an answer that is too large is given up; its status is told", async () => {
  const { url } = await server(({ url: path }, response) => response.end("x".repeat(path === "/more" ? 1001 : 1000)));
  expect(await client().request(request(url))).toMatchObject({ ok: true });
  expect(await client().request(request(`${url}/more`))).toEqual({
    ok: false,
    error: "too-large",
    detail: "more than 1000 bytes",
    status: 200,
  });
});

test("nobody listening, and an answer that breaks off, are unreachable", async () => {
  const { url, close } = await server((_seen, response) => {
    response.writeHead(200, { "Content-Length": 10 }).write("x", () => response.destroy());
  });
  expect(await client().request(request(url))).toMatchObject({ ok: false, error: "unreachable" });
  await close();
  const outcome = await client().request(request(url));
  expect(outcome).toMatchObject({ ok: false, error: "unreachable", detail: expect.stringContaining("ECONNREFUSED") });
});

test.each(["nowhere", "ftp://a.example/", "http://", "file:///etc/passwd"])("%s is no URL to ask", async (url) => {
  expect(await client().request(request(url))).toMatchObject({ ok: false, error: "invalid-url" });
});

test("headers that HTTP cannot carry are an outcome too", async () => {
  expect(await client().request(request("http://127.0.0.1:1/", { headers: { "X-A": "a\r\nB: c" } }))).toMatchObject({ ok: false });
});

test("the time ends a request, also in the middle of the body", async () => {
  const clock = new VirtualClock();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { url } = await server((_seen, response) => {
    response.write("[1,");
    begin();
  });
  const outcome = client(clock).request(request(url));
  await begun;
  clock.advance(5000);
  expect(await outcome).toEqual({ ok: false, error: "timeout", detail: "no answer within 5000 ms" });
  expect(clock.armed).toBe(0);
});

test("with no time left nothing is sent", async () => {
  const { url, seen } = await server((_seen, response) => response.end());
  const clock = new VirtualClock();
  expect(await client(clock).request(request(url, { timeoutMs: 0 }))).toMatchObject({ error: "timeout" });
  expect([seen.length, clock.armed]).toEqual([0, 0]);
});

test("a request that waits for a connection ends in time too, and the next one gets it", async () => {
  const clock = new VirtualClock();
  const held: ServerResponse[] = [];
  const { promise: isFull, resolve: fill } = Promise.withResolvers<void>();
  const { url } = await server(({ url: path }, response) => {
    if (path === "/next") return void response.end();
    held.push(response);
    if (held.length === 128) fill();
  });
  const made = client(clock);
  const holding = Array.from({ length: 128 }, () => made.request(request(url, { timeoutMs: 60_000 })));
  await isFull;
  const waiting = made.request(request(`${url}/waiting`));
  const next = made.request(request(`${url}/next`, { timeoutMs: 60_000 }));
  clock.advance(5000);
  expect(await waiting).toMatchObject({ error: "timeout" });
  for (const response of held) response.end();
  expect((await Promise.all([...holding, next])).every(({ ok }) => ok)).toBe(true);
});

test("the caller's signal ends a request, before and while it is under way", async () => {
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { url, seen } = await server(() => begin());
  const abort = new AbortController();
  const outcome = client().request(request(url, { signal: abort.signal }));
  await begun;
  abort.abort();
  expect(await outcome).toMatchObject({ ok: false, error: "cancelled" });
  expect(await client().request(request(url, { signal: abort.signal }))).toMatchObject({ ok: false, error: "cancelled" });
  expect(seen.length).toBe(1);
});

test("close ends what is under way and refuses what comes later", async () => {
  const clock = new VirtualClock();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { url } = await server(() => begin());
  const made = client(clock);
  const outcome = made.request(request(url));
  await begun;
  await made.close();
  expect(await outcome).toMatchObject({ ok: false, error: "cancelled" });
  expect(await made.request(request(url))).toMatchObject({ ok: false, error: "cancelled" });
  expect(clock.armed).toBe(0);
});

test.each([
  "http://127.0.0.1:1/",
  "http://[::1]:1/",
  "http://[::ffff:10.0.0.1]/",
  "http://0x7f.1/",
  "http://localhost:1/",
  "http://a.localhost/",
  "https://localhost:1/",
])("%s is refused unless private addresses are allowed", async (url) => {
  expect(await client(new VirtualClock(), false).request(request(url))).toMatchObject({ ok: false, error: "refused-address" });
});
