/** Bayeux 1.0 §3.6, §4.2, §4.4, §5.2 and §8, over raw HTTP and a clock that the test moves. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { VirtualClock } from "../../support/virtual-clock.ts";
import { Browser, type RunningServer, runServer } from "./server.ts";

let clock: VirtualClock;
let server: RunningServer;
let browser: Browser;
beforeEach(async () => {
  clock = new VirtualClock();
  server = await runServer(clock);
  browser = new Browser(server);
});
afterEach(() => server.close());

/** Time for a request to arrive and be held; asserted by what follows. */
const held = async (clientId: string) => {
  // A second request on its way proves that the first one was read: they are taken in order of arrival.
  for (let round = 0; round < 3; round++) await browser.send([{ channel: "/meta/unsubscribe", clientId, subscription: "/none" }]);
};

test("§4.2.2: a connect is held until there is an event, and answered together with it", async () => {
  const clientId = await browser.subscriber("/a");
  const connect = browser.connect(clientId, { id: 7 });
  await held(clientId);
  server.bayeux.publish("ann", "/a", { text: "ö" });
  expect(await connect).toEqual([
    { channel: "/a", data: { text: "ö" } },
    { channel: "/meta/connect", id: 7, clientId, successful: true },
  ]);
});

test("§4.2.2: without one it is answered after the timeout", async () => {
  const clientId = await browser.subscriber("/a");
  const connect = browser.connect(clientId);
  await held(clientId);
  clock.advance(30_050);
  expect(await connect).toEqual([{ channel: "/meta/connect", clientId, successful: true }]);
});

test("a client that sends advice gets advice; its timeout counts, and 0 is at once", async () => {
  const clientId = await browser.subscriber("/a");
  const advice = { reconnect: "retry", interval: 0, timeout: 30_000, maxInterval: 10_000 };
  expect(await browser.connect(clientId, { advice: { timeout: 0 } })).toMatchObject([{ successful: true, advice }]);
  const connect = browser.connect(clientId, { advice: { timeout: 2_000 } });
  await held(clientId);
  clock.advance(2_050);
  expect(await connect).toMatchObject([{ successful: true, advice }]);
});

test("a client that says it will pause is remembered that much longer", async () => {
  const clientId = await browser.subscriber("/a");
  await browser.connect(clientId, { advice: { timeout: 0, interval: 5_000 } });
  clock.advance(14_900);
  expect(server.bayeux.clientCount).toBe(1);
  clock.advance(200);
  expect(server.bayeux.clientCount).toBe(0);
});

test("events between two connects wait for the next one, in order", async () => {
  const clientId = await browser.subscriber("/a/*");
  for (const number of [1, 2, 3]) server.bayeux.publish("ann", `/a/${number}`, number);
  expect((await browser.connect(clientId)).map(({ data }) => data)).toEqual([1, 2, 3, undefined]);
});

test("§4.2.1: what comes with a connect is handled after it, and the connect is not held", async () => {
  const { clientId } = await browser.handshake();
  const replies = await browser.send([
    { channel: "/meta/subscribe", clientId, subscription: "/a", id: "2" },
    { channel: "/meta/connect", clientId, connectionType: "long-polling", id: "1" },
  ]);
  expect(replies).toMatchObject([
    { channel: "/meta/connect", id: "1", successful: true },
    { channel: "/meta/subscribe", id: "2", successful: true },
  ]);
});

test("§4.2.1: one connect at a time; the second answers the first with a pause, and events go to the second", async () => {
  const clientId = await browser.subscriber("/a");
  const first = browser.connect(clientId, { id: "1" });
  await held(clientId);
  const second = browser.connect(clientId, { id: "2" });
  expect(await first).toMatchObject([{ id: "1", successful: true, advice: { reconnect: "retry", interval: 2_000 } }]);
  server.bayeux.publish("ann", "/a", 1);
  expect(await second).toMatchObject([{ data: 1 }, { id: "2", successful: true, advice: { interval: 0 } }]);
});

test.each([undefined, "iframe", 5])("§4.2.1: a connect must name a connection type that there is: %s", async (connectionType) => {
  const { clientId } = await browser.handshake();
  expect(await browser.connect(clientId, { connectionType, id: "1" })).toMatchObject([
    { id: "1", successful: false, error: "400::connection_type_invalid", clientId },
  ]);
});

test("§4.2.2: without a connect for interval and maxInterval the client is gone: 402, HTTP 200, shake hands again", async () => {
  const clientId = await browser.subscriber("/a");
  clock.advance(10_050);
  const answer = await browser.ask("/connect", {
    body: JSON.stringify([{ channel: "/meta/connect", clientId, connectionType: "long-polling", id: "1" }]),
  });
  expect(answer).toMatchObject({
    status: 200,
    messages: [
      {
        channel: "/meta/connect",
        id: "1",
        clientId,
        successful: false,
        error: "402::session_unknown",
        advice: { reconnect: "handshake", interval: 0 },
      },
    ],
  });
});

