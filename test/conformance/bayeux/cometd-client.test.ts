/** The official client, over each transport, with and without acks. Times are real and short. */
import { AckExtension, CometD, type Message, TimeSyncExtension } from "cometd";
import { adapt } from "cometd-nodejs-client";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { BayeuxServerOptions } from "../../../src/api/bayeux/bayeux-server.ts";
import { systemClock } from "../../../src/kernel/index.ts";
import { eventually } from "../../support/waiting.ts";
import { type RunningServer, runServer } from "./server.ts";

const limits = { timeoutMs: 1_000, maxIntervalMs: 2_000, crowdedIntervalMs: 100, waitingEvents: 2_000 };
const headers = { "x-user": "ann" };
const clock = systemClock();

/** The cookies of the one browser that all clients of a test live in. */
let cookies: string[] = [];

beforeAll(() => {
  adapt({
    cookies: {
      storeCookie: (_uri, header, done) => {
        cookies.push(header.split(";", 1)[0] ?? "");
        done(null, null);
      },
      retrieveCookies: (_context, _uri, done) => done(null, cookies),
    },
  });
  const window = Reflect.get(globalThis, "window") as { console: object; WebSocket: unknown };
  window.console = { ...console, debug: () => undefined, info: () => undefined, warn: () => undefined };
  // A browser sends its cookies by itself.
  window.WebSocket = class extends WebSocket {
    constructor(url: string) {
      super(url, { headers: { ...headers, ...(cookies.length > 0 ? { cookie: cookies.join("; ") } : {}) } });
    }
  };
});

const clients: CometD[] = [];
const servers: RunningServer[] = [];

async function serve(options: Partial<BayeuxServerOptions> = {}, port = 0): Promise<RunningServer> {
  const server = await runServer(clock, { limits, ...options }, port);
  servers.push(server);
  return server;
}

beforeEach(() => {
  cookies = [];
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => disconnected(client)));
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

type Kind = { readonly transport: "long-polling" | "websocket"; readonly acks: boolean };

function clientOf(server: RunningServer, { transport, acks }: Kind): CometD {
  const client = new CometD();
  for (const other of client.getTransportTypes()) if (other !== transport) client.unregisterTransport(other);
  if (acks) client.registerExtension("ack", new AckExtension());
  client.configure({
    url: server.url,
    requestHeaders: headers,
    logLevel: "warn",
    backoffIncrement: 50,
    maxBackoff: 100,
    maxNetworkDelay: 3_000,
  });
  clients.push(client);
  return client;
}

const shaken = (client: CometD) => new Promise<Message>((resolve) => client.handshake(resolve));
const subscribed = (client: CometD, channel: string, onEvent: (message: Message) => void) =>
  new Promise<Message>((resolve) => client.subscribe(channel, onEvent, resolve));
const disconnected = (client: CometD) =>
  new Promise<void>((resolve) => {
    if (client.isDisconnected()) resolve();
    else client.disconnect(() => resolve());
  });
/** The next reply to a connect. */
const connected = (client: CometD) =>
  new Promise<Message>((resolve) => {
    const handle = client.addListener("/meta/connect", (message: Message) => {
      client.removeListener(handle);
      resolve(message);
    });
  });

const kinds: readonly Kind[] = [
  { transport: "long-polling", acks: false },
  { transport: "long-polling", acks: true },
  { transport: "websocket", acks: false },
  { transport: "websocket", acks: true },
];

