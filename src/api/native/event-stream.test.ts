import type { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { basicOf } from "../../../test/support/fakes/http.ts";
import { nativeApi, type NativeApi } from "../../../test/support/fakes/native.ts";
import type { Call, CallEvent } from "../../calls/index.ts";
import { EventStreams } from "./event-stream.ts";

let api: NativeApi;
let call: Call;
beforeEach(async () => {
  api = await nativeApi();
  call = await api.calls.originate(api.accountId, { by: "x", to: "+12025550100", callerId: api.number, flowId: api.flowId });
});
afterEach(() => api.server.close());

type Told = { readonly id: string; readonly event: string; readonly data: { readonly kind: string; readonly callId: string } };

/** Reads frames until `count` events have come, or the stream ends. */
async function read(bytes: Readable, count: number): Promise<Told[]> {
  let text = "";
  const told: Told[] = [];
  for await (const chunk of bytes.iterator({ destroyOnReturn: true })) {
    text += String(chunk);
    const frames = text.split("\n\n");
    text = frames.pop() ?? "";
    for (const frame of frames) {
      const fields = new Map(frame.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]));
      const data = fields.get("data");
      if (data !== undefined)
        told.push({ id: fields.get("id") ?? "", event: fields.get("event") ?? "", data: JSON.parse(data) as Told["data"] });
    }
    if (told.length >= count) return told;
  }
  return told;
}

async function open(headers: Record<string, string> = {}, query = "") {
  const answer = await api.server.fastify.inject({
    url: `/v1/events${query}`,
    headers: { authorization: basicOf("manager"), ...headers },
    payloadAsStream: true,
  });
  return { status: answer.statusCode, type: answer.headers["content-type"], bytes: answer.stream() };
}

const change = (text: string): CallEvent => ({ kind: "data.changed", at: api.clock.now(), set: { note: text } });

test("tells what happens from now on", async () => {
  const { status, type, bytes } = await open();
  expect([status, type]).toEqual([200, "text/event-stream"]);
  api.views.put(call, change("a"), change("b"));
  expect(await read(bytes, 2)).toMatchObject([
    {
      id: "2.0",
      event: "data.changed",
      data: { kind: "data.changed", callId: call.id, at: "2026-01-01T00:00:00.000Z", set: { note: "a" } },
    },
    { id: "2.1", data: { set: { note: "b" } } },
  ]);
});

test.each(["header", "query"])("goes on after the last event that was seen, named in the %s", async (where) => {
  api.views.put(call, change("a"), change("b"));
  api.views.put(call, change("c"));
  const { bytes } = await open(where === "header" ? { "last-event-id": "2.0" } : {}, where === "query" ? "?lastEventId=2.0" : "");
  api.views.put(call, change("d"));
  expect((await read(bytes, 3)).map(({ id }) => id)).toEqual(["2.1", "3.0", "4.0"]);
});

test("410 when that event is no longer kept", async () => {
  api.views.put(call, change("a"));
  api.views.forgetEvents();
  const { status, body } = await api.ask("manager", "GET", "/v1/events", undefined, { "last-event-id": "1.0" });
  expect([status, body.code]).toEqual([410, "EVENTS_GONE"]);
});

test("another account's events are not told", async () => {
  const { bytes } = await open();
  api.views.put({ ...call, id: "theirs", accountId: "another" }, change("theirs"));
  api.views.put(call, change("ours"));
  expect((await read(bytes, 1)).map(({ data }) => data.callId)).toEqual([call.id]);
});

test("internal events and members are left out", async () => {
  const { bytes } = await open();
  api.views.put(
    call,
    { kind: "leg.acknowledged", at: 0, legId: "l" },
    {
      kind: "request.begun",
      at: 0,
      partyId: "p",
      requestId: "r",
      method: "GET",
      url: "https://x/?key=1",
      headers: { authorization: "hush" },
      deadlineAt: 0,
    },
    { kind: "call.ended", at: 0, outcome: { result: "busy", side: "remote", q850: 17, text: "Busy" } },
  );
  const told = await read(bytes, 2);
  expect(told.map(({ event }) => event)).toEqual(["request.begun", "call.ended"]);
  expect(JSON.stringify(told)).not.toMatch(/hush|key=1/);
});

async function opened(afterId?: string) {
  const streams = new EventStreams(api.clock, api.views);
  return { streams, bytes: await streams.open(api.accountId, afterId) };
}