test("a connection that breaks while it waits costs no event, and counts as no connect", async () => {
  const clientId = await browser.subscriber("/a");
  const abort = new AbortController();
  const body = JSON.stringify([{ channel: "/meta/connect", clientId, connectionType: "long-polling" }]);
  const broken = browser.ask("/connect", { body, signal: abort.signal });
  await held(clientId);
  abort.abort();
  await expect(broken).rejects.toThrow();
  // Requests that come later are read after the end of that connection.
  await held(clientId);
  clock.advance(9_900);
  server.bayeux.publish("ann", "/a", 1);
  expect(await browser.connect(clientId)).toMatchObject([{ data: 1 }, { successful: true }]);
  const again = new AbortController();
  const gone = browser.ask("/connect", { body, signal: again.signal });
  await held(clientId);
  again.abort();
  await expect(gone).rejects.toThrow();
  await held(clientId);
  clock.advance(10_050);
  expect(server.bayeux.clientCount).toBe(0);
});

describe("§4.4: disconnect", () => {
  test("answers the held connect, drops the client, and is answered", async () => {
    const clientId = await browser.subscriber("/a");
    const connect = browser.connect(clientId, { id: "1" });
    await held(clientId);
    expect(await browser.send([{ channel: "/meta/disconnect", clientId, id: "2" }], "/disconnect")).toEqual([
      { channel: "/meta/disconnect", id: "2", clientId, successful: true },
    ]);
    expect(await connect).toMatchObject([{ id: "1", successful: true, advice: { reconnect: "none" } }]);
    expect(await browser.connect(clientId)).toMatchObject([{ error: "402::session_unknown" }]);
  });
});

describe("§8: several clients in one browser", () => {
  test("one is held; the others poll with a pause, and are told why", async () => {
    const first = await browser.subscriber("/a");
    const second = await browser.subscriber("/a");
    const waiting = browser.connect(first);
    await held(first);
    expect(await browser.connect(second)).toMatchObject([
      { successful: true, advice: { "multiple-clients": true, reconnect: "retry", interval: 2_000 } },
    ]);
    server.bayeux.publish("ann", "/a", 1);
    await waiting;
    // It polls on, and has its events all the same.
    clock.advance(2_000);
    const again = await browser.connect(second);
    expect(again).toMatchObject([{ data: 1 }, { successful: true, advice: { reconnect: "retry", interval: 0 } }]);
    expect(again[1]?.advice).not.toHaveProperty("multiple-clients");
  });

  test("the pause is added to the time after which it is forgotten", async () => {
    const first = await browser.subscriber("/a");
    const second = await browser.subscriber("/a");
    const waiting = browser.connect(first);
    await held(first);
    await browser.connect(second);
    clock.advance(11_900);
    expect(server.bayeux.clientCount).toBe(2);
    clock.advance(200);
    expect(server.bayeux.clientCount).toBe(1);
    server.bayeux.publish("ann", "/a", 1);
    await waiting;
  });
});

describe("the ack extension", () => {
  test("batches are numbered; what is not acknowledged comes first, what is does not come again", async () => {
    const clientId = await browser.subscriber("/a", { ext: { ack: true } });
    const connect = (ack: number) => browser.connect(clientId, { ext: { ack }, advice: { timeout: 0 } });
    expect(await connect(0)).toMatchObject([{ ext: { ack: 0 } }]);
    server.bayeux.publish("ann", "/a", 1);
    expect(await connect(0)).toMatchObject([{ data: 1 }, { ext: { ack: 1 } }]);
    server.bayeux.publish("ann", "/a", 2);
    expect(await connect(0)).toMatchObject([{ data: 1 }, { data: 2 }, { ext: { ack: 2 } }]);
    expect(await connect(1)).toMatchObject([{ data: 2 }, { ext: { ack: 2 } }]);
    expect(await connect(2)).toMatchObject([{ channel: "/meta/connect", ext: { ack: 2 } }]);
  });

  test.each([99, -1, "2", null])("a number that was never given means nothing: %s", async (ack) => {
    const clientId = await browser.subscriber("/a", { ext: { ack: true } });
    server.bayeux.publish("ann", "/a", 1);
    await browser.connect(clientId, { ext: { ack: 0 } });
    expect(await browser.connect(clientId, { ext: { ack } })).toMatchObject([{ data: 1 }, { ext: { ack: 1 } }]);
  });
});

test("the timesync extension tells how long a connect was held", async () => {
  const clientId = await browser.subscriber("/a");
  const ts = clock.now();
  const connect = browser.connect(clientId, { ext: { timesync: { tc: ts - 7, l: 3, o: 2 } } });
  await held(clientId);
  clock.advance(1_200);
  server.bayeux.publish("ann", "/a", 1);
  expect((await connect)[1]).toMatchObject({ ext: { timesync: { tc: ts - 7, ts, p: 1_200, a: -2 } } });
});