describe.each(kinds)("over $transport, acks $acks", (kind) => {
  test("handshake, exact and wildcard subscriptions with one copy, publish refused, disconnect", async () => {
    const server = await serve();
    const client = clientOf(server, kind);
    const sync = new TimeSyncExtension();
    client.registerExtension("timesync", sync);
    expect(await shaken(client)).toMatchObject({ successful: true, version: "1.0" });
    expect(client.getTransport()?.type).toBe(kind.transport);

    const exact: unknown[] = [];
    const wild: unknown[] = [];
    expect(await subscribed(client, "/v2/me/calls", (message) => exact.push(message.data))).toMatchObject({ successful: true });
    expect(await subscribed(client, "/v2/me/*", (message) => wild.push(message.data))).toMatchObject({ successful: true });
    expect(await subscribed(client, "/meta/nothing", () => undefined)).toMatchObject({ successful: false });
    server.bayeux.publish("ann", "/v2/me/calls", 1);
    server.bayeux.publish("ben", "/v2/me/calls", 2);
    server.bayeux.publish("ann", "/v2/me/devices", 3);
    await eventually("events", () => wild.length >= 2);
    // The client itself gives each listener its copy of the one message.
    expect([exact, wild]).toEqual([[1], [1, 3]]);

    const refused = await new Promise<Message>((resolve) => client.publish("/v2/me/calls", { own: true }, resolve));
    expect(refused).toMatchObject({ successful: false, error: "403::publish_denied" });
    expect(sync).toSatisfy((extension: { getTimeOffset(): number }) => Math.abs(extension.getTimeOffset()) < 1_000);

    await disconnected(client);
    expect(server.bayeux.clientCount).toBe(0);
  });

  test("1,000 messages in order, some at once and some one by one", async () => {
    const server = await serve();
    const client = clientOf(server, kind);
    await shaken(client);
    const events: unknown[] = [];
    await subscribed(client, "/v2/me/calls", (message) => events.push(message.data));
    for (let number = 0; number < 1_000; number++) {
      server.bayeux.publish("ann", "/v2/me/calls", number);
      if (number % 7 === 0) await Promise.resolve();
      if (number % 100 === 0) await eventually("what was sent so far", () => events.length > number);
    }
    await eventually("all of them", () => events.length >= 1_000);
    expect(events).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
  });

  test("a quiet time longer than the timeout", async () => {
    const server = await serve({ limits: { ...limits, timeoutMs: 100 } });
    const client = clientOf(server, kind);
    await shaken(client);
    const events: unknown[] = [];
    await subscribed(client, "/a", (message) => events.push(message.data));
    for (let round = 0; round < 4; round++) expect(await connected(client)).toMatchObject({ successful: true });
    server.bayeux.publish("ann", "/a", 1);
    await eventually("the event", () => events.length === 1);
    expect(server.bayeux.clientCount).toBe(1);
  });

  test("a restart: 402, a new handshake, and the application subscribes again", async () => {
    const first = await serve();
    const client = clientOf(first, kind);
    const events: unknown[] = [];
    const failures: unknown[] = [];
    const subscriptions: (boolean | undefined)[] = [];
    client.addListener("/meta/handshake", (message: Message) => {
      if (message.successful !== true) return;
      subscriptions.push(message.reestablish);
      client.subscribe("/a", ({ data }: Message) => events.push(data));
    });
    client.addListener("/meta/connect", (message: Message) => {
      if (message.successful !== true) failures.push(message.error);
    });
    await shaken(client);
    await connected(client);
    const oldId = client.getClientId();
    await first.close();
    const second = await serve({}, first.port);
    await eventually("a new client", () => second.bayeux.clientCount === 1 && client.getClientId() !== oldId);
    await eventually("subscribed again", () => {
      second.bayeux.publish("ann", "/a", 1);
      return events.length > 0;
    });
    expect(failures).toContain("402::session_unknown");
    expect(subscriptions).toEqual([false, true]);
  });

  test("the end of the login is the end of the client, and the next handshake is denied", async () => {
    let isSignedIn = true;
    const server = await serve({ authenticate: async () => (isSignedIn ? { key: "ann", loginId: "1" } : undefined) });
    const client = clientOf(server, kind);
    await shaken(client);
    await connected(client);
    isSignedIn = false;
    server.bayeux.disconnectLogin("1");
    await eventually("disconnected", () => client.isDisconnected());
    expect(server.bayeux.clientCount).toBe(0);
  });

  test("a client that falls too far behind is dropped, shakes hands again and goes on", async () => {
    const changes: string[] = [];
    const server = await serve({
      limits: { ...limits, waitingEvents: 5 },
      onClient: (change) => changes.push(change.kind === "left" ? change.reason : change.kind),
    });
    const client = clientOf(server, kind);
    const events: unknown[] = [];
    let subscriptions = 0;
    client.addListener("/meta/handshake", (message: Message) => {
      if (message.successful !== true) return;
      client.subscribe(
        "/a",
        ({ data }: Message) => events.push(data),
        (reply: Message) => (subscriptions += reply.successful === true ? 1 : 0),
      );
    });
    await shaken(client);
    await connected(client);
    await eventually("subscribed", () => subscriptions === 1);
    // More than a connect's answer and the queue behind it can take while the client has no chance to run.
    for (let number = 0; number < 20; number++) server.bayeux.publish("ann", "/a", "x".repeat(200_000));
    expect(changes).toEqual(["joined", "too far behind"]);
    await eventually("back", () => changes.length === 3);
    await eventually("events again", () => {
      server.bayeux.publish("ann", "/a", "back");
      return events.includes("back");
    });
    expect(changes[2]).toBe("joined");
  });
});

test("two tabs of one browser over long-polling: one waits, one polls, both have every event in order", async () => {
  const server = await serve();
  const tabs = [clientOf(server, { transport: "long-polling", acks: false }), clientOf(server, { transport: "long-polling", acks: true })];
  const events: unknown[][] = [[], []];
  for (const [index, tab] of tabs.entries()) {
    await shaken(tab);
    await subscribed(tab, "/a", ({ data }) => events[index]?.push(data));
  }
  await eventually("one is told", () => tabs.some((tab) => tab.getAdvice()["multiple-clients"] === true));
  for (let number = 0; number < 50; number++) {
    server.bayeux.publish("ann", "/a", number);
    if (number % 10 === 0) await Promise.race(tabs.map(connected));
  }
  const all = Array.from({ length: 50 }, (_, index) => index);
  await eventually("both have them", () => events.every((of) => of.length >= 50));
  expect(events).toEqual([all, all]);
});

test("all transports registered: the client takes WebSocket", async () => {
  const server = await serve();
  const client = new CometD();
  client.configure({ url: server.url, requestHeaders: headers, logLevel: "warn" });
  clients.push(client);
  expect(await shaken(client)).toMatchObject({ successful: true });
  expect(client.getTransport()?.type).toBe("websocket");
});

test.each([
  ["of another origin", { ...headers, origin: "http://elsewhere.example" }],
  ["without the login that requests have in a header", {}],
])("WebSocket refused for good, %s: the client goes on over long-polling", async (_why, sent) => {
  const server = await serve();
  const client = new CometD();
  client.configure({ url: server.url, requestHeaders: headers, logLevel: "warn", backoffIncrement: 50 });
  clients.push(client);
  const refusing = Reflect.get(globalThis, "window") as { WebSocket: unknown };
  const usual = refusing.WebSocket;
  refusing.WebSocket = class extends WebSocket {
    constructor(url: string) {
      super(url, { headers: sent });
    }
  };
  try {
    client.handshake();
    await eventually("connected", () => client.getTransport()?.type === "long-polling" && server.bayeux.clientCount === 1);
  } finally {
    refusing.WebSocket = usual;
  }
});
