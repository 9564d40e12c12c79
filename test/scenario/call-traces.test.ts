/** What calls said over SIP, as long as memory reaches back and as files. */
import { expect, test } from "vitest";
import { type Call, type CallTrace, CallTraces, type LegMessage } from "../../src/calls/index.ts";
import { silentLogger } from "../../src/kernel/index.ts";
import { MessageTrace, readTraced } from "../../src/sip/index.ts";
import { MemoryTraces } from "../support/fakes/traces.ts";
import { addPhone, answered, callNow, caller, crash, hangUp, type Scene, scene, signedAs } from "./scene.ts";

const secret = Buffer.alloc(32, 7);
const long = { start: "a", nodes: { a: { verb: "pause", durationMs: 600_000, exits: { done: "b" } }, b: { verb: "hang-up" } } };

/** Records what this house says from now on. */
async function traced(at: Scene, options: { readonly sampling?: number; readonly kept?: MemoryTraces } = {}) {
  const { sampling = 0, kept = new MemoryTraces() } = options;
  const { clock, house } = at;
  const trace = new MessageTrace({ clock, memoryBytes: 4 * 1024 * 1024 });
  trace.attach(house.transport);
  const traces = await CallTraces.open({ trace, kept, views: house.views, secret, sampling, clock, logger: silentLogger });
  return { traces, kept };
}

function story(messages: readonly LegMessage[] = []): readonly string[] {
  return messages.map((message) => {
    const read = readTraced(message);
    return `${message.direction === "sent" ? ">" : "<"} ${read?.kind === "request" ? read.method : read?.status}`;
  });
}

function legStories({ messages }: CallTrace, call: Call): readonly (readonly string[])[] {
  return Object.keys(call.legs).map((legId) => story(messages.filter((message) => message.legId === legId)));
}

const plain = ["> INVITE", "< 180", "< 200", "> ACK"];
const ended = [...plain, "> BYE", "< 200"];

test("both legs of a call from a phone to a trunk, before and after its end, without what signed it in", async () => {
  const at = await scene(long);
  const { traces } = await traced(at);
  await addPhone(at.house, "anna");
  const phone = caller(at, "192.0.2.60", { to: "+12025550199", authorization: signedAs("anna") });
  await at.clock.advanceAsync(2000);
  const live = await callNow(at);
  const inbound = ["< INVITE", "> 401", "< ACK", "< INVITE", "> 180", "> 200", "< ACK"];
  expect(legStories(await traces.of(live), live)).toEqual([inbound, plain]);

  phone.usage().bye();
  await at.clock.advanceAsync(60_000);
  const over = await callNow(at);
  expect(over.endedAt).toBeDefined();
  expect(Object.values(over.legs).map(({ dialog }) => dialog)).toEqual([undefined, undefined]);
  const trace = await traces.of(over);
  expect(trace.keeping).toBe("no");
  expect(legStories(trace, over)).toEqual([[...inbound, "< BYE", "> 200"], ended]);
  const signed = trace.messages.map(({ bytes }) => bytes.toString()).find((text) => text.includes("Authorization:")) ?? "";
  expect(signed).toMatch(/Digest username="anna", .*response="x+"/);
});

test("a call that is refused", async () => {
  const at = await scene(long, { rejectsWith: 486 });
  const { traces } = await traced(at);
  await answered(at);
  const call = await callNow(at);
  expect(legStories(await traces.of(call), call)).toEqual([["> INVITE", "< 180", "< 486", "> ACK"]]);
});

test("kept on request: at once what there is, the rest when the call has ended, repeats of its BYE too", async () => {
  const at = await scene(long);
  const { traces, kept } = await traced(at);
  const call = await answered(at);
  expect((await traces.of(call)).keeping).toBe("no");
  expect((await traces.keep(call)).keeping).toBe("until-its-end");
  expect(story(kept.files.get(call.id))).toEqual(plain);

  at.network.lose = (message) => message.kind === "request" && message.method === "BYE";
  await hangUp(at, call);
  await at.clock.advanceAsync(2000);
  // RFC 3261 §17.1.2.2: at 0, 0.5, 1.5, 3.5 s and then every 4 s until 32 s.
  expect(story(kept.files.get(call.id))).toEqual([...plain, "> BYE", "> BYE", "> BYE"]);
  await at.clock.advanceAsync(35_000);
  expect(story(kept.files.get(call.id))).toEqual([...plain, ...Array.from({ length: 11 }, () => "> BYE")]);
  expect([...kept.marks]).toEqual([]);
  expect((await traces.of(await callNow(at))).keeping).toBe("yes");
  expect(traces.counters).toEqual({ kept: 1, notKept: 0 });
});

test("kept after its end, and shown when memory has nothing of it any more", async () => {
  const at = await scene(long);
  const { traces, kept } = await traced(at);
  const call = await answered(at);
  await hangUp(at, call);
  const over = await callNow(at);
  expect((await traces.keep(over)).keeping).toBe("yes");
  const later = await traced(at, { kept });
  expect(story((await later.traces.of(over)).messages)).toEqual(ended);
});

test.each([
  [0, []],
  [1, ended],
])("of a sample of %d of all calls", async (sampling, expected) => {
  const at = await scene(long);
  const { traces, kept } = await traced(at, { sampling });
  const call = await answered(at);
  expect((await traces.of(call)).keeping).toBe(sampling === 1 ? "until-its-end" : "no");
  await hangUp(at, call);
  await at.clock.advanceAsync(2000);
  expect(story(kept.files.get(call.id))).toEqual(expected);
  await traces.close();
});

test("what waits is written when the server stops", async () => {
  const at = await scene(long);
  const { traces, kept } = await traced(at, { sampling: 1 });
  const call = await answered(at);
  await hangUp(at, call);
  expect(kept.files.size).toBe(0);
  await traces.close();
  expect(story(kept.files.get(call.id))).toEqual(ended);
});

test("after a crash the wish stands, and the file has both processes' messages", async () => {
  const at = await scene(long);
  const { traces, kept } = await traced(at);
  const call = await answered(at);
  await traces.keep(call);
  await crash(at, 1000);
  const later = await traced(at, { kept });
  expect((await later.traces.of(await callNow(at))).keeping).toBe("until-its-end");
  await hangUp(at, call);
  await at.clock.advanceAsync(40_000);
  expect(story(kept.files.get(call.id))).toEqual(ended);
  expect([...kept.marks]).toEqual([]);
});

test("a disk that takes nothing is counted, and told to who asks", async () => {
  const at = await scene(long);
  const { traces, kept } = await traced(at, { sampling: 1 });
  kept.isFull = true;
  const call = await answered(at);
  await expect(traces.keep(call)).rejects.toThrow("no space left");
  await hangUp(at, call);
  await at.clock.advanceAsync(40_000);
  expect(traces.counters).toEqual({ kept: 0, notKept: 2 });
  expect(story((await traces.of(await callNow(at))).messages)).toEqual(ended);
});