function closed(bytes: Readable): Promise<void> {
  return new Promise((resolve) => bytes.once("close", resolve));
}

describe("the stream itself", () => {
  test("beats every 15 s, and a reader that goes frees everything", async () => {
    const { bytes } = await opened();
    expect([api.views.readers, api.clock.armed]).toEqual([1, 1]);
    let text = "";
    bytes.on("data", (chunk) => {
      text += String(chunk);
    });
    await api.clock.advanceAsync(30_000);
    expect(text.match(/: still here/g)).toHaveLength(2);
    bytes.destroy();
    await closed(bytes);
    expect([api.views.readers, api.clock.armed]).toEqual([0, 0]);
  });

  test("a reader that falls behind gets what waits, then the end, so that it comes back", async () => {
    const { bytes } = await opened();
    const long = "x".repeat(100_000);
    for (let count = 0; count < 40; count++) api.views.put(call, change(long));
    const told = await read(bytes, 1_000);
    expect(told.length).toBeGreaterThan(5);
    expect(told.length).toBeLessThan(40);
    const { bytes: again } = await opened(told.at(-1)?.id);
    expect((await read(again, 1))[0]?.id).toBe(`${told.length + 2}.0`);
  });

  test("one that does not even read that is cut off", async () => {
    const { bytes } = await opened();
    for (let count = 0; count < 40; count++) api.views.put(call, change("x".repeat(100_000)));
    const gone = closed(bytes);
    await api.clock.advanceAsync(15_000);
    await gone;
    expect([api.views.readers, api.clock.armed]).toEqual([0, 0]);
  });

  test("ends when the server closes", async () => {
    const { streams, bytes } = await opened();
    streams.close();
    expect(await read(bytes, 1)).toEqual([]);
  });
});

test("an open stream does not keep the server from closing", async () => {
  const { port } = await api.server.listen("127.0.0.1", 0);
  const answer = await fetch(`http://127.0.0.1:${port}/v1/events`, { headers: { authorization: basicOf("manager") } });
  expect(answer.status).toBe(200);
  const [, text] = await Promise.all([api.server.close(), answer.text()]);
  expect(text).toContain(": callwright events");
  expect(api.views.readers).toBe(0);
});

const signal = (isTalking: boolean) =>
  ({
    kind: "call.talking",
    accountId: api.accountId,
    callId: call.id,
    at: api.clock.now(),
    partyId: "p",
    legId: "l",
    isTalking,
  }) as const;

describe("live signals", () => {
  test("come among the events to who asks for them, without an id", async () => {
    const { bytes } = await open({}, "?signals=true");
    api.views.signal(signal(true));
    const counters = { packetsSent: 5, packetsReceived: 4, packetsLost: 1, packetsDropped: 0, jitterMs: 2, mos: 4.2 };
    const { isTalking: _isTalking, ...of } = signal(true);
    api.views.signal({ ...of, kind: "leg.quality", quality: counters });
    api.views.put(call, change("a"));
    const at = "2026-01-01T00:00:00.000Z";
    expect(await read(bytes, 3)).toMatchObject([
      { id: "", event: "call.talking", data: { kind: "call.talking", callId: call.id, at, partyId: "p", legId: "l", isTalking: true } },
      { id: "", event: "leg.quality", data: { quality: { ...counters, roundTripMs: null } } },
      { id: "2.0", event: "data.changed" },
    ]);
  });

  test("do not come to others", async () => {
    const { bytes } = await open();
    api.views.signal(signal(true));
    api.views.put(call, change("a"));
    expect(await read(bytes, 1)).toMatchObject([{ event: "data.changed" }]);
  });

  test("are left out for who does not read, whose events still wait", async () => {
    const streams = new EventStreams(api.clock, api.views);
    const bytes = await streams.open(api.accountId, undefined, true);
    for (let count = 0; count < 2_000; count++) api.views.signal(signal(count % 2 === 0));
    api.views.put(call, change("a"));
    streams.close();
    const gone = closed(bytes);
    const told = await read(bytes, 10_000);
    await gone;
    expect([api.views.readers, api.views.followers]).toEqual([0, 0]);
    expect(told.length).toBeGreaterThan(100);
    expect(told.length).toBeLessThan(1_000);
    expect(told.at(-1)).toMatchObject({ event: "data.changed" });
  });
});
